"""The laws of `world_models/protocol.py`, for every backend.

A law takes `make_world()`, which gives a world model (equal ones when called twice), and `make_context(world, B)`,
which gives a `Context` of B rows that differ. Use:

    @pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
    def test_the_world_obeys(law):
        law(make_world, make_context)

A network's arithmetic depends on the batch, so it takes `NETWORK_LAWS` and states row-locality with
`a_row_is_nearly_its_own`.
"""

import pickle
from collections.abc import Callable

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from gym_diamond.frames import quantize, to_frames
from gym_diamond.noise import seed_key
from gym_diamond.world_models import rows
from gym_diamond.world_models.protocol import Context, Transition, WorldModel

MakeWorld = Callable[[], WorldModel]
MakeContext = Callable[[WorldModel, int], Context]


def streams(world: WorldModel, num: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Keys `(num, 2)` of the seeds `seed`, `seed + 1`, ... and counters `(num,)` that differ from row to row."""
    keys = torch.tensor([seed_key(seed + i) for i in range(num)], device=world.device)
    return keys, torch.arange(num, device=world.device) * 5 + 2


def actions(world: WorldModel, num: int, seed: int = 0) -> Tensor:
    """Actions `(num,)` int64, uniform; `(num, A)` in a world whose actions have A parts."""
    generator = torch.Generator().manual_seed(seed)
    if not world.spec.action_sizes:
        return torch.randint(world.spec.num_actions, (num,), generator=generator).to(world.device)
    parts = [torch.randint(size, (num,), generator=generator) for size in world.spec.action_sizes]
    return torch.stack(parts, dim=1).to(world.device)


def play(world: WorldModel, state, steps: int) -> tuple[object, list[Transition]]:
    """The state after `steps` steps of random actions, and what they brought."""
    keys, counter = streams(world, rows.num_rows(state))
    transitions = []
    for t in range(steps):
        state, transition = world.step(state, actions(world, rows.num_rows(state), t), world.draw(keys, counter + t))
        transitions.append(transition)
    return state, transitions


def equal(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> bool:
    """Whether two NamedTuples of tensors agree to the bit."""
    return type(a) is type(b) and all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@torch.no_grad()
def every_leaf_has_its_row_on_axis_0(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    for num in (1, 3):
        context = make_context(world, num)
        state, noise = world.reset(context), world.draw(*streams(world, num))
        after, transition = world.step(state, actions(world, num), noise)
        assert [leaf.shape for leaf in after] == [leaf.shape for leaf in state]
        assert [leaf.dtype for leaf in after] == [leaf.dtype for leaf in state]
        for part in (context, state, noise, transition, after):
            assert hasattr(part, "_fields"), "a NamedTuple"
            assert all(leaf.shape[0] == num and leaf.device == world.device for leaf in part)
        assert rows.num_rows(rows.gather(state, torch.zeros(7, dtype=torch.int64, device=world.device))) == 7


@torch.no_grad()
def what_comes_out_fits_the_spec(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    spec = world.spec
    state = world.reset(make_context(world, 4))
    assert world.history(state).shape == (4, spec.context_length, spec.channels, spec.height, spec.width)
    after, (transition,) = play(world, state, 1)
    assert transition.obs.shape == (4, spec.channels, spec.height, spec.width)
    assert [leaf.dtype for leaf in transition] == [
        torch.float32,
        torch.float32,
        torch.bool,
        torch.float32,
        torch.float32,
    ]
    assert [leaf.shape for leaf in transition[1:]] == [(4,), (4,), (4, len(spec.reward_values)), (4,)]
    torch.testing.assert_close(transition.reward_probs.sum(1), torch.ones_like(transition.reward))
    assert ((transition.end_prob >= 0) & (transition.end_prob <= 1)).all()
    assert spec.reward_values[0] <= transition.reward.min() <= transition.reward.max() <= spec.reward_values[-1]
    assert torch.equal(world.history(after)[:, -1], transition.obs), "the newest frame is the last of the history"
    assert torch.equal(world.history(after)[:, :-1], world.history(state)[:, 1:]), "the others moved up by one"


@torch.no_grad()
def frames_lie_on_the_pixel_grid(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    _, transitions = play(world, world.reset(make_context(world, 3)), 2)
    for transition in transitions:
        assert torch.equal(quantize(transition.obs, "round"), transition.obs)
        assert to_frames(transition.obs).float().std() > 0, "a constant picture would prove nothing"


@torch.no_grad()
def the_same_inputs_give_the_same_outputs(make_world: MakeWorld, make_context: MakeContext) -> None:
    world, other = make_world(), make_world()
    context = make_context(world, 3)
    random_state = torch.get_rng_state()
    results = [play(each, each.reset(context), 2) for each in (world, world, other)]
    assert torch.equal(torch.get_rng_state(), random_state), "no random number is drawn behind the noise argument"
    for state, transitions in results[1:]:
        assert equal(state, results[0][0])
        assert all(equal(a, b) for a, b in zip(transitions, results[0][1], strict=True))


@torch.no_grad()
def inputs_are_left_untouched(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    context, (keys, counter), action = make_context(world, 3), streams(world, 3), actions(world, 3)
    state, noise = world.reset(context), world.draw(keys, counter)
    inputs = (context, state, noise, (keys, counter, action))
    before = [[leaf.clone() for leaf in part] for part in inputs]
    world.reset(context), world.draw(keys, counter), world.step(state, action, noise), world.history(state)
    for part, old in zip(inputs, before, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(part, old, strict=True))


@torch.no_grad()
def what_was_handed_out_is_never_overwritten(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    state = world.reset(make_context(world, 2))
    handed: list[tuple[Tensor, ...]] = [state]
    keys, counter = streams(world, 2)
    for t in range(4):
        noise = world.draw(keys, counter + t)
        state, transition = world.step(state, actions(world, 2, t), noise)
        handed += [noise, state, transition, (world.history(state),)]
        if t == 0:
            copies = [[leaf.clone() for leaf in part] for part in handed]
    for part, copy in zip(handed, copies, strict=False):
        assert all(torch.equal(x, y) for x, y in zip(part, copy, strict=True))


@torch.no_grad()
def noise_depends_on_the_rows_own_key_and_counter_only(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    keys, counter = streams(world, 5)
    noise = world.draw(keys, counter)
    order = torch.tensor([3, 0, 4, 1, 2], device=world.device)
    assert equal(world.draw(keys[order], counter[order]), rows.gather(noise, order))
    for size in (1, 2, 3):
        parts = zip(keys.split(size), counter.split(size), strict=True)
        assert equal(rows.cat([world.draw(k, c) for k, c in parts]), noise)
    for other in (world.draw(keys + 100, counter), world.draw(keys, counter + 100)):
        assert not any(
            torch.equal(a[i], b[i]) for a, b in zip(noise, other, strict=True) if a[0].numel() for i in range(5)
        )


@torch.no_grad()
def resetting_some_rows_leaves_the_others_alone(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    state, _ = play(world, world.reset(make_context(world, 4)), 2)
    fresh = world.reset(make_context(world, 4))
    mask = torch.tensor([False, True, False, True], device=world.device)
    mixed = rows.where(mask, fresh, state)
    (a, seen), (b, seen_mixed) = play(world, state, 1), play(world, mixed, 1)
    others = (~mask).nonzero().squeeze(1)
    assert equal(rows.gather(b, others), rows.gather(a, others))
    assert equal(rows.gather(seen_mixed[0], others), rows.gather(seen[0], others))
    c, _ = play(world, fresh, 1)
    replaced = mask.nonzero().squeeze(1)
    assert equal(rows.gather(b, replaced), rows.gather(c, replaced))


@torch.no_grad()
def a_row_is_its_own_to_the_bit(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    context = make_context(world, 5)
    state = world.reset(context)
    assert equal(rows.cat([world.reset(Context(*(leaf[i : i + 1] for leaf in context))) for i in range(5)]), state)
    (whole, parts), _ = _whole_and_parts(world, state)
    assert all(equal(a, b) for a, b in zip(whole, parts, strict=True))


@torch.no_grad()
def a_row_is_nearly_its_own(
    make_world: MakeWorld,
    make_context: MakeContext,
    threshold_distance: Callable[[tuple[Tensor, ...], Transition], Tensor],
) -> None:
    """Within one grey level on 99.9% of pixels; rewards and ends equal unless the draw lies within 1e-3 of a threshold.

    `threshold_distance(noise, transition)` gives `(B,)`: how far the row's draws are from flipping its reward or end.
    """
    world = make_world()
    state, _ = play(world, world.reset(make_context(world, 5)), 1)
    ((_, whole), (_, parts)), noise = _whole_and_parts(world, state)
    levels = (to_frames(whole.obs).int() - to_frames(parts.obs).int()).abs()
    assert (levels <= 1).float().mean() >= 0.999
    torch.testing.assert_close(whole.reward_probs, parts.reward_probs, atol=1e-3, rtol=0)
    torch.testing.assert_close(whole.end_prob, parts.end_prob, atol=1e-3, rtol=0)
    clear = threshold_distance(noise, whole) > 1e-3
    assert clear.any()
    assert torch.equal(whole.reward[clear], parts.reward[clear])
    assert torch.equal(whole.end[clear], parts.end[clear])


@torch.no_grad()
def shapes_do_not_depend_on_the_data(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    state, (keys, counter), action = world.reset(make_context(world, 3)), streams(world, 3), actions(world, 3)
    shapes = [leaf.shape for leaf in world.step(state, action, world.draw(keys, counter))[0]]
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:  # tensors without data: asking for a value raises
        keys, counter, action = (mode.from_tensor(leaf) for leaf in (keys, counter, action))
        state = type(state)(*(mode.from_tensor(leaf) for leaf in state))
        after, _ = world.step(state, action, world.draw(keys, counter))
    assert [leaf.shape for leaf in after] == shapes


@torch.no_grad()
def every_function_compiles_in_one_graph(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    contexts = [make_context(world, 3), Context(*(leaf.flip(0) for leaf in make_context(world, 3)))]
    compiled = {
        name: torch.compile(getattr(world, name), fullgraph=True, dynamic=False, backend="eager")
        for name in ("reset", "draw", "step")
    }
    for i, context in enumerate(contexts):  # other values, the same graph
        with torch.compiler.set_stance("fail_on_recompile" if i else "default"):
            keys, counter = streams(world, 3, seed=i)
            state, noise, action = world.reset(context), world.draw(keys, counter), actions(world, 3, i)
            assert equal(compiled["reset"](context), state)
            assert equal(compiled["draw"](keys, counter), noise)
            outcome, expected = compiled["step"](state, action, noise), world.step(state, action, noise)
            assert all(equal(a, b) for a, b in zip(outcome, expected, strict=True))


@torch.no_grad()
def a_pickled_world_dreams_on(make_world: MakeWorld, make_context: MakeContext) -> None:
    world = make_world()
    state, _ = play(world, world.reset(make_context(world, 2)), 1)
    copy, copied_state = pickle.loads(pickle.dumps((world, state)))
    assert copy.spec == world.spec
    (a, seen), (b, seen_copy) = play(world, state, 1), play(copy, copied_state, 1)
    assert equal(a, b)
    assert equal(seen[0], seen_copy[0])


def _whole_and_parts(world: WorldModel, state):
    """(state, transition) of one step of a batch, and of its rows in parts of one and two put together again."""
    num = rows.num_rows(state)
    noise, action = world.draw(*streams(world, num)), actions(world, num)
    whole = world.step(state, action, noise)
    index = torch.arange(num, device=world.device).split([1, 2, num - 3])
    parts = [world.step(rows.gather(state, i), action[i], rows.gather(noise, i)) for i in index]
    return (whole, (rows.cat([s for s, _ in parts]), rows.cat([t for _, t in parts]))), noise


NETWORK_LAWS = (
    every_leaf_has_its_row_on_axis_0,
    what_comes_out_fits_the_spec,
    frames_lie_on_the_pixel_grid,
    the_same_inputs_give_the_same_outputs,
    inputs_are_left_untouched,
    what_was_handed_out_is_never_overwritten,
    noise_depends_on_the_rows_own_key_and_counter_only,
    resetting_some_rows_leaves_the_others_alone,
    shapes_do_not_depend_on_the_data,
    every_function_compiles_in_one_graph,
    a_pickled_world_dreams_on,
)
LAWS = (*NETWORK_LAWS, a_row_is_its_own_to_the_bit)
