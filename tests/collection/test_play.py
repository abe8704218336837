"""From games to episodes, on a fake whose every frame, reward and end is known."""

from itertools import pairwise

import numpy as np
import pytest

from gym_diamond.collection.play import play
from gym_diamond.errors import InvalidArgument


class CountingGames:
    """Games whose frames count steps, whose rewards are the actions; a life is lost every 3rd step, the 6th is the
    last. Frames of row i are 100 i higher."""

    def __init__(self, num_envs: int, truncates: bool = False) -> None:
        self.num_envs = num_envs
        self._truncates = truncates

    def _frames(self, count: int) -> np.ndarray:
        levels = np.arange(self.num_envs) * 100 + count
        return np.broadcast_to(levels[:, None, None, None], (self.num_envs, 2, 2, 3)).astype(np.uint8)

    def reset(self, *, seed: int):
        self._count = 0
        return self._frames(0), {}

    def step(self, actions: np.ndarray):
        self._count += 1
        over = np.full(self.num_envs, self._count == 6)
        none = np.zeros(self.num_envs, np.bool_)
        info = {"life_lost": np.full(self.num_envs, self._count == 3)}
        if over.any():
            info |= {"final_obs": list(self._frames(6)), "_final_obs": over}
            self._count = 0
        ends = (none, over) if self._truncates else (over, none)
        return self._frames(self._count), actions.astype(np.float64), *ends, info


class Constant:
    def __init__(self, action: int) -> None:
        self.name, self.action, self.begun = f"always {action}", action, []

    def begin(self, rows: np.ndarray) -> None:
        self.begun += rows.tolist()

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert len(frames) == len(rows)
        return np.full(len(rows), self.action)


def _play(env, policies, weights, num_steps, proceed=lambda num_steps: True):
    return list(play(env, policies, weights, num_steps, 0, proceed))


def _levels(episode) -> list[int]:
    return episode.frames[:, 0, 0, 0].tolist()


def test_a_lost_life_ends_an_episode_and_the_next_begins_with_the_same_frame():
    one, two, three = _play(CountingGames(1), [Constant(2)], [1], 8)
    assert [_levels(episode) for episode in (one, two, three)] == [[0, 1, 2, 3], [3, 4, 5, 6], [0, 1, 2]]
    assert one.actions.tolist() == [2, 2, 2]
    assert one.rewards.tolist() == [2.0, 2.0, 2.0]
    assert (one.terminated, one.truncated, one.game_over) == (True, False, False)
    assert (two.terminated, two.truncated, two.game_over) == (True, False, True)


def test_what_the_budget_cuts_is_truncated_and_not_terminated():
    *_, last = _play(CountingGames(1), [Constant(2)], [1], 8)
    assert (last.terminated, last.truncated, last.game_over) == (False, True, False)


def test_what_the_emulators_clock_cuts_is_truncated_with_its_own_last_frame():
    _, two = _play(CountingGames(1, truncates=True), [Constant(2)], [1], 6)
    assert (two.terminated, two.truncated, two.game_over) == (False, True, False)
    assert _levels(two) == [3, 4, 5, 6]


def test_rows_are_played_side_by_side_and_never_mixed():
    episodes = _play(CountingGames(2), [Constant(0)], [1], 12)
    assert [_levels(episode) for episode in episodes] == [
        [0, 1, 2, 3],
        [100, 101, 102, 103],
        [3, 4, 5, 6],
        [103, 104, 105, 106],
    ]


def test_the_budget_is_rounded_up_to_a_multiple_of_the_games():
    assert sum(len(episode.actions) for episode in _play(CountingGames(4), [Constant(0)], [1], 10)) == 12


def test_weights_are_shares_of_the_steps_and_an_episode_has_one_player():
    policies = [Constant(0), Constant(1), Constant(2)]
    episodes = _play(CountingGames(4), policies, [6, 3, 1], 12_000)
    played = {policy.name: 0 for policy in policies}
    for episode in episodes:
        assert len(set(episode.actions.tolist())) == 1
        assert episode.policy == f"always {episode.actions[0]}"
        played[episode.policy] += len(episode.actions)
    assert [count / 12_000 for count in played.values()] == pytest.approx([0.6, 0.3, 0.1], abs=0.005)


def test_a_policy_of_weight_zero_never_plays():
    assert {episode.policy for episode in _play(CountingGames(2), [Constant(0), Constant(1)], [0, 1], 60)} == {
        "always 1"
    }


def test_a_policy_is_told_of_every_episode_it_gets():
    policy = Constant(0)
    _play(CountingGames(2), [policy], [1], 12)
    assert policy.begun == [0, 1, 0, 1, 0, 1]


def test_play_stops_when_told_and_keeps_what_runs():
    told = []

    def proceed(num_steps: int) -> bool:
        told.append(num_steps)
        return len(told) < 4

    one, two, *rest = _play(CountingGames(2), [Constant(0)], [1], 1000, proceed)
    assert told == [2, 2, 2, 2]
    assert [len(one.actions), len(two.actions)] == [3, 3]
    assert [(len(cut.actions), cut.truncated) for cut in rest] == [(1, True), (1, True)]


def test_consecutive_episodes_of_a_row_share_no_memory():
    episodes = _play(CountingGames(1), [Constant(0)], [1], 30)
    assert not any(np.shares_memory(a.frames, b.frames) for a, b in pairwise(episodes))


@pytest.mark.parametrize("weights", [[1.0], [0.0, 0.0], [-1.0, 2.0]])
def test_weights_that_are_no_shares_are_refused(weights: list[float]):
    with pytest.raises(InvalidArgument, match="weight"):
        _play(CountingGames(1), [Constant(0), Constant(1)], weights, 8)


def test_a_game_that_is_over_in_the_step_of_its_time_limit_is_over():
    class Both(CountingGames):
        def step(self, actions: np.ndarray):
            frames, rewards, over, _, info = super().step(actions)
            return frames, rewards, over, over, info

    _, second, *_ = _play(Both(1), [Constant(2)], [1], 8)
    assert (second.terminated, second.truncated, second.game_over) == (True, False, True)
