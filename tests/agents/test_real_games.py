"""Playing whole games: every game that is begun counts, and equal seeds give equal games."""

import numpy as np
import pytest

from agents.looking import look
from agents.real_games import PlayedGame, play_games
from gym_diamond.collection.policies import ConstantPolicy, RandomPolicy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from tests.fakes import CountingGames, always_right

ALWAYS_2 = ConstantPolicy(2, "RIGHT")  # it pays 3 a step in the counting games


class Remembering(RandomPolicy):
    """A random policy that keeps which rows it was told to forget, and of how many rows it was asked."""

    def __init__(self) -> None:
        super().__init__(3)
        self.begun: list[int] = []
        self.asked: list[int] = []

    def begin(self, rows: np.ndarray) -> None:
        self.begun += rows.tolist()

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self.asked.append(len(rows))
        return super().act(rows, frames, rng)


def test_scores_are_unclipped_sums_and_signs_beside_them() -> None:
    """The k-th game of a row begins at 10 k and ends at 40: it lasts 30, then 20 steps."""
    games = play_games(CountingGames(2, 40, over=True), ALWAYS_2, 4, seed=0)
    assert games == [PlayedGame(90, 30, 30, True)] * 2 + [PlayedGame(60, 20, 20, True)] * 2


def test_a_look_tells_scores_and_signs_apart() -> None:
    found = look(CountingGames(1, 40, over=True), always_right(), num_games=1, seed=0, max_steps=None)
    assert found == {"real_score": 90.0, "real_signs": 30.0}


def test_a_game_is_cut_off_after_its_steps_and_the_next_begins() -> None:
    games = play_games(CountingGames(1, 200, over=True), ALWAYS_2, 3, seed=0, max_steps=5)
    assert games == [PlayedGame(15, 5, 5, False)] * 3


def test_every_game_that_is_begun_counts_and_no_row_plays_more_than_it_must() -> None:
    policy, told = Remembering(), []
    games = play_games(CountingGames(3, 40, over=True), policy, 4, seed=0, advance=told.append)
    assert [game.steps for game in games] == [30, 30, 30, 20]
    assert policy.asked == [3] * 30 + [1] * 20
    assert policy.begun == [0, 1, 2, 0, 1, 2, 0]
    assert told == [3, 1]


def test_more_rows_than_games_are_no_harm() -> None:
    assert len(play_games(CountingGames(5, 40, over=True), ALWAYS_2, 2, seed=0)) == 2


def test_equal_seeds_give_equal_games_of_the_emulator_and_others_differ() -> None:
    def played(seed: int) -> list[PlayedGame]:
        envs = RealAtari("Breakout", 2)
        games = play_games(envs, RandomPolicy(4), 2, seed, max_steps=120)
        envs.close()
        return games

    assert played(0) == played(0)
    assert played(0) != played(1)


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="num_games is 0"):
        play_games(CountingGames(1), ALWAYS_2, 0, seed=0)
    with pytest.raises(InvalidArgument, match="max_steps is 0"):
        play_games(CountingGames(1), ALWAYS_2, 1, seed=0, max_steps=0)
