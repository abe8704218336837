"""Real games that can be saved and brought back, though the emulator itself can do neither.

Without sticky actions a game is decided by its seed and its actions. So every game of every row begins with a seed of
its own, the actions since are kept, and a game is brought back by playing them again: at most half an hour of play,
some ten seconds of computing.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from agents.real_games import Games
from gym_diamond.envs.atari import MAX_SEED
from gym_diamond.errors import InvalidRun
from gym_diamond.fitting.learner import stream_seed


class GamesStep(NamedTuple):
    """What one step of N games brought."""

    led_to: np.ndarray  # (N, H, W, C) uint8, the frames before any game began anew
    rewards: np.ndarray  # (N,) float64, unclipped
    life_lost: np.ndarray  # (N,) bool, and the game goes on
    terminated: np.ndarray  # (N,) bool, the game is over
    truncated: np.ndarray  # (N,) bool, the emulator cut it off


class SeededGames:
    """N rows of a real game; the g-th game of row r is decided by the seed, r and g, and by its actions.

    Args:
        games: N rows without sticky actions.
        seed: of all their games.
        name: what they are for: games of another name are others.
    """

    def __init__(self, games: Games, seed: int, name: str) -> None:
        self.num_envs = games.num_envs
        self._games, self._seed, self._name = games, seed, name
        self._game = np.zeros(self.num_envs, np.int64)  # the number of the game that each row plays
        self._actions: list[list[int]] = [[] for _ in range(self.num_envs)]  # of that game
        self.frames, _ = games.reset(seed=self._seeds())  # (N, 64, 64, 3) uint8, what the next action answers

    def step(self, actions: np.ndarray) -> GamesStep:
        """What `actions` `(N,)` brought. Rows whose game is over begin the next: `frames` shows it."""
        frames, rewards, terminated, truncated, info = self._games.step(actions)
        for row, action in enumerate(actions.tolist()):
            self._actions[row].append(action)
        led_to, over = frames, terminated | truncated
        if over.any():
            led_to = frames.copy()
            led_to[over] = np.stack(info["final_obs"][over])
            self._game[over] += 1
            for row in np.flatnonzero(over):
                self._actions[row] = []
            frames = self._begin(over)
        self.frames = frames
        return GamesStep(led_to, rewards, info["life_lost"], terminated, truncated)

    def tensors(self) -> dict[str, Tensor]:
        """All that brings these games back, by name."""
        return {
            "game": torch.from_numpy(self._game.copy()),
            "lengths": torch.tensor([len(actions) for actions in self._actions]),
            "actions": torch.tensor([action for actions in self._actions for action in actions], dtype=torch.int64),
            "frames": torch.from_numpy(self.frames.copy()),
        }

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Play the games again of which `tensors()` was taken.

        Raises:
            KeyError: a tensor is missing.
            InvalidRun: there are more or fewer rows, or the emulator does not play as it did then.
        """
        lengths = tensors["lengths"].tolist()
        if len(lengths) != self.num_envs:
            raise InvalidRun(f"the checkpoint has {len(lengths)} real games; this run has {self.num_envs}.")
        self._game = tensors["game"].numpy().copy()
        self._actions = [part.tolist() for part in tensors["actions"].split(lengths)]
        frames, _ = self._games.reset(seed=self._seeds())
        longest = max(lengths)
        begins = longest - np.array(lengths)  # all rows are to arrive at once
        for t in range(longest + 1):
            late = (begins == t) & (t > 0)
            if late.any():
                frames = self._begin(late)
            if t < longest:
                actions = [
                    row[t - begin] if t >= begin else 0 for row, begin in zip(self._actions, begins, strict=True)
                ]
                frames, *_ = self._games.step(np.array(actions))
        if not np.array_equal(frames, tensors["frames"].numpy()):
            raise InvalidRun(
                "the emulator does not bring the saved games back; it is probably another version than the run began "
                "with (pip install of the one before), or another game."
            )
        self.frames = frames

    def _begin(self, rows: np.ndarray) -> np.ndarray:
        """The frames of all rows, after those under the mask `rows` began their game."""
        return self._games.reset(seed=self._seeds(), options={"reset_mask": rows})[0]

    def _seeds(self) -> list[int]:
        names = [f"{self._name}/{row}" for row in range(self.num_envs)]
        return [
            stream_seed(self._seed, name, int(g)) % (MAX_SEED + 1) for name, g in zip(names, self._game, strict=True)
        ]
