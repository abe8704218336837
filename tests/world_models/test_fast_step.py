"""The step with less work against the model's own: the same dream, fewer operations, and nothing asked twice."""

from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from gym_diamond.checkpoint import load_world
from gym_diamond.frames import to_frames
from gym_diamond.hub import BUNDLED
from gym_diamond.world_models import rows
from gym_diamond.world_models.diamond import build, presets
from gym_diamond.world_models.diamond.fast_step import FastStep, rows_at_a_time
from gym_diamond.world_models.diamond.model import DiamondState, DiamondWorldModel
from gym_diamond.world_models.protocol import Context, Sampling, WorldSpec
from tests import laws
from tests.world_models.test_diamond import GREY, SPEC, STEERED, make_context, make_world, threshold_distance

SAMPLERS: dict[str, dict[str, Any]] = {
    "one step": {"num_denoising_steps": 1},
    "three steps": {},
    "Heun": {"order": 2},
    "churn": {"s_churn": 1.0, "churn_conditioning": "sigma_hat"},
    "scale": {"init_scale": 5.0, "sigma_max": 2.0},
}
LAWS = (
    laws.every_leaf_has_its_row_on_axis_0,
    laws.frames_lie_on_the_pixel_grid,
    laws.the_same_inputs_give_the_same_outputs,
    laws.inputs_are_left_untouched,
    laws.what_was_handed_out_is_never_overwritten,
    laws.resetting_some_rows_leaves_the_others_alone,
    laws.shapes_do_not_depend_on_the_data,
    laws.a_pickled_world_dreams_on,
)


class FastWorld:
    """A world whose step is a `FastStep`."""

    def __init__(self, world: DiamondWorldModel, most_rows: int | None) -> None:
        self.world, self.step = world, FastStep(world, most_rows=most_rows)
        self.spec, self.device = world.spec, world.device
        self.reset, self.draw, self.judge, self.history = world.reset, world.draw, world.judge, world.history


def assert_near(world: DiamondWorldModel, step: Any, state: DiamondState, counter: int = 0) -> None:
    """From each row of `state`: within one grey level on 99.9% of pixels, the same rewards and ends up to a draw within
    1e-3 of a threshold, and nearly the same memory.
    """
    num = rows.num_rows(state)
    keys, offsets = laws.streams(world, num)
    noise, action = world.draw(keys, offsets + counter), laws.actions(world, num, counter)
    (after, plain), (after_fast, fast) = world.step(state, action, noise), step(state, action, noise)
    levels = (to_frames(plain.obs).int() - to_frames(fast.obs).int()).abs()
    assert (levels <= 1).float().mean() >= 0.999
    torch.testing.assert_close(fast.reward_probs, plain.reward_probs, atol=1e-3, rtol=0)
    torch.testing.assert_close(fast.end_prob, plain.end_prob, atol=1e-3, rtol=0)
    clear = threshold_distance(noise, plain) > 1e-3
    assert clear.sum() >= 0.9 * num
    assert torch.equal(fast.reward[clear], plain.reward[clear])
    assert torch.equal(fast.end[clear], plain.end[clear])
    assert ((after_fast.hx - after.hx).abs() <= 1e-2).float().mean() >= 0.999
    assert torch.equal(after_fast.act, after.act)
    assert torch.equal(after_fast.obs[:, :-1], after.obs[:, :-1])
    assert torch.equal(after_fast.obs[:, -1], fast.obs)


@torch.no_grad()
@pytest.mark.parametrize("num_denoising_steps", [1, 3])
def test_from_fifty_real_moments_it_dreams_what_the_model_dreams(num_denoising_steps: int) -> None:
    sampling = {"num_denoising_steps": num_denoising_steps}
    world = load_world(BUNDLED / "Breakout", precision="fp32", sampling=sampling)
    model = cast("DiamondWorldModel", world.model)
    moments = np.arange(0, len(world.contexts), len(world.contexts) // 50)[:50]
    state = model.reset(Context(*world.contexts.tensors(moments, torch.device("cpu"))))
    assert rows.num_rows(state) == 50
    assert_near(model, FastStep(model), state)


@torch.no_grad()
@pytest.mark.parametrize(
    ("spec", "sampler"),
    [(SPEC, "three steps"), (GREY, "three steps"), *((STEERED, name) for name in SAMPLERS)],
    ids=["discrete", "grey, odd size", *SAMPLERS],
)
def test_from_each_of_fifty_states_it_dreams_what_the_model_dreams(spec: WorldSpec, sampler: str) -> None:
    world = make_world(spec=spec, **SAMPLERS[sampler])
    step, state = FastStep(world), world.reset(make_context(world, 10))
    for counter in range(5):
        assert_near(world, step, state, counter)
        action = laws.actions(world, 10, counter)
        state, _ = world.step(state, action, world.draw(*laws.streams(world, 10, seed=counter)))


@pytest.mark.parametrize("most_rows", [None, 1])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_world_with_this_step_obeys(law: Any, most_rows: int | None) -> None:
    law(lambda: FastWorld(make_world(spec=STEERED), most_rows), make_context)


def one_row(world: DiamondWorldModel) -> tuple[DiamondState, Tensor, Any]:
    return world.reset(make_context(world, 1)), laws.actions(world, 1), world.draw(*laws.streams(world, 1))


@torch.no_grad()
@pytest.mark.parametrize(
    ("preset", "passes", "millions"),
    [("small", 1, (1165, 1113)), ("small", 3, (3421, 3150))],
)
def test_a_step_of_64_x_64_frames_costs_so_many_operations(preset: Any, passes: int, millions: tuple[int, int]) -> None:
    spec = load_world(BUNDLED / "Breakout").model.spec
    world = build(presets[preset], spec, Sampling(num_denoising_steps=passes), "fp32").requires_grad_(False)
    counted = []
    given = one_row(world)
    for step in (world.step, FastStep(world)):
        with FlopCounterMode(display=False) as counter:
            step(*given)
        counted.append(round(counter.get_total_flops() / 1e6))
    assert tuple(counted) == millions


@torch.no_grad()
def test_all_passes_and_all_steps_run_the_same_three_compiled_graphs() -> None:
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph

    world = make_world(spec=STEERED)
    step = FastStep(world, lambda network: torch.compile(network, fullgraph=True, dynamic=False, backend=backend))
    state, action, noise = one_row(world)
    for _ in range(3):
        expected, outcome = world.step(state, action, noise), step(state, action, noise)
        torch.testing.assert_close(outcome, expected, rtol=1e-4, atol=1e-4)
        state = outcome[0]
    assert len(graphs) == 3


@torch.no_grad()
@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)
def test_rows_that_are_stepped_a_few_at_a_time_dream_what_the_model_dreams(sampler: dict[str, Any]) -> None:
    world = make_world(spec=STEERED, **sampler)
    sizes: list[int] = []

    def spied(network: torch.nn.Module) -> Any:
        def call(first: Tensor, *others: Any) -> Any:
            sizes.append(len(first))
            return network(first, *others)

        return call

    assert_near(world, FastStep(world, spied, most_rows=20), world.reset(make_context(world, 50)))
    assert set(sizes) == {16, 17}


def test_on_a_cpu_so_many_rows_are_stepped_at_a_time_that_a_map_has_four_mebibytes() -> None:
    spec = load_world(BUNDLED / "Breakout").model.spec
    paper, paper_bf16, small = (
        build(presets[name], spec, Sampling(), precision)
        for name, precision in (("paper", "fp32"), ("paper", "bf16"), ("small", "fp32"))
    )
    assert rows_at_a_time(paper) == 2**22 // (64 * 64 * 64 * 4) == 4  # channels, height, width, bytes
    assert rows_at_a_time(paper_bf16) == 2**22 // (64 * 64 * 64 * 2) == 8
    assert rows_at_a_time(small) == 2**22 // (64 * 32 * 32 * 4) == 16
    assert rows_at_a_time(small.to("meta")) is None  # no CPU


@torch.no_grad()
def test_it_keeps_the_weights_that_the_model_had() -> None:
    world = make_world()
    given = one_row(world)
    step, before = FastStep(world), world.step(*given)
    for parameter in world.parameters():
        parameter += 0.1
    torch.testing.assert_close(step(*given), before, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(world.step(*given)[1].reward_probs, before[1].reward_probs)


@torch.no_grad()
def test_in_bf16_it_is_as_near_to_float32_as_the_model_is() -> None:
    exact = make_world()
    coarse = build(presets["tiny"], SPEC, Sampling(), "bf16").requires_grad_(False)
    coarse.load_state_dict(exact.state_dict())
    state, noise = exact.reset(make_context(exact, 4)), exact.draw(*laws.streams(exact, 4))
    true, plain, fast = (
        step(state, laws.actions(exact, 4), noise)[1].obs for step in (exact.step, coarse.step, FastStep(coarse))
    )
    assert (fast - true).abs().mean() < 1.5 * (plain - true).abs().mean() < 1.5 * 2 / 127.5
