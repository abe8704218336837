"""Training on the model's own dreams: the frame that is fed back is drawn from noise alone, as a dream draws it."""

import pytest
import torch

from gym_diamond.data.segments import Segment
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond import LossConfig, build, objectives, presets
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig, DenoiserNoise, DenoiserObjective
from gym_diamond.world_models.diamond.dreaming import drawing, dream_each, dream_frame
from gym_diamond.world_models.diamond.model import DiamondNoise, DiamondState
from gym_diamond.world_models.diamond.reward_end_loss import RewardEndLossConfig, RewardEndObjective
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.scoring import score

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def objective(num_sampling_steps: int, extra: int = 2, motion_weight: float = 0) -> DenoiserObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(presets["tiny"], SPEC, Sampling(num_denoising_steps=3), "fp32")
        with torch.no_grad():  # the last layer starts at zero, and then every prediction is the same
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    config = DenoiserLossConfig(
        num_autoregressive_steps=extra, num_sampling_steps=num_sampling_steps, motion_weight=motion_weight
    )
    return objectives(model, LossConfig(denoiser=config))[0]


def segment(T: int = 7, B: int = 2) -> Segment:
    generator = torch.Generator().manual_seed(0)
    obs = torch.rand(B, T, 3, 16, 16, generator=generator) * 2 - 1
    act = torch.randint(4, (B, T - 1), generator=generator)
    none = torch.zeros(B, T - 1)
    return Segment(obs, act, none, none.bool(), torch.ones(B, T, dtype=torch.bool))


def losses(which: DenoiserObjective, given: Segment) -> list[float]:
    _, metrics = score(which, given, 1)
    return [metrics[f"loss_{i}"].item() for i in range(3)]


def with_another_first_target(given: Segment) -> Segment:
    obs = given.obs.clone()
    obs[:, 4] = -obs[:, 4]
    return given._replace(obs=obs)


@pytest.mark.parametrize("motion_weight", [0, 10])
def test_a_dreamt_history_does_not_let_the_truth_show_through(motion_weight: float) -> None:
    """Whatever the real frame was in its place, what follows is predicted from the same dream, and weighed by it.

    Weights by the real frames would draw a ball that may or may not have come several times too bright.
    """
    given = segment()
    given = given._replace(obs=given.obs / 100)  # nothing moves but what is served
    served = given._replace(obs=given.obs.clone())
    served.obs[:, 4, :, 2:4, 2:4] = 1.0
    which = objective(2, motion_weight=motion_weight)
    first, second = losses(which, given), losses(which, served)
    assert first[0] != second[0]
    assert first[1:] == second[1:]


def test_the_references_history_does() -> None:
    given = segment()
    first, second = (losses(objective(0), s) for s in (given, with_another_first_target(given)))
    assert first[1] != second[1]


def test_the_fed_back_frame_is_the_one_that_a_dream_would_draw() -> None:
    """With the noise of the world model in its place, it is bit for bit the frame of `step` with as many steps."""
    training = objective(3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        world = build(presets["tiny"], SPEC, Sampling(num_denoising_steps=3), "fp32")
    world.denoiser.load_state_dict(training.network.state_dict())
    history, act = segment().obs[:, :4], segment().act[:, :4]
    noise = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(7))
    drawn = dream_frame(training.network, history, act, drawing(3, Sampling()), noise)
    start = DiamondState(history, act[:, :3], *world.rew_end_model.initial_state(2))
    _, transition = world.step(start, act[:, 3], DiamondNoise(noise, torch.zeros(2, 0), torch.zeros(2, 2)))
    assert torch.equal(drawn, transition.obs)


@pytest.mark.parametrize("motion_weight", [0, 10])
def test_each_further_loss_is_the_first_of_a_window_that_begins_later_with_the_frames_fed_back(
    motion_weight: float,
) -> None:
    longer, single = objective(2, motion_weight=motion_weight), objective(0, extra=0, motion_weight=motion_weight)
    given = segment()
    given.is_real[0, 5:] = False  # so that fewer targets count in the later losses
    given.obs[:, :4] /= 100  # nothing moves in the first history but this
    given.obs[:, 3, :, 2:4, 2:4] = 1.0
    noise = longer.draw(2, torch.Generator().manual_seed(1), slice(None))
    _, metrics = longer.loss(given, noise, longer.counts(given.is_real))
    obs = given.obs.clone()
    for i in range(3):
        frames, moves = slice(i, i + 5), slice(i, i + 4)
        window = Segment(
            obs[:, frames], given.act[:, moves], given.rew[:, moves], given.end[:, moves], given.is_real[:, frames]
        )
        own = DenoiserNoise(*(part[:, i : i + 1] for part in noise[:3]), place=noise.place, dream=torch.empty(2, 0))
        first, _ = single.loss(window, own, single.counts(window.is_real))
        assert metrics[f"loss_{i}"].item() == pytest.approx(first.item(), rel=1e-5)
        if i < 2:
            history, dream = obs[:, moves], noise.dream[:, i]
            obs[:, 4 + i] = dream_frame(longer.network, history, given.act[:, moves], longer.drawing, dream)


def test_no_gradient_flows_through_a_dream() -> None:
    history, act = segment().obs[:, :4], segment().act[:, :4]
    drawn = dream_frame(objective(1).network, history, act, drawing(1, Sampling()), torch.randn(2, 3, 16, 16))
    assert not drawn.requires_grad


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="num_sampling_steps is -1; it must be 0 or more"):
        DenoiserLossConfig(num_sampling_steps=-1)


def reward_end(dream_share: float, num_transitions: int = 18) -> RewardEndObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(presets["tiny"], SPEC, Sampling(), "fp32")
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    config = RewardEndLossConfig(num_transitions=num_transitions, dream_share=dream_share)
    return objectives(model, LossConfig(reward_end=config))[1]


def test_a_share_of_the_sequences_is_judged_on_dreamt_frames() -> None:
    """Of four rows two are dreamt, after the four frames that a dream needs. Padding stays padding, and the first frame
    of an episode stays real: there is nothing before it that a dream could come from."""
    given = segment(T=7, B=4)
    given.is_real[0, 6], given.obs[0, 6] = False, 0.0
    given.is_real[1, :5], given.obs[1, :5] = False, 0.0
    which = reward_end(0.5, num_transitions=6)
    seen = which._seen(given, which.draw(4, torch.Generator().manual_seed(0), slice(None)))
    assert torch.equal(seen[2:], given.obs[2:])
    assert torch.equal(seen[:2, :4], given.obs[:2, :4])
    assert [torch.equal(seen[0, t], given.obs[0, t]) for t in (4, 5, 6)] == [False, False, True]
    assert [torch.equal(seen[1, t], given.obs[1, t]) for t in (4, 5, 6)] == [True, True, False]
    assert not seen.requires_grad


def test_each_dreamt_frame_comes_from_the_real_ones_before_it() -> None:
    """So an error of the dream does not grow along the sequence, and what was played stays true of it."""
    which, given = objective(2), segment(T=6)
    changed = given.obs.clone()
    changed[:, 4] = -changed[:, 4]  # the target of the first dreamt frame, part of the history of the second
    noise = torch.randn(2, 2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    one, other = (
        dream_each(which.network, obs, given.act, drawing(2, Sampling()), noise) for obs in (given.obs, changed)
    )
    assert torch.equal(one[:, 4], other[:, 4])
    assert not torch.equal(one[:, 5], other[:, 5])


def test_the_actions_just_before_a_dreamt_frame_lead_to_it() -> None:
    """As many at once are computed in another order, so a number may round to the grey level beside."""
    which, given, how = objective(2), segment(T=6), drawing(2, Sampling())
    noise = torch.randn(2, 2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    found = dream_each(which.network, given.obs, given.act, how, noise)
    second = dream_frame(which.network, given.obs[:, 1:5], given.act[:, 1:5], how, noise[:, 1])
    assert (found[:, 5] - second).abs().max() <= 1.1 / 127.5
    assert (found[:, 5] == second).float().mean() > 0.99


def test_the_denoiser_is_not_trained_by_what_it_dreams_for_reward_and_end() -> None:
    which = reward_end(1.0)
    total, _ = score(which, segment(T=19), 0)
    total.backward()
    assert all(parameter.grad is None for parameter in which.denoiser.parameters())
    assert all(parameter.grad is not None for parameter in which.network.parameters())


@pytest.mark.parametrize("name", ["event_share", "dream_share"])
def test_a_share_is_from_0_to_1(name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"{name} is 1.5; it is a share, from 0 to 1"):
        RewardEndLossConfig(**{name: 1.5})
