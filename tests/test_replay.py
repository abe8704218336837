"""Recording a dream's whole step and replaying it, told with a recorder that works like a CUDA graph: it does the work
again on the same tensors, and writes over the same results.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from gym_diamond.envs.dream import Dream
from gym_diamond.replay import Replayed, cloned, leaves
from gym_diamond.world_models.diamond.fast_step import FastStep
from tests.fakes import CountingWorld, counting_bank, counting_dream
from tests.waits import Waits
from tests.world_models.test_diamond import SPEC, make_context, make_world


class Recorder:
    """A `Capture` on the CPU."""

    def __init__(self):
        self.recorded = self.replayed = 0

    def __call__(self, work):
        self.recorded += 1
        results = work()

        def replay():
            self.replayed += 1
            for old, new in zip(leaves(results), leaves(work()), strict=True):
                old.copy_(new)

        return results, replay

    def record(self, function):
        return Replayed(function, self)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(leaves(a), leaves(b), strict=True))


def test_a_replay_computes_on_what_it_is_given_each_time():
    recorder = Recorder()
    doubled = Replayed(lambda x, pair: (x + pair[0], pair[1] * 2), recorder)
    for n in (1, 2, 3):
        x = torch.full((2,), n)
        a, b = doubled(x, (x, x + 1))
        assert (a.tolist(), b.tolist()) == ([2 * n] * 2, [2 * (n + 1)] * 2)
    assert (recorder.recorded, recorder.replayed) == (1, 3)


def test_other_shapes_are_recorded_anew_and_the_first_recording_is_kept():
    recorder = Recorder()
    doubled = recorder.record(lambda x: x * 2)
    for size in (2, 3, 2, 3):
        assert doubled(torch.ones(size)).tolist() == [2.0] * size
    assert doubled(torch.ones(2, dtype=torch.int64)).dtype == torch.int64
    assert (recorder.recorded, recorder.replayed) == (3, 5)


def test_what_was_handed_out_and_what_was_given_is_never_overwritten():
    added = Recorder().record(lambda x: (x, x + 1))
    given = torch.zeros(2)
    first = added(given)
    second = added(torch.full((2,), 5.0))
    assert (given.tolist(), [leaf.tolist() for leaf in first]) == ([0, 0], [[0, 0], [1, 1]])
    first[0].fill_(9.0), first[1].fill_(9.0), second[1].fill_(9.0)
    assert [leaf.tolist() for leaf in added(given)] == [[0, 0], [1, 1]]


def test_what_was_recorded_in_inference_mode_replays_outside_of_it():
    doubled = Recorder().record(lambda x: x * 2)
    with torch.inference_mode():
        assert doubled(torch.ones(2)).tolist() == [2.0, 2.0]
    assert doubled(torch.full((2,), 3.0)).tolist() == [6.0, 6.0]


def test_a_tree_keeps_its_kinds():
    state = CountingWorld().reset(make_context(make_world(), 2))
    copy = cloned((state, torch.ones(1)))
    assert (type(copy), type(copy[0])) == (tuple, type(state))
    assert same(copy, (state, torch.ones(1)))
    assert all(a.data_ptr() != b.data_ptr() for a, b in zip(leaves(copy), leaves((state, torch.ones(1))), strict=True))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_a_replayed_dream_is_the_dream_to_the_bit_through_resets_and_restores(mode):
    recorder = Recorder()
    arguments = {"starts": (0, 1, 2, 3), "autoreset_mode": mode, "max_episode_steps": 4}
    plain, replayed = counting_dream(3, **arguments), counting_dream(3, **arguments, record=recorder.record)
    assert same(plain.reset(seed=5), replayed.reset(seed=5))
    handed, moment = [], plain.snapshot()
    for t in range(24):
        if t == 12:
            assert same(plain.restore(moment, seed=8), replayed.restore(moment, seed=8))
        if t == 18:
            mask = torch.tensor([True, False, True])
            assert same(plain.reset(mask=mask), replayed.reset(mask=mask))
        action = torch.tensor([t % 3, (t + 1) % 3, 0])
        seen, expected = replayed.step(action), plain.step(action)
        assert type(seen) is type(expected)
        assert same(seen, expected)
        assert same(replayed.snapshot(), plain.snapshot())
        handed.append((seen, replayed.snapshot(), cloned((seen, replayed.snapshot()))))
    assert all(same((seen, snapshot), copy) for seen, snapshot, copy in handed)
    assert (recorder.recorded, recorder.replayed) == (1, 24)


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_a_step_that_is_recorded_asks_no_tensor_for_its_value_whoever_is_over(mode):
    """A CUDA graph would hold the answer of the first time for ever."""
    found = []

    def record(function):
        def watched(*given):
            with Waits() as waits:
                results = function(*given)
            found.append(waits.found)
            return results

        return watched

    dream = counting_dream(3, starts=(0, 1, 2, 3), autoreset_mode=mode, max_episode_steps=2, record=record)
    dream.reset(seed=5)
    for _ in range(5):
        dream.step(torch.tensor([0, 1, 2]))
    assert found == [set()] * 5


def test_a_dream_draws_all_its_random_numbers_by_what_a_compiler_gave_and_is_the_same():
    drawn = []

    def compiler(function: Callable[..., Any]) -> Callable[..., Any]:
        def compiled(*given: Any) -> Any:
            drawn.append(function.__name__)
            return function(*given)

        return compiled

    arguments = {"starts": (0, 1, 2, 3), "max_episode_steps": 2}
    plain, other = counting_dream(3, **arguments), counting_dream(3, **arguments, compiler=compiler)
    assert same(plain.reset(seed=5), other.reset(seed=5))
    for t in range(4):
        assert same(plain.step(torch.tensor([t % 3, 0, 1])), other.step(torch.tensor([t % 3, 0, 1])))
    assert (drawn.count("draw"), drawn.count("integers")) == (4, 3), "a step each; the reset and two autoresets"


def test_a_network_replays_too():
    world, recorder = make_world(), Recorder()
    bank = counting_bank((7, 99), SPEC.height, SPEC.width, length=6)
    dreams = [
        Dream(world, bank, 2, max_episode_steps=3, step=FastStep(world), record=record)
        for record in (None, recorder.record)
    ]
    assert same(*(dream.reset(seed=1) for dream in dreams))
    for t in range(5):
        assert same(*(dream.step(torch.tensor([t % 4, 3])) for dream in dreams))
    assert recorder.replayed == 5


def test_a_dream_that_was_restored_before_it_was_ever_reset_can_be_recorded():
    first = counting_dream(2)
    first.reset(seed=0)
    later = counting_dream(2, record=Recorder().record)
    later.restore(first.snapshot())
    assert same(later.step(torch.tensor([0, 2])), first.step(torch.tensor([0, 2])))
