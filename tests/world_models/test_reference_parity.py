"""With the `paper` preset every network computes what the reference computes, to the tolerance of float32.

Under the formula's weights the U-Net is chaotic: moving its input by 1e-7 moves its output by up to 1 in places, and
puts 29% of a sampler's pixels more than one level elsewhere (measured on the CPU). So the reference's float32 numbers
hold to the last bit only for its own kernels. The denoiser and the samplers are therefore computed in float64, where
our own rounding is negligible, the same on every processor, and what remains is the reference's; the samplers are
compared by the pixels that are stable and by statistics, tight enough to tell the right algorithm from its neighbours
(see the last two tests). In float32 the sum of `euler3` moves by a tenth from one processor to the next.
"""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gym_diamond.frames import quantize
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.world_models.diamond import build, presets
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.diamond.sampler import karras_sigmas, sample
from gym_diamond.world_models.protocol import Context, Sampling, WorldSpec
from tests.golden.fill import ACTIONS, HERE, REFERENCE, assert_matches, fill, frames, noise

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)
PAPER = presets["paper"]
ONE_LEVEL = 2 / 255 + 1e-6


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    network = Denoiser(replace(PAPER.denoiser, quantizer="floor"), SPEC)
    fill(network)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def reward_end() -> RewardEndModel:
    network = RewardEndModel(PAPER.reward_end, SPEC)
    fill(network)
    return network.eval().requires_grad_(False)


def test_the_paper_preset_has_the_released_parameter_counts() -> None:
    world = build(PAPER, SPEC, Sampling(), "fp32")
    count = lambda network: sum(p.numel() for p in network.parameters())  # noqa: E731
    assert count(world.denoiser) == 4_405_955
    assert count(world.rew_end_model) == 5_900_864
    assert count(ActorCritic(num_actions=4)) == 3_229_637


def test_the_paper_preset_has_the_released_names_and_shapes() -> None:
    lines = (HERE / "state_dict_main.txt").read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    released = {name: shape for name, shape, *_ in rows}
    ours = build(PAPER, SPEC, Sampling(), "fp32").state_dict()
    ours |= {f"actor_critic.{name}": value for name, value in ActorCritic(num_actions=4).state_dict().items()}
    assert {name: str(tuple(value.shape)) for name, value in ours.items()} == released


@pytest.mark.parametrize("sigma", [5.0, 0.28308171, 0.002])
def test_conditioners_equal_the_references(denoiser: Denoiser, sigma: float) -> None:
    cs = denoiser.conditioners(torch.tensor([sigma]))
    for name, value in cs._asdict().items():
        expected = torch.tensor(REFERENCE[f"conditioners@{sigma}"][name])
        torch.testing.assert_close(value.flatten(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("sigma", [5.0, 0.28308171, 0.002])
def test_the_denoiser_equals_the_references(denoiser: Denoiser, sigma: float) -> None:
    noisy, obs, network = noise(0.0, 2, 3, 64, 64).double(), _history().double(), deepcopy(denoiser).double()
    sigmas = torch.tensor([sigma], dtype=torch.float64)
    output = network.model_output(noisy, network.conditioners(sigmas), obs, ACTIONS)
    assert_matches(output, REFERENCE[f"model_output@{sigma}"], atol=3e-4, rtol=0)
    denoised, expected = network(noisy, sigmas, obs, ACTIONS).flatten(), REFERENCE[f"denoise@{sigma}"]
    close = {"atol": ONE_LEVEL, "rtol": 0, "check_dtype": False}
    torch.testing.assert_close(denoised[:8], torch.tensor(expected["first8"]), **close)
    torch.testing.assert_close(denoised[-4:], torch.tensor(expected["last4"]), **close)
    assert denoised.mean().item() == pytest.approx(expected["mean"], abs=1e-4)
    assert denoised.abs().sum().item() == pytest.approx(expected["abs_sum"], rel=1e-3)


CHURN = Sampling(s_churn=1.0, s_tmin=0.05, s_tmax=50.0, s_noise=1.003)


def _history() -> Tensor:
    return frames(2, 12, 64, 64).unflatten(1, (4, 3))


def _sample(denoiser: Denoiser, sampling: Sampling, dtype: torch.dtype) -> Tensor:
    churn = torch.stack([noise(0.1 * k, 2, 3, 64, 64) for k in (2, 3, 4)], dim=1).to(dtype)
    network, history = deepcopy(denoiser).to(dtype), _history().to(dtype)

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return network(x, torch.tensor([sigma], dtype=dtype), history, ACTIONS)

    return sample(denoise, noise(0.1, 2, 3, 64, 64).to(dtype), churn, karras_sigmas(3, 2e-3, 5.0, 7.0), sampling)


@pytest.mark.parametrize("name", ["euler3", "heun3", "euler3_churn"])
def test_the_schedule_equals_the_references_to_the_bit(name: str) -> None:
    assert list(karras_sigmas(3, 2e-3, 5.0, 7.0)) == REFERENCE[f"sigmas_{name}"]


@pytest.mark.parametrize(
    ("name", "sampling", "tolerance"),
    [("euler3", Sampling(), 0.1), ("heun3", Sampling(order=2), 0.02), ("euler3_churn", CHURN, 0.03)],
)
def test_the_samplers_have_the_references_statistics(
    denoiser: Denoiser, name: str, sampling: Sampling, tolerance: float
) -> None:
    x, expected = _sample(denoiser, sampling, torch.float64), REFERENCE[f"sampler_{name}"]
    assert x.mean().item() == pytest.approx(expected["mean"], abs=0.01)
    assert x.std().item() == pytest.approx(expected["std"], rel=tolerance)
    assert x.abs().sum().item() == pytest.approx(expected["abs_sum"], rel=tolerance)


@pytest.mark.parametrize(("name", "sampling"), [("euler3", Sampling()), ("euler3_churn", CHURN)])
def test_the_euler_samplers_draw_the_references_stable_pixels(
    denoiser: Denoiser, name: str, sampling: Sampling
) -> None:
    expected = torch.tensor(REFERENCE[f"sampler_{name}"]["last4"])
    drawn = _sample(denoiser, sampling, torch.float64).flatten()[-4:]
    torch.testing.assert_close(drawn, expected, atol=ONE_LEVEL, rtol=0, check_dtype=False)


def test_telling_the_denoiser_sigma_hat_after_churn_is_not_what_the_reference_does(denoiser: Denoiser) -> None:
    x = _sample(denoiser, replace(CHURN, churn_conditioning="sigma_hat"), torch.float64)
    assert x.std().item() < 0.95 * REFERENCE["sampler_euler3_churn"]["std"]


def test_a_step_of_the_world_equals_its_parts(denoiser: Denoiser) -> None:
    """History, action and noise arrive where they belong: the step draws the frame that the sampler draws."""
    config = replace(PAPER, denoiser=denoiser.config)
    world = build(config, SPEC, Sampling(), "fp32").eval().requires_grad_(False)
    world.denoiser.load_state_dict(denoiser.state_dict())
    state = world.reset(Context(_history(), ACTIONS[:, :3], torch.ones(2, 4, dtype=torch.bool)))
    drawn = world.draw(torch.zeros(2, 2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64))
    _, transition = world.step(state, ACTIONS[:, 3], drawn._replace(frame=noise(0.1, 2, 3, 64, 64)))
    expected = quantize(_sample(denoiser, Sampling(), torch.float32), "round")
    torch.testing.assert_close(transition.obs, expected, atol=1e-6, rtol=0)


def test_reward_and_end_equal_the_references(reward_end: RewardEndModel) -> None:
    obs = frames(2, 5, 3, 64, 64)
    logits_reward, logits_end, state = reward_end(obs[:, :3], ACTIONS[:, :3], obs[:, 1:4], reward_end.initial_state(2))
    assert_matches(logits_reward, REFERENCE["rewend_rew_burn"])
    assert_matches(logits_end, REFERENCE["rewend_end_burn"])
    assert_matches(state[0][None], REFERENCE["rewend_h"])
    assert_matches(state[1][None], REFERENCE["rewend_c"])
    logits_reward, logits_end, state = reward_end(obs[:, 3:4], ACTIONS[:, 3:4], obs[:, 4:5], state)
    assert_matches(logits_reward, REFERENCE["rewend_rew_step"])
    assert_matches(logits_end, REFERENCE["rewend_end_step"])
    assert_matches(state[0][None], REFERENCE["rewend_h2"])


def test_the_actor_critic_equals_the_references() -> None:
    network = ActorCritic(num_actions=4)
    fill(network)
    obs, state = frames(2, 5, 3, 64, 64), network.initial_state(2)
    for t in range(2):
        logits, values, state = network(obs[:, t], state)
        torch.testing.assert_close(logits, torch.tensor(REFERENCE[f"ac_logits_{t}"]), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(values, torch.tensor(REFERENCE[f"ac_val_{t}"]), rtol=1e-4, atol=1e-5)


def test_channels_last_computes_the_same(reward_end: RewardEndModel) -> None:
    obs = frames(2, 5, 3, 64, 64)
    arguments = (obs[:, :3], ACTIONS[:, :3], obs[:, 1:4], reward_end.initial_state(2))
    network = deepcopy(reward_end).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    for ours, expected in zip(network(*arguments)[:2], reward_end(*arguments)[:2], strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=5e-4)
