"""Dreams are held against what happened frame by frame, action by action."""

import numpy as np
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.held_out import Start
from gym_diamond.evaluation.rollout import Rollout, rollouts
from tests.fakes import CountingWorld, flat_frames

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
