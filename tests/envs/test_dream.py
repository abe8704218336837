"""The shell: states, streams, clocks and autoreset of many rows, told with a world that counts."""

import pickle

import numpy as np
import pytest
import torch

from gym_diamond import noise
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.dream import Dream
from gym_diamond.frames import to_frames
from gym_diamond.world_models.protocol import Context
from tests.fakes import CountingWorld, counting_bank, counting_dream, flat_frames

NOOP = 1  # rewards nothing


def levels(obs, channel=-3):
    """The level that a channel of the newest frame has in each row; -3 is the count, -2 the action, -1 the shade."""
    return to_frames(obs)[:, 0, 0, channel].tolist()


def act(*actions):
    return torch.tensor(actions)


def play(dream, steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [dream.step(torch.randint(3, (dream.num_envs,), generator=generator)) for _ in range(steps)]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_step_returns_what_the_world_dreamt():
    dream = counting_dream(3)
    assert levels(dream.reset(seed=7)) == [0, 0, 0]
    seen = dream.step(act(0, 1, 2))
    shades = noise.integers(*_streams([7, 8, 9], 1), noise.FRAME, 256).tolist()
    assert [levels(seen.obs, channel) for channel in (-3, -2, -1)] == [[1, 1, 1], [0, 1, 2], shades]
    assert seen.reward.tolist() == [-1, 0, 1]
    assert seen.reward_probs.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert seen.end_prob.tolist() == [0, 0, 0]
    assert seen.terminated.tolist() == seen.truncated.tolist() == [False] * 3


def test_same_step_resets_a_row_in_the_step_that_ends_it():
    dream = counting_dream(1)
    dream.reset(seed=0)
    seen = [dream.step(act(NOOP)) for _ in range(7)]
    assert [levels(s.obs) for s in seen] == [[1], [2], [3], [4], [0], [1], [2]]
    assert [levels(s.final_obs) for s in seen] == [[1], [2], [3], [4], [5], [1], [2]]
    assert [s.terminated.item() for s in seen] == [False, False, False, False, True, False, False]


def test_next_step_spends_a_step_on_the_reset():
    dream = counting_dream(1, autoreset_mode="NextStep")
    dream.reset(seed=0)
    seen = [dream.step(act(2)) for _ in range(8)]
    assert [levels(s.obs) for s in seen] == [[1], [2], [3], [4], [5], [0], [1], [2]]
    assert [s.reward.item() for s in seen] == [1, 1, 1, 1, 1, 0, 1, 1]
    assert [s.stepped.item() for s in seen] == [True] * 5 + [False] + [True] * 2
    assert [s.terminated.item() for s in seen] == [False] * 4 + [True] + [False] * 3


def test_disabled_leaves_the_reset_to_the_caller():
    dream = counting_dream(2, autoreset_mode="Disabled", max_episode_steps=3)
    dream.reset(seed=0)
    seen = [dream.step(act(NOOP, NOOP)) for _ in range(3)]
    assert [s.truncated.tolist() for s in seen] == [[False, False], [False, False], [True, True]]
    assert dream.snapshot().done.tolist() == [True, True]
    assert levels(dream.reset(mask=torch.tensor([False, True]))) == [3, 0]
    assert dream.snapshot().done.tolist() == [True, False]
    assert dream.snapshot().elapsed.tolist() == [3, 0]


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_rows_that_are_doubted_are_cut_off_whatever_their_clock_says(mode: str):
    """Doubted is where the count is 2; with NextStep the step after that is spent on the reset."""
    dream = counting_dream(2, starts=(0, 1), autoreset_mode=mode, doubt=lambda state, transition: state.count == 2)
    dream.reset(seed=0, context=torch.tensor([0, 1]))
    first, second = (dream.step(torch.tensor([1, 1])) for _ in range(2))
    assert (first.truncated.tolist(), first.terminated.tolist()) == ([False, True], [False, False])
    assert second.truncated.tolist()[0] is True
    assert second.stepped.tolist() == [True, mode != "NextStep"]


def test_a_row_is_not_doubted_in_the_step_that_is_spent_on_its_reset():
    """Doubted is where the count is 2, which is where it starts."""
    dream = counting_dream(
        1,
        starts=(2,),
        autoreset_mode="NextStep",
        max_episode_steps=1,
        doubt=lambda state, transition: state.count == 2,
    )
    dream.reset(seed=0)
    cut, reset = (dream.step(act(NOOP)) for _ in range(2))
    assert (cut.stepped.tolist(), cut.truncated.tolist()) == ([True], [True])
    assert (reset.stepped.tolist(), reset.truncated.tolist()) == ([False], [False])


def test_the_clock_truncates_and_the_world_terminates_and_both_may_happen_at_once():
    dream = counting_dream(1, max_episode_steps=5)
    dream.reset(seed=0)
    seen = [dream.step(act(NOOP)) for _ in range(5)]
    assert [(s.terminated.item(), s.truncated.item()) for s in seen] == [(False, False)] * 4 + [(True, True)]


def test_staggered_clocks_start_evenly_spread_and_only_at_a_full_reset():
    dream = counting_dream(4, max_episode_steps=8, stagger=True)
    dream.reset(seed=0)
    assert dream.snapshot().elapsed.tolist() == [0, 2, 4, 6]
    dream.reset(mask=torch.tensor([False, False, False, True]))
    assert dream.snapshot().elapsed.tolist() == [0, 2, 4, 0]


def test_the_counter_moves_by_one_for_each_step_and_each_reset():
    dream = counting_dream(2, max_episode_steps=2)
    dream.reset(seed=0)
    assert dream.snapshot().counter.tolist() == [1, 1]
    play(dream, 1)
    assert dream.snapshot().counter.tolist() == [2, 2]
    play(dream, 1)  # truncated: a step and a reset
    assert dream.snapshot().counter.tolist() == [4, 4]
    dream.reset(mask=torch.tensor([True, False]))
    assert dream.snapshot().counter.tolist() == [5, 4]
    dream.reset(seed=[None, 9])
    assert dream.snapshot().counter.tolist() == [6, 1]


def test_a_start_is_drawn_from_the_rows_key_and_counter():
    dream = counting_dream(5, starts=(10, 20, 30, 40))
    obs = dream.reset(seed=3)
    index = noise.integers(*_streams([3, 4, 5, 6, 7], 0), noise.CONTEXT, 4)
    assert levels(obs) == [(10, 20, 30, 40)[i] for i in index]


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_a_row_is_bitwise_a_dream_of_its_own_seed(mode):
    arguments = {"starts": (0, 1, 2, 3), "autoreset_mode": mode, "max_episode_steps": 4}
    together = counting_dream(3, **arguments)
    alone = [counting_dream(1, **arguments) for _ in range(3)]
    assert torch.equal(together.reset(seed=5), torch.cat([dream.reset(seed=5 + i) for i, dream in enumerate(alone)]))
    for t in range(30):
        action = torch.tensor([t % 3, (t + 1) % 3, 0])
        seen = together.step(action)
        parts = [dream.step(action[i : i + 1]) for i, dream in enumerate(alone)]
        assert all(torch.equal(a, torch.cat(b)) for a, b in zip(seen, zip(*parts, strict=True), strict=True))


def test_resetting_one_row_leaves_the_others_untouched():
    dream, other = (counting_dream(3, starts=(0, 50, 100), max_episode_steps=9) for _ in range(2))
    dream.reset(seed=0), other.reset(seed=0)
    play(dream, 2), play(other, 2)
    dream.reset(mask=torch.tensor([False, True, False]))
    for a, b in zip(play(dream, 2), play(other, 2), strict=True):
        assert all(torch.equal(x[[0, 2]], y[[0, 2]]) for x, y in zip(a, b, strict=True))


def test_a_seed_starts_a_row_anew_and_no_seed_goes_on():
    dream = counting_dream(2)
    first = [dream.reset(seed=4), *play(dream, 3)[-1]]
    for again in (4, np.int64(4), np.array([4, 5]), (4, 5)):
        assert same(first, [dream.reset(seed=again), *play(dream, 3)[-1]])
    dream.reset(seed=4)
    dream.reset()
    assert dream.snapshot().keys.tolist() == [[4, 0], [5, 0]]
    assert dream.snapshot().counter.tolist() == [2, 2]


def test_seeds_under_a_mask_reach_the_masked_rows_only():
    dream = counting_dream(2)
    dream.reset(seed=4)
    dream.reset(seed=10, mask=torch.tensor([False, True]))
    assert dream.snapshot().keys.tolist() == [[4, 0], [11, 0]]
    assert dream.snapshot().counter.tolist() == [1, 1]


def test_rows_that_were_never_seeded_differ_and_so_do_dreams():
    keys = [
        dream.snapshot().keys.tolist() for dream in (counting_dream(2), counting_dream(2)) if dream.reset() is not None
    ]
    assert len({tuple(key) for pair in keys for key in pair}) == 4


def test_a_context_may_be_chosen_by_index_or_given_as_play():
    dream = counting_dream(3, starts=(10, 20, 30))
    assert levels(dream.reset(seed=0, context=torch.tensor([2, 0, 2]))) == [30, 10, 30]
    play_of_three = ContextBank(
        flat_frames([7, 8, 50, 51, 90, 91]).reshape(3, 2, 4, 4, 3),
        torch.zeros(3, 1, dtype=torch.int64).numpy(),
        torch.ones(3, 2, dtype=torch.bool).numpy(),
    )
    assert levels(dream.reset(context=Context(*play_of_three.tensors()))) == [8, 51, 91]
    assert dream.snapshot().counter.tolist() == [2, 2, 2], "a given start moves the stream like a drawn one"


def test_frames_are_stacked_oldest_first_and_are_the_real_history():
    dream = counting_dream(1, starts=(3,), frame_stack=2)
    first = to_frames(dream.reset(seed=0))
    assert first.shape == (1, 4, 4, 6)
    assert first[0, 0, 0].tolist() == [9, 9, 9, 3, 3, 3]
    seen = dream.step(act(2))
    shade = levels(seen.obs, -1)[0]
    assert to_frames(seen.obs)[0, 0, 0].tolist() == [3, 3, 3, 4, 2, shade]
    seen = dream.step(act(NOOP))  # the game ends at 5
    assert to_frames(seen.final_obs)[0, 0, 0].tolist() == [4, 2, shade, 5, 1, levels(seen.final_obs, -1)[0]]
    assert to_frames(seen.obs)[0, 0, 0].tolist() == [9, 9, 9, 3, 3, 3]


def test_restoring_a_snapshot_replays_to_the_bit():
    dream = counting_dream(3, starts=(0, 1, 2), max_episode_steps=4)
    dream.reset(seed=0)
    play(dream, 2)
    moment, obs = dream.snapshot(), dream.obs
    future = play(dream, 9)
    assert torch.equal(dream.restore(moment), obs)
    assert all(same(a, b) for a, b in zip(play(dream, 9), future, strict=True))
    other = counting_dream(3, starts=(0, 1, 2), max_episode_steps=4)
    other.restore(pickle.loads(pickle.dumps(moment)))
    assert all(same(a, b) for a, b in zip(play(other, 9), future, strict=True))


def test_forks_agree_under_the_same_keys_and_branch_under_new_ones():
    dream = counting_dream(3)
    dream.reset(seed=0)
    moment = dream.snapshot()
    futures = []
    for seed in (None, 100, 100):
        dream.restore(moment, seed)
        futures.append(play(dream, 3))
    assert not torch.equal(futures[0][0].obs, futures[1][0].obs)
    assert all(same(a, b) for a, b in zip(futures[1], futures[2], strict=True))


def test_what_was_handed_out_is_never_overwritten_and_may_be_written_to():
    dream, twin = counting_dream(2, max_episode_steps=3), counting_dream(2, max_episode_steps=3)
    handed = [dream.reset(seed=0)]
    twin.reset(seed=0)
    for seen in play(dream, 4):
        handed += list(seen)
    copies = [tensor.clone() for tensor in handed]
    play(dream, 4)
    assert same(handed, copies)
    twin.obs.zero_()
    for seen in play(twin, 4):
        seen.obs.zero_(), seen.final_obs.zero_()
    play(twin, 4)
    assert same(dream.snapshot().state, twin.snapshot().state)


def test_a_compiled_step_stands_in_for_the_worlds_own():
    world = CountingWorld()
    compiled = torch.compile(world.step, fullgraph=True, backend="eager")
    dreams = [Dream(world, counting_bank((0,)), 2, max_episode_steps=3, step=step) for step in (None, compiled)]
    assert torch.equal(*(dream.reset(seed=0) for dream in dreams))
    for a, b in zip(*(play(dream, 5) for dream in dreams), strict=True):
        assert same(a, b)


def test_dreaming_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    dream = counting_dream(2)
    dream.reset(seed=0)
    play(dream, 6)
    assert torch.equal(torch.get_rng_state(), before)


def _streams(seeds, counter):
    return torch.tensor([noise.seed_key(seed) for seed in seeds]), torch.full((len(seeds),), counter)
