"""Training on the model's own dreams: the frame that is fed back is drawn from noise alone, as a dream draws it."""

import pytest
import torch

from gym_diamond.data.segments import Segment
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond import LossConfig, build, objectives, presets
from gym_diamond.world_models.diamond.objectives import DenoiserLossConfig, DenoiserObjective
from gym_diamond.world_models.diamond.model import DiamondNoise, DiamondState
from gym_diamond.world_models.protocol import Sampling, WorldSpec

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def objective(num_sampling_steps: int, extra: int = 2) -> DenoiserObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(presets["tiny"], SPEC, Sampling(num_denoising_steps=3), "fp32")
        with torch.no_grad():  # the last layer starts at zero, and then every prediction is the same
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    config = DenoiserLossConfig(num_autoregressive_steps=extra, num_sampling_steps=num_sampling_steps, motion_weight=0)
    return objectives(model, LossConfig(denoiser=config))[0]


def segment(T: int = 7, B: int = 2) -> Segment:
    generator = torch.Generator().manual_seed(0)
    obs = torch.rand(B, T, 3, 16, 16, generator=generator) * 2 - 1
    act = torch.randint(4, (B, T - 1), generator=generator)
    none = torch.zeros(B, T - 1)
    return Segment(obs, act, none, none.bool(), torch.ones(B, T, dtype=torch.bool))


def losses(which: DenoiserObjective, given: Segment) -> list[float]:
    _, metrics = which.loss(given, torch.Generator().manual_seed(1))
    return [metrics[f"loss_{i}"].item() for i in range(3)]


def with_another_first_target(given: Segment) -> Segment:
    obs = given.obs.clone()
    obs[:, 4] = -obs[:, 4]
    return given._replace(obs=obs)


def test_a_dreamt_history_does_not_let_the_truth_show_through() -> None:
    """Whatever the real frame was in its place, what follows is predicted from the same dream."""
    given = segment()
    first, second = (losses(objective(2), s) for s in (given, with_another_first_target(given)))
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
    generator = torch.Generator().manual_seed(7)
    drawn = training._dreamt(history, act, generator)
    noise = torch.randn(2, 3, 16, 16, generator=generator.manual_seed(7))
    start = DiamondState(history, act[:, :3], *world.rew_end_model.initial_state(2))
    _, transition = world.step(start, act[:, 3], DiamondNoise(noise, torch.zeros(2, 0), torch.zeros(2, 2)))
    assert torch.equal(drawn, transition.obs)


def test_no_gradient_flows_through_a_dream() -> None:
    which = objective(1)
    drawn = which._dreamt(segment().obs[:, :4], segment().act[:, :4], torch.Generator().manual_seed(0))
    assert not drawn.requires_grad


def test_a_negative_number_of_steps_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="num_sampling_steps is -1; it must be 0 or more"):
        DenoiserLossConfig(num_sampling_steps=-1)
