"""Dreams that are stepped like the real game beside them: frames, signs of rewards, and ends where they are likely.

However the world was loaded, the likeliest reward and end count (as with `reward_mode` and `end_mode` "mode"): what is
measured is what a world believes, not how a draw fell. An end is reported and nothing more, so the caller decides
whether a dream goes on.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from gym_diamond.data.contexts import ContextBank
from gym_diamond.frames import to_frames
from gym_diamond.noise import seed_key
from gym_diamond.world_models.protocol import Context, WorldModel


class Step(NamedTuple):
    """What one action brought in each row."""

    frames: np.ndarray  # (R, H, W, C) uint8
    rewards: np.ndarray  # (R,) float64: -1, 0 or 1
    over: np.ndarray  # (R,) bool: a life was lost, or the game is over


class Playable(Protocol):
    """Many rows that take actions: real games, or dreams."""

    def step(self, actions: np.ndarray) -> Step:
        """What the actions `(R,)` int64 brought."""
        ...


class Course(NamedTuple):
    """What a sequence of actions brought in each row."""

    frames: np.ndarray  # (R, K, H, W, C) uint8
    rewards: np.ndarray  # (R, K) float64: -1, 0 or 1
    over: np.ndarray  # (R, K) bool: in this step a life was lost, or the game ended

    @property
    def alive(self) -> np.ndarray:
        """Which steps `(R, K)` bool nothing was over before."""
        return np.cumsum(self.over, axis=1) - self.over == 0


class Dreams:
    """R dreams of one world.

    Args:
        world: what dreams.
        contexts: the R slices of play from which they start.
        seeds: R; a row has the noise of that seed, from its first number on.
    """

    @torch.no_grad()
    def __init__(self, world: WorldModel[Any, Any], contexts: ContextBank, seeds: Sequence[int]) -> None:
        self._world = world
        self._state = world.reset(Context(*contexts.tensors(device=world.device)))
        self._keys = torch.tensor([seed_key(seed) for seed in seeds], device=world.device)  # (R, 2)
        self._counter = torch.zeros(len(seeds), dtype=torch.int64, device=world.device)
        self._signs = np.sign(world.spec.reward_values)  # (K,)

    @torch.no_grad()
    def step(self, actions: np.ndarray) -> Step:
        """What the actions `(R,)` brought; a dream that is over goes on all the same."""
        noise = self._world.draw(self._keys, self._counter)
        action = torch.from_numpy(actions.astype(np.int64)).to(self._world.device)
        self._state, transition = self._world.step(self._state, action, noise)
        self._counter = self._counter + 1
        return Step(
            to_frames(transition.obs).cpu().numpy(),
            self._signs[transition.reward_probs.argmax(dim=1).cpu().numpy()],
            (transition.end_prob > 0.5).cpu().numpy(),
        )


def follow(rows: Playable, actions: np.ndarray) -> Course:
    """What the `actions` `(R, K)` bring, one after the other, whatever is seen."""
    steps = [rows.step(taken) for taken in actions.T]
    return Course(*(np.stack(leaves, axis=1) for leaves in zip(*steps, strict=True)))  # K x (R, ...) -> (R, K, ...)
