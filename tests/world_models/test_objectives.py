"""The losses: what counts in them, what does not, and that nothing they are given is changed."""

import pytest
import torch

from gym_diamond.data.rewards import reward_classes
from gym_diamond.data.segments import Segment
from gym_diamond.world_models.diamond import LossConfig, build, objectives, presets
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserObjective
from gym_diamond.world_models.diamond.model import DiamondWorldModel
from gym_diamond.world_models.diamond.reward_end_loss import RewardEndObjective
from gym_diamond.world_models.protocol import Context, Sampling, WorldSpec
from tests.scoring import score

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


@pytest.fixture(scope="module")
def model() -> DiamondWorldModel:
    torch.manual_seed(0)
    model = build(presets["tiny"], SPEC, Sampling(), "fp32")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


@pytest.fixture(scope="module")
def pair(model: DiamondWorldModel) -> tuple[DenoiserObjective, RewardEndObjective]:
    return objectives(model, LossConfig())


def segment(T: int, B: int = 3, seed: int = 0) -> Segment:
    generator = torch.Generator().manual_seed(seed)
    obs = torch.rand(B, T, 3, 16, 16, generator=generator) * 2 - 1
    act = torch.randint(4, (B, T - 1), generator=generator)
    rew, end = torch.zeros(B, T - 1), torch.zeros(B, T - 1, dtype=torch.bool)
    return Segment(obs, act, rew, end, torch.ones(B, T, dtype=torch.bool))


def loss(objective, given: Segment, seed: int = 1) -> float:
    return score(objective, given, seed)[0].item()


def test_windows_are_those_of_the_reference(pair) -> None:
    denoiser, reward_end = pair
    assert denoiser.window == (6, 3, 1, 0.0, 0.0)  # 4 of history, a target, and one more after the model's own output
    assert reward_end.window == (19, 17, 17, 0.0, 0.0)


@pytest.mark.parametrize("which", [0, 1])
def test_a_loss_is_a_function_of_its_segment_and_noise(pair, which: int) -> None:
    given = segment(pair[which].window.length)
    before = [leaf.clone() for leaf in given]
    assert loss(pair[which], given) == loss(pair[which], given)
    assert all(torch.equal(x, y) for x, y in zip(before, given, strict=True)), "the segment was changed"


def test_targets_of_padding_do_not_count_in_the_denoiser(pair) -> None:
    given = segment(6)
    given.is_real[0, 5] = False
    changed = given._replace(obs=given.obs.clone())
    changed.obs[0, 5] = 0.3
    assert loss(pair[0], given) == loss(pair[0], changed)
    changed.obs[1, 5] = 0.3
    assert loss(pair[0], given) != loss(pair[0], changed)


def test_transitions_of_padding_do_not_count_in_reward_and_end(pair) -> None:
    given = segment(19)
    given.is_real[0, :5] = False
    given.is_real[1, 12:] = False
    changed = given._replace(rew=given.rew.clone(), end=given.end.clone())
    changed.rew[0, :5] = 1.0
    changed.end[1, 11:] = True
    assert loss(pair[1], given) == pytest.approx(loss(pair[1], changed), rel=1e-6)
    changed.end[2, 0] = True
    assert loss(pair[1], given) != pytest.approx(loss(pair[1], changed), rel=1e-6)


def test_the_loss_of_reward_and_end_is_the_cross_entropy_of_what_the_world_judges_of_the_same_play(model, pair) -> None:
    given, generator = segment(19), torch.Generator().manual_seed(2)
    given.is_real[0, :5] = False  # before the episode began
    given.obs[0, :5] = 0.0
    rew, end = (torch.rand(3, 18, generator=generator) > 0.5 for _ in range(2))
    real = given.is_real[:, :-1] & given.is_real[:, 1:]
    given = given._replace(act=given.act * real, rew=(rew & real).float(), end=end & real)
    beliefs = model.judge(Context(given.obs, given.act, given.is_real))
    of_reward = beliefs.reward_probs.gather(2, reward_classes(given.rew, SPEC.reward_values)[..., None])[..., 0]
    of_end = torch.where(given.end, beliefs.end_prob, 1 - beliefs.end_prob)
    expected = -(of_reward.log() + of_end.log())[real].mean().item()
    assert loss(pair[1], given) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("which", [0, 1])
def test_a_batch_without_a_real_target_costs_nothing(pair, which: int) -> None:
    """The mean over an empty selection would be NaN, and it would spread to every weight."""
    given = segment(pair[which].window.length)
    given = given._replace(is_real=torch.zeros_like(given.is_real))
    assert loss(pair[which], given) == 0.0


def test_the_second_target_is_predicted_from_the_models_own_frame(pair) -> None:
    """Changing the first target changes the second loss only through the model's output, and it does change it."""
    given = segment(6)
    changed = given._replace(obs=given.obs.clone())
    changed.obs[:, 4] = -changed.obs[:, 4]
    metrics = [score(pair[0], s, 1)[1] for s in (given, changed)]
    assert metrics[0]["loss_1"] != metrics[1]["loss_1"]


def test_no_gradient_flows_through_the_models_own_frame(pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradients are those of a loss to which that frame is a constant. Through rounding none would flow anyway."""
    denoiser, fed_back = pair[0], pair[0]._fed_back
    monkeypatch.setattr("gym_diamond.world_models.diamond.denoiser.quantize", lambda obs, quantizer: obs)

    def gradients() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(score(denoiser, segment(6), 0)[0], tuple(denoiser.network.parameters()))

    found = gradients()
    monkeypatch.setattr(denoiser, "_fed_back", lambda *given: fed_back(*given).detach())
    assert all(torch.equal(a, b) for a, b in zip(found, gradients(), strict=True))


def test_an_untrained_denoiser_has_the_loss_of_predicting_nothing() -> None:
    """Its last layer starts at zero, and EDM's target has unit variance for data of standard deviation sigma_data."""
    denoiser, _ = objectives(build(presets["tiny"], SPEC, Sampling(), "fp32"), LossConfig())
    given = segment(6, B=256)
    given = given._replace(obs=0.5 * torch.randn(given.obs.shape, generator=torch.Generator().manual_seed(0)))
    _, metrics = score(denoiser, given, 1)
    assert metrics["loss_0"].item() == pytest.approx(1.0, abs=0.1)


def test_noise_levels_follow_the_log_normal_within_its_limits(pair) -> None:
    sigma = pair[0]._sigma(torch.randn(100_000, generator=torch.Generator().manual_seed(0)))
    assert sigma.min() >= 2e-3
    assert sigma.max() <= 20
    assert sigma.log().mean().item() == pytest.approx(-0.4, abs=0.02)
    assert sigma.log().std().item() == pytest.approx(1.2, abs=0.02)
