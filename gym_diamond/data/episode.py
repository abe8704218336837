"""One stretch of real play, the unit in which play is collected, stored and held out."""

import hashlib
from typing import NamedTuple

import numpy as np


class Episode(NamedTuple):
    """A stretch of play of T actions, which saw T+1 frames. Actions of several parts have A of them (`choices.py`)."""

    frames: np.ndarray  # (T+1, H, W, C) uint8
    actions: np.ndarray  # (T,) or (T, A) int64; actions[t] led from frames[t] to frames[t+1]
    rewards: np.ndarray  # (T,) float32, unclipped
    terminated: bool  # it ended with a lost life or with the game
    truncated: bool  # it was cut: by the clock, by the budget of steps, by a hand on Ctrl-C
    game_over: bool  # the game itself ended, not merely a life
    policy: str  # who played


def digest(episode: Episode) -> str:
    """The SHA-256, in hexadecimal, of all that was played: equal for equal episodes, whoever played them."""
    sha = hashlib.sha256()
    sha.update(repr((episode.frames.shape, episode.terminated, episode.truncated, episode.game_over)).encode())
    sha.update(np.ascontiguousarray(episode.frames, dtype=np.uint8).data)
    sha.update(np.ascontiguousarray(episode.actions, dtype="<i8").data)
    sha.update(np.ascontiguousarray(episode.rewards, dtype="<f4").data)
    return sha.hexdigest()
