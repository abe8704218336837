"""Whole real games, played by any policy in parallel: where an agent's score comes from.

Every game that is begun counts. Counting those that end first, as is quickly done with parallel games, would prefer
the short ones, and in most of Atari's games those are the bad ones.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from gym_diamond.collection.policies import Policy
from gym_diamond.errors import InvalidArgument


class Games(Protocol):
    """N games with the interface of `gym_diamond.envs.atari.RealAtari`."""

    num_envs: int

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]: ...

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]: ...


class PlayedGame(NamedTuple):
    """One game."""

    score: float  # the game's own
    signs: float  # the sum of its rewards' signs, which is what dreams pay
    steps: int  # agent steps
    whole: bool  # False = cut off by `max_steps`


def play_games(
    games: Games,
    policy: Policy,
    num_games: int,
    seed: int,
    max_steps: int | None = None,
    advance: Callable[[int], object] = lambda games: None,
) -> list[PlayedGame]:
    """`num_games` games in the order in which they were begun. Equal seeds and numbers of rows give equal games.

    Args:
        games: N rows; a row that has ended its game begins the next.
        policy: with memory for N rows.
        num_games: at least 1.
        seed: of the games and of the policy's draws.
        max_steps: agent steps after which a game is cut off and its score so far taken; None = the emulator's own
            limit of half an hour, 27,000 steps.
        advance: told the games that have ended, after each step that ended some.

    Raises:
        InvalidArgument: a number is below 1.
    """
    for name, value in (("num_games", num_games), ("max_steps", max_steps)):
        if value is not None and value < 1:
            raise InvalidArgument(f"{name} is {value}; it must be at least 1.")
    N, rng = games.num_envs, np.random.default_rng(seed)
    frames, _ = games.reset(seed=seed)
    policy.begin(np.arange(N))
    game = np.arange(N)  # which each row is playing
    playing = game < num_games
    next_game = min(N, num_games)
    played: dict[int, PlayedGame] = {}
    score, signs, steps = np.zeros(N), np.zeros(N), np.zeros(N, np.int64)
    while playing.any():
        rows, actions = np.flatnonzero(playing), np.zeros(N, np.int64)  # who has played enough does nothing
        actions[rows] = policy.act(rows, frames[rows], rng)
        frames, rewards, terminated, truncated, _ = games.step(actions)
        score, signs, steps = score + rewards, signs + np.sign(rewards), steps + 1
        over = terminated | truncated
        late = playing & ~over & (steps >= (max_steps or np.inf))
        ended = np.flatnonzero(playing & (over | late))
        for row in ended:
            played[int(game[row])] = PlayedGame(float(score[row]), float(signs[row]), int(steps[row]), bool(over[row]))
            playing[row], game[row] = next_game < num_games, next_game
            next_game += int(playing[row])
        if len(ended):
            policy.begin(ended)
            score[ended], signs[ended], steps[ended] = 0, 0, 0
            advance(len(ended))
        if late.any():
            frames, _ = games.reset(options={"reset_mask": late})
    return [played[number] for number in range(num_games)]
