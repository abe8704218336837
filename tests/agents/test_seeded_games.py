"""Real games come back exactly from their seeds and actions, and the collector goes on as if it had never stopped."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from agents.collector import Collector
from agents.policy import make_policy
from agents.real_rows import RealRows
from agents.seeded_games import GamesStep, SeededGames
from gym_diamond.data.growing import GrowingStore, Played, end_to_end
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidRun
from gym_diamond.world_models.protocol import WorldSpec
from tests.fakes import CountingGames, always_right

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


@pytest.fixture(scope="module")
def one_row() -> Iterator[RealAtari]:
    envs = RealAtari("Breakout", 1)
    yield envs
    envs.close()


def begun(envs: RealAtari | CountingGames) -> SeededGames:
    return SeededGames(envs, 0, "test")


def play(rows: SeededGames, actions: np.ndarray) -> list[GamesStep]:
    return [rows.step(action) for action in actions]


def test_rows_come_back_in_the_middle_of_their_games_and_end_alike() -> None:
    """FIRE only loses every ball: the first row's game is over soon, the other's is not."""
    actions = np.random.default_rng(0).integers(4, size=(220, 2))
    actions[:, 0] = 1
    envs = RealAtari("Breakout", 2)
    rows = begun(envs)
    ends = [step.terminated for step in play(rows, actions[:200])]
    assert np.sum(ends, axis=0).tolist() == [1, 0], "the rows are in games of different length"
    saved = rows.tensors()
    expected = play(rows, actions[200:])
    again = begun(envs)
    again.load_tensors(saved)
    for one, other in zip(expected, play(again, actions[200:]), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert all(torch.equal(value, again.tensors()[name]) for name, value in rows.tensors().items())
    envs.close()


def test_a_game_is_the_same_whatever_was_played_before_it(one_row: RealAtari) -> None:
    """The first game is lost by FIRE alone, or by FIRE and LEFT; the second has one seed."""

    def second_game(other: int) -> list[np.ndarray]:
        rows, step = begun(one_row), 0
        while not rows.step(np.array([1 if step % 2 else other])).terminated[0]:
            step += 1
        return [rows.frames.copy(), *(rows.step(np.array([action])).led_to for action in (1, 2, 2, 3, 0, 1))]

    assert np.array_equal(second_game(1), second_game(3))


def test_games_that_do_not_come_back_are_refused(one_row: RealAtari) -> None:
    rows = begun(one_row)
    play(rows, np.ones((5, 1), int))
    tensors = rows.tensors()
    with pytest.raises(InvalidRun, match="has 1 real games; this run has 2"):
        begun(CountingGames(2)).load_tensors(tensors)
    with pytest.raises(InvalidRun, match="does not bring the saved games back"):
        rows.load_tensors(tensors | {"frames": tensors["frames"] // 2})


def test_to_the_agent_a_lost_life_is_an_end_and_a_reward_its_sign() -> None:
    """Counting games begin at 10; action 2 pays 3, action 0 takes 3; at 12 a life is lost."""
    rows = RealRows(begun(CountingGames(2, 12)), torch.device("cpu"))
    steps = [rows.step(torch.tensor([2, 0])) for _ in range(3)]
    assert [step.reward.tolist() for step in steps] == [[1, -1]] * 3
    assert [step.terminated.tolist() for step in steps] == [[False] * 2, [True] * 2, [False] * 2]
    assert not any(step.truncated.any() for step in steps)
    counts = [step.obs[:, 0, 0, 0].add(1).mul(127.5).round().tolist() for step in steps]
    assert counts == [[11, 11], [0, 0], [1, 1]]
    assert torch.equal(rows.obs, steps[-1].obs)


def test_to_the_agent_a_lost_game_is_an_end_too(one_row: RealAtari) -> None:
    """FIRE loses the five lives of a game, the last of them with the game."""
    rows, ends = RealRows(begun(one_row), torch.device("cpu")), 0
    while rows.tensors()["game"][0] == 0:
        ends += int(rows.step(torch.tensor([1])).terminated)
    assert ends == 5


def collector(rows: SeededGames) -> Collector:
    return Collector(rows, make_policy(SPEC, (4, 4), 8), epsilon=0.3, seed=5)


@pytest.fixture(scope="module")
def whole(one_row: RealAtari) -> Played:
    return collector(begun(one_row)).collect(260)


def test_what_is_collected_does_not_hang_on_how_often_one_stops(one_row: RealAtari, whole: Played) -> None:
    first = collector(begun(one_row))
    parts, saved = [first.collect(100), first.collect(33)], first.tensors()
    second = collector(begun(one_row))
    second.load_tensors(saved)
    parts.append(second.collect(127))
    assert all(np.array_equal(a, b) for a, b in zip(whole, end_to_end(parts), strict=True))


def test_collected_episodes_end_with_lives_and_the_next_begins_with_the_frame_after(whole: Played) -> None:
    assert whole.num_transitions == 260
    begins = np.flatnonzero(whole.is_first)
    assert begins[0] == 0
    assert whole.terminated[begins[1:] - 1].all(), "only an end, here, begins the next episode"
    assert whole.game_over.sum() == 1
    lives = begins[1:][~whole.game_over[begins[1:] - 1]]
    assert len(lives) >= 4
    assert np.array_equal(whole.frames[lives], whole.frames[lives - 1]), "the game went on"
    store = GrowingStore((64, 64, 3), 300)
    store.append(whole)
    assert [episode.terminated for episode in store.episodes("agent")] == [True] * (len(begins) - 1) + [False]


def test_epsilon_is_the_share_of_the_collected_actions_that_are_drawn() -> None:
    """One of three drawn actions is the one that is played anyway."""
    played = [
        Collector(begun(CountingGames(1)), always_right(), epsilon, seed=5).collect(600) for epsilon in (0.0, 0.3)
    ]
    shares = [float((part.actions[~part.is_first] == 2).mean()) for part in played]
    assert shares == [1.0, pytest.approx(0.7 + 0.3 / 3, abs=0.05)]


def test_who_collects_remembers_nothing_after_a_lost_life_and_something_before() -> None:
    """Counting games begin at 10; at 12 a life is lost."""
    collects = Collector(begun(CountingGames(1, 12)), always_right(), epsilon=0.0, seed=5)
    collects.collect(1)
    assert collects.tensors()["hx"].any()
    collects.collect(1)
    assert not collects.tensors()["hx"].any()
