"""Dreams are held against what happened frame by frame, action by action."""

import numpy as np
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.rollout import Rollout, rollouts
from gym_diamond.evaluation.starts import Start
from gym_diamond.world_models.protocol import Context
from tests.fakes import CountingState, CountingWorld, flat_frames

ACTIONS = np.array([0, 1, 2, 2, 1, 0, 1, 1, 2, 0, 0, 2])
EPISODE = Episode(
    flat_frames([10 * t for t in range(13)]), ACTIONS, (ACTIONS - 1).astype(np.float32), True, False, True, "x"
)


def roll(starts: list[Start], seed: int = 0, horizon: int = 4, told: list[int] | None = None) -> list[Rollout]:
    advance = (told if told is not None else []).append
    world = CountingWorld(max_count=82)
    return list(rollouts(world, [EPISODE, EPISODE], starts, 3, horizon, seed, advance))


def test_a_dream_begins_with_the_last_frame_shown_and_takes_the_actions_that_were_played():
    (rollout,) = roll([Start(0, 5), Start(1, 2)])
    assert rollout.real[:, :, 0, 0, 0].tolist() == [[50, 60, 70, 80, 90], [20, 30, 40, 50, 60]]
    assert torch.equal(rollout.dreamt[:, 0], rollout.real[:, 0])
    counts, actions = rollout.dreamt[:, 1:, 0, 0, 0], rollout.dreamt[:, 1:, 0, 0, 1]
    assert counts.tolist() == [[51, 52, 53, 54], [21, 22, 23, 24]], "the world counts on from the frame it saw last"
    assert actions.tolist() == [ACTIONS[5:9].tolist(), ACTIONS[2:6].tolist()]


def test_what_was_played_stands_beside_what_is_believed():
    judged = roll([Start(0, 8)])[0].judged[0]
    assert judged.reward.tolist() == ACTIONS[8:12].tolist(), "the class of action - 1 among -1, 0, 1"
    assert judged.reward_probs.argmax(axis=1).tolist() == ACTIONS[8:12].tolist()
    assert judged.end.tolist() == [False, False, False, True]
    assert judged.end_prob.tolist() == [0, 1, 1, 1], "the world ends at 82"


def test_frames_that_happened_are_valid_and_the_last_of_the_episode_is_among_them():
    (rollout,) = roll([Start(0, 8), Start(0, 10), Start(1, 11)])
    assert rollout.valid.tolist() == [[True] * 4, [True, True, False, False], [True, False, False, False]]
    assert rollout.real[1, :3, 0, 0, 0].tolist() == [100, 110, 120]


def test_a_dream_goes_on_after_the_real_end_under_no_ops_and_is_no_longer_judged():
    rollout = roll([Start(0, 8), Start(0, 10)])[0]
    assert rollout.dreamt[1, :, 0, 0, 0].tolist() == [100, 101, 102, 103, 104]
    assert rollout.dreamt[1, 1:, 0, 0, 1].tolist() == [*ACTIONS[10:].tolist(), 0, 0]
    assert [len(judged.reward) for judged in rollout.judged] == [4, 2]
    assert [leaf.shape for leaf in rollout.judged[1]] == [(2,), (2,), (2, 3), (2,), (2,)]
    assert rollout.judged[1].end.tolist() == [False, True]


def test_a_dream_at_the_beginning_of_an_episode_has_a_padded_context_and_begins_with_the_real_frame():
    seen: list[Context] = []

    class Watched(CountingWorld):
        def reset(self, context: Context) -> CountingState:
            seen.append(context)
            return super().reset(context)

    starts = [Start(0, 0, "reset"), Start(1, 1, "reset")]
    (rollout,) = rollouts(Watched(), [EPISODE, EPISODE], starts, 3, 4, 0, lambda _: None)
    assert seen[0].is_real.tolist() == [[False, False, True], [False, True, True]]
    assert seen[0].act.tolist() == [[0, 0], [0, ACTIONS[0]]]
    assert (seen[0].obs[0, :2] == 0).all()
    assert rollout.real[:, :, 0, 0, 0].tolist() == [[0, 10, 20, 30, 40], [10, 20, 30, 40, 50]]
    assert torch.equal(rollout.dreamt[:, 0], rollout.real[:, 0])
    assert rollout.dreamt[:, 1:, 0, 0, 1].tolist() == [ACTIONS[0:4].tolist(), ACTIONS[1:5].tolist()]
    assert rollout.valid.all()


def test_start_i_dreams_with_the_noise_of_seed_plus_i():
    three, last = roll([Start(0, 2), Start(0, 3), Start(0, 5)], seed=7)[0], roll([Start(0, 5)], seed=9)[0]
    assert torch.equal(three.dreamt[2], last.dreamt[0])
    assert not torch.equal(last.dreamt, roll([Start(0, 5)], seed=8)[0].dreamt)


def test_many_starts_are_dreamt_64_at_a_time():
    told: list[int] = []
    first, second = roll([Start(0, 2 + i % 7) for i in range(70)], told=told)
    assert (len(first.starts), len(second.starts)) == (64, 6)
    assert told == [64] * 4 + [6] * 4
    assert torch.equal(second.dreamt[5], roll([Start(0, 2 + 69 % 7)], seed=69)[0].dreamt[0])
    assert first.seconds > 0
