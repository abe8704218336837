"""The diamond backend obeys the contract, and draws rewards and ends as it is told."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gym_diamond.envs.streams import row_keys
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.world_models import backend
from gym_diamond.world_models.diamond import build, presets
from gym_diamond.world_models.diamond.config import DenoiserConfig, DiamondConfig, Preset
from gym_diamond.world_models.diamond.model import DiamondNoise, DiamondWorldModel
from gym_diamond.world_models.protocol import Context, Sampling, Transition, WorldSpec
from tests import laws

SPEC = WorldSpec("Breakout", 16, 24, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)
STEERED = replace(SPEC, num_actions=5, action_meanings=("STAY", "LEFT", "RIGHT", "COAST", "GAS"), action_sizes=(3, 2))
GREY = replace(SPEC, height=21, width=10, channels=1)


def make_world(config: DiamondConfig = presets["tiny"], spec: WorldSpec = SPEC, **sampling: Any) -> DiamondWorldModel:
    """A tiny world with random weights, none of them zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        world = build(config, spec, Sampling(**sampling), "fp32").requires_grad_(False)
        for parameter in world.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return world


def make_context(world: DiamondWorldModel, num: int, length: int = 6) -> Context:
    generator = torch.Generator().manual_seed(num)
    spec = world.spec
    shape = (num, length, spec.channels, spec.height, spec.width)
    obs = torch.randint(256, shape, generator=generator) / 127.5 - 1
    is_real = torch.arange(length) >= torch.arange(num)[:, None] % length
    sizes = spec.action_sizes or (spec.num_actions,)
    act = torch.stack([torch.randint(size, (num, length - 1), generator=generator) for size in sizes], dim=-1)
    return Context(obs * is_real[:, :, None, None, None], act if spec.action_sizes else act[..., 0], is_real)


def threshold_distance(noise: DiamondNoise, transition: Transition) -> Tensor:
    """How far each row's draws are from another reward or end."""
    u_reward, u_end = noise.reward_end.unbind(1)
    to_reward = (u_reward[:, None] - transition.reward_probs.cumsum(1)).abs().amin(1)
    return torch.minimum(to_reward, (u_end - transition.end_prob).abs())


@pytest.mark.parametrize("law", laws.NETWORK_LAWS, ids=lambda law: law.__name__)
def test_the_diamond_world_obeys(law) -> None:
    law(make_world, make_context)


@pytest.mark.parametrize("law", laws.NETWORK_LAWS, ids=lambda law: law.__name__)
def test_the_diamond_world_of_actions_of_several_parts_obeys(law) -> None:
    law(lambda: make_world(spec=STEERED), make_context)


@pytest.mark.parametrize("law", [laws.what_comes_out_fits_the_spec, laws.frames_lie_on_the_pixel_grid])
def test_the_diamond_world_of_grey_frames_of_odd_size_obeys(law) -> None:
    law(lambda: make_world(spec=GREY), make_context)


@pytest.mark.parametrize("preset", ["small", "tiny"])
@pytest.mark.parametrize("size", [(48, 80), (84, 84), (50, 30)])
def test_frames_of_any_size_come_out_as_they_went_in(preset: Preset, size: tuple[int, int]) -> None:
    spec = replace(SPEC, height=size[0], width=size[1])
    laws.what_comes_out_fits_the_spec(lambda: make_world(presets[preset], spec, num_denoising_steps=1), make_context)


def test_one_part_dreams_what_a_discrete_action_dreams_to_the_bit() -> None:
    whole, parted = make_world(), make_world(spec=replace(SPEC, action_sizes=(4,)))
    parted.load_state_dict(whole.state_dict())
    context, noise = make_context(whole, 3), whole.draw(*laws.streams(whole, 3))
    state, action = whole.reset(context), torch.tensor([3, 0, 1])
    state_of_part = parted.reset(context._replace(act=context.act[..., None]))
    (after, seen), (after_of_part, seen_of_part) = (
        whole.step(state, action, noise),
        parted.step(state_of_part, action[:, None], noise),
    )
    assert laws.equal(seen, seen_of_part)
    assert laws.equal(after, after_of_part._replace(act=after_of_part.act[..., 0]))


@pytest.mark.parametrize("part", [0, 1])
def test_each_part_of_an_action_changes_the_dream(part: int) -> None:
    world = make_world(spec=STEERED)
    state, noise = world.reset(make_context(world, 1)), world.draw(*laws.streams(world, 1))
    other = torch.tensor([[0, 0]])
    other[0, part] = 1
    one, two = (world.step(state, action, noise)[1] for action in (torch.tensor([[0, 0]]), other))
    assert not torch.equal(one.obs, two.obs)
    assert not torch.equal(one.reward_probs, two.reward_probs)


def test_a_row_dreams_what_it_would_dream_alone() -> None:
    laws.a_row_is_nearly_its_own(make_world, make_context, threshold_distance)


def test_churn_noise_obeys_the_laws_too() -> None:
    laws.noise_depends_on_the_rows_own_key_and_counter_only(lambda: make_world(s_churn=1.0), make_context)


def test_the_released_quantizer_puts_frames_on_the_grid_too() -> None:
    config = replace(presets["tiny"], denoiser=replace(presets["tiny"].denoiser, quantizer="floor"))
    laws.frames_lie_on_the_pixel_grid(lambda: make_world(config), make_context)


def _draw(world: DiamondWorldModel, reward_probs: list[float], end_prob: float, u: list[float]) -> Transition:
    logits_reward = torch.tensor([reward_probs]).log()
    logits_end = torch.tensor([[1 - end_prob, end_prob]]).log()
    return world._draw_transition(torch.zeros(1, 3, 16, 24), logits_reward, logits_end, torch.tensor([u]))


@pytest.mark.parametrize(
    ("u", "reward"), [(0.0, -1.0), (0.09, -1.0), (0.11, 0.0), (0.69, 0.0), (0.71, 1.0), (0.999999, 1.0)]
)
def test_a_reward_is_drawn_by_its_probability(u: float, reward: float) -> None:
    assert _draw(make_world(), [0.1, 0.6, 0.3], 0.5, [u, 0.5]).reward.item() == reward


@pytest.mark.parametrize(("mode", "reward"), [("mode", 0.0), ("mean", 0.2)])
def test_a_reward_may_be_the_most_probable_or_the_mean(mode: str, reward: float) -> None:
    transition = _draw(make_world(reward_mode=mode), [0.1, 0.6, 0.3], 0.5, [0.99, 0.5])
    assert transition.reward.item() == pytest.approx(reward)


@pytest.mark.parametrize(
    ("mode", "end_prob", "u", "end"),
    [
        ("sample", 0.3, 0.29, True),
        ("sample", 0.3, 0.31, False),
        ("mode", 0.51, 0.99, True),
        ("mode", 0.49, 0.0, False),
        ("never", 0.999, 0.0, False),
    ],
)
def test_an_end_is_drawn_as_told(mode: str, end_prob: float, u: float, end: bool) -> None:
    assert _draw(make_world(end_mode=mode), [0.1, 0.6, 0.3], end_prob, [0.5, u]).end.item() is end


def test_a_state_keeps_the_last_frames_and_actions_of_its_context() -> None:
    world = make_world()
    context = make_context(world, 2, length=7)
    state = world.reset(context)
    assert torch.equal(state.obs, context.obs[:, -4:])
    assert torch.equal(state.act, context.act[:, -3:])


def test_a_step_appends_its_frame_and_its_action() -> None:
    world = make_world()
    before = world.reset(make_context(world, 2))
    action = torch.tensor([3, 1])
    keys, counter = laws.streams(world, 2)
    after, transition = world.step(before, action, world.draw(keys, counter))
    assert torch.equal(after.obs, torch.cat([before.obs[:, 1:], transition.obs[:, None]], 1))
    assert torch.equal(after.act, torch.cat([before.act[:, 1:], action[:, None]], 1))


def test_padding_does_not_reach_the_memory_unless_the_config_says_so() -> None:
    short = make_context(make_world(), 1, length=4)
    pad = 3
    padded = Context(
        torch.cat([torch.zeros_like(short.obs[:, :1]).expand(-1, pad, -1, -1, -1), short.obs], 1),
        torch.cat([torch.zeros(1, pad, dtype=torch.int64), short.act], 1),
        torch.cat([torch.zeros(1, pad, dtype=torch.bool), short.is_real], 1),
    )
    ours = make_world()
    reference = make_world(
        replace(presets["tiny"], reward_end=replace(presets["tiny"].reward_end, remember_padding=True))
    )
    torch.testing.assert_close(ours.reset(padded).hx, ours.reset(short).hx)
    assert not torch.allclose(reference.reset(padded).hx, reference.reset(short).hx)


def test_bf16_weights_compute_nearly_the_same_frame() -> None:
    exact = make_world()
    coarse = build(presets["tiny"], SPEC, Sampling(), "bf16").requires_grad_(False)
    coarse.load_state_dict(exact.state_dict())
    keys, counter = laws.streams(exact, 4)
    context, action = make_context(exact, 4), torch.tensor([0, 1, 2, 3])
    frames = [w.step(w.reset(context), action, w.draw(keys, counter))[1].obs for w in (exact, coarse)]
    assert (frames[0] - frames[1]).abs().mean() < 2 / 127.5


@torch.no_grad()
def test_a_bf16_world_draws_its_frames_in_float32() -> None:
    coarse = build(presets["tiny"], SPEC, Sampling(), "bf16").requires_grad_(False)
    coarse.load_state_dict(make_world().state_dict())
    context = make_context(coarse, 4)
    obs, act = context.obs[:, -SPEC.context_length :], context.act[:, -SPEC.context_length :]
    drawn = coarse.denoiser.model_output(obs[:, -1], coarse.denoiser.conditioners(torch.tensor([5.0])), obs, act)
    assert not torch.equal(drawn, drawn.bfloat16().float())


def test_levels_that_do_not_match_are_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"depths \(1, 1\), channels \(8,\)"):
        DenoiserConfig(depths=(1, 1), channels=(8,), attn_depths=(False,))
    with pytest.raises(InvalidArgument, match="channels has 33"):
        DenoiserConfig(depths=(1,), channels=(33,), attn_depths=(False,))


@pytest.mark.parametrize(("channels", "joined"), [((48, 64), "48 and 64"), ((56, 56), "56 and 56"), ((88, 88), "88")])
def test_levels_that_cannot_be_normalised_where_they_are_joined_are_refused(
    channels: tuple[int, ...], joined: str
) -> None:
    with pytest.raises(InvalidArgument, match=rf"way up joins {joined}.*Multiples of 32"):
        DenoiserConfig(depths=(1, 1), channels=channels, attn_depths=(False, False))


@pytest.mark.parametrize("channels", [(8, 48), (24, 32), (32, 96), (48, 48)])
def test_a_frame_is_drawn_with_every_level_that_is_not_refused(channels: tuple[int, ...]) -> None:
    tiny = presets["tiny"]
    denoiser = replace(tiny.denoiser, channels=channels)
    world = build(replace(tiny, denoiser=denoiser), SPEC, Sampling(), "fp32").requires_grad_(False)
    context = make_context(world, 1)
    obs, act = context.obs[:, -SPEC.context_length :], context.act[:, -SPEC.context_length :]
    conditioners = world.denoiser.conditioners(torch.tensor([5.0]))
    assert world.denoiser.model_output(obs[:, -1], conditioners, obs, act).shape == (1, 3, 16, 24)


def test_an_action_embedding_must_fit_the_condition() -> None:
    with pytest.raises(InvalidArgument, match="must be a multiple of the context length"):
        build(presets["tiny"], replace(SPEC, context_length=5), Sampling(), "fp32")


def test_an_unknown_backend_is_named_with_the_known_ones() -> None:
    with pytest.raises(InvalidWorld, match=r"'genie'; this version has diamond"):
        backend("genie")


@pytest.mark.parametrize(
    ("field", "value"),
    [("num_denoising_steps", 0), ("order", 3), ("sigma_min", 6.0), ("reward_mode", "max"), ("s_churn", -1.0)],
)
def test_a_sampling_value_out_of_range_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidArgument, match=field):
        Sampling(**{field: value})  # pyright: ignore[reportArgumentType]


def test_a_world_that_was_never_told_of_ends_and_rewards_gives_0_and_never_ends_whatever_its_weights() -> None:
    spec = replace(SPEC, reward_values=(0.0,), has_rewards=False, has_ends=False)
    world = build(presets["tiny"], spec, Sampling(), "fp32").requires_grad_(False)
    context = make_context(make_world(), 3)
    world.rew_end_model.head[2].weight.fill_(9.0)
    state = world.reset(context)
    noise = world.draw(torch.arange(6).view(3, 2), torch.zeros(3, dtype=torch.int64))
    _, transition = world.step(state, torch.zeros(3, dtype=torch.int64), noise)
    assert transition.reward.tolist() == transition.end_prob.tolist() == [0.0] * 3
    assert transition.end.tolist() == [False] * 3
    assert transition.reward_probs.tolist() == [[1.0]] * 3
    assert not world.judge(context).end_prob.any()


def test_a_world_without_rewards_has_no_other_value_than_0() -> None:
    with pytest.raises(InvalidArgument, match=r"must be \(0.0,\) without rewards"):
        replace(SPEC, has_rewards=False)


@pytest.mark.parametrize("preset", ["small", "tiny"])
def test_a_world_that_looks_back_on_one_frame_dreams_from_one(preset: Preset) -> None:
    """There is no transition to burn in on, and none to judge."""
    world = make_world(presets[preset], replace(SPEC, context_length=1))
    context = make_context(world, 2, length=1)._replace(is_real=torch.ones(2, 1, dtype=torch.bool))
    state = world.reset(context)
    assert not state.hx.any()
    assert world.judge(context).end_prob.shape == (2, 0)
    keys, counter = row_keys([0, 1], torch.device("cpu")), torch.zeros(2, dtype=torch.int64)
    state, transition = world.step(state, torch.tensor([0, 1]), world.draw(keys, counter))
    assert torch.equal(world.history(state), transition.obs[:, None])
