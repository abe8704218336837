"""Real games come back exactly from their seeds and actions, and the collector goes on as if it had never stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from agents.collector import Collector
from agents.policy import make_policy
from agents.real_rows import RealRows
from agents.seeded_games import SeededGames
from gym_diamond.data.growing import GrowingStore, end_to_end
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidRun
from gym_diamond.world_models.protocol import WorldSpec

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


@contextmanager
def games(num_envs: int, seed: int = 0) -> Iterator[SeededGames]:
    envs = RealAtari("Breakout", num_envs)
    yield SeededGames(envs, seed, "test")
    envs.close()


def play(rows: SeededGames, actions: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    return [rows.step(action) for action in actions]


def test_rows_come_back_in_the_middle_of_their_games_and_end_alike() -> None:
    """FIRE only loses every ball: the first row's game is over soon, the others' are not."""
    rng = np.random.default_rng(0)
    actions = rng.integers(4, size=(240, 3))
    actions[:, 0] = 1
    with games(3) as rows, games(3) as others:
        ends = [terminated for *_, terminated, _ in play(rows, actions[:200])]
        assert np.sum(ends, axis=0).tolist()[0] >= 1, "the rows are in games of different length"
        others.load_tensors(rows.tensors())
        assert np.array_equal(rows.frames, others.frames)
        for one, other in zip(play(rows, actions[200:]), play(others, actions[200:]), strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
        assert all(torch.equal(value, others.tensors()[name]) for name, value in rows.tensors().items())


def test_a_game_is_the_same_whatever_was_played_before_it() -> None:
    """One row loses its first game by FIRE alone, the other by FIRE and LEFT; their second games have equal seeds."""

    def second_game(last: int) -> tuple[np.ndarray, list[np.ndarray]]:
        with games(1) as rows:
            step = 0
            while not rows.step(np.array([1 if step % 2 else last]))[3][0]:
                step += 1
            start = rows.frames.copy()
            return start, [rows.step(np.array([action]))[0] for action in (1, 2, 2, 3, 0, 1)]

    (one, ones), (other, others) = second_game(1), second_game(3)
    assert np.array_equal(one, other)
    assert np.array_equal(ones, others)


def test_games_that_do_not_come_back_are_refused() -> None:
    with games(1) as rows, games(2) as two:
        play(rows, np.ones((5, 1), int))
        tensors = rows.tensors()
        with pytest.raises(InvalidRun, match="has 1 real games; this run has 2"):
            two.load_tensors(tensors)
        with pytest.raises(InvalidRun, match="does not bring the saved games back"):
            rows.load_tensors(tensors | {"frames": tensors["frames"] // 2})


def test_to_the_agent_a_lost_life_is_an_end_and_a_reward_its_sign() -> None:
    with games(2) as seeded:
        rows = RealRows(seeded, torch.device("cpu"))
        ends, before = 0, rows.obs
        for _ in range(120):
            step = rows.step(torch.tensor([1, 1]))
            ends += int(step.terminated.sum())
            assert set(step.reward.tolist()) <= {-1.0, 0.0, 1.0}
            assert step.obs.shape == step.final_obs.shape == before.shape == (2, 3, 64, 64)
        assert ends >= 4
        assert not step.truncated.any()


def collector(rows: SeededGames) -> Collector:
    return Collector(rows, make_policy(SPEC, (4, 4), 8), epsilon=0.3, seed=5)


def test_what_is_collected_does_not_hang_on_how_often_one_stops() -> None:
    with games(1) as one, games(1) as other, games(1) as third:
        whole = collector(one).collect(150)
        first = collector(other)
        parts = [first.collect(40), first.collect(33)]
        second = collector(third)
        second.load_tensors(first.tensors())
        parts.append(second.collect(77))
    assert all(np.array_equal(a, b) for a, b in zip(whole, end_to_end(parts), strict=True))
    assert whole.terminated.any()
    assert whole.is_first.sum() >= 2


def test_collected_episodes_end_with_lives_and_the_next_begins_with_the_frame_after() -> None:
    with games(1) as rows:
        found = collector(rows).collect(400)
    assert found.num_transitions == 400
    begins = np.flatnonzero(found.is_first)
    assert begins[0] == 0
    assert found.terminated[begins[1:] - 1].all(), "only an end, here, begins the next episode"
    assert found.game_over.sum() == 1
    lives = begins[1:][~found.game_over[begins[1:] - 1]]
    assert np.array_equal(found.frames[lives], found.frames[lives - 1]), "the game went on"
    store = GrowingStore((64, 64, 3), 500)
    store.append(found)
    assert [episode.terminated for episode in store.episodes("agent")][:-1] == [True] * (len(begins) - 1)
