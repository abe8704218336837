"""Real games as the rows of a rollout: what the agent learns from without a world model."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from agents.seeded_games import SeededGames
from gym_diamond.frames import to_obs


class RealStep(NamedTuple):
    """What one step of N real games brought."""

    obs: Tensor  # (N, C, H, W) what the next action answers
    reward: Tensor  # (N,) float32, the sign of the game's own
    terminated: Tensor  # (N,) bool, a life was lost or the game
    truncated: Tensor  # (N,) bool, the emulator cut the game off
    final_obs: Tensor  # (N, C, H, W) what the action led to


class RealRows:
    """N real games on a device. To the agent a lost life is an end, as in the reference, though the game goes on."""

    def __init__(self, games: SeededGames, device: torch.device) -> None:
        self._games = games
        self._device = device

    @property
    def obs(self) -> Tensor:
        """The current obs `(N, C, H, W)`."""
        return self._obs(self._games.frames)

    def step(self, action: Tensor) -> RealStep:
        """What `action` `(N,)` int64 brought in every row; what is over has begun anew."""
        step = self._games.step(action.cpu().numpy())
        return RealStep(
            obs=self.obs,
            reward=torch.from_numpy(np.sign(step.rewards).astype(np.float32)).to(self._device),
            terminated=torch.from_numpy(step.life_lost | step.terminated).to(self._device),
            truncated=torch.from_numpy(step.truncated & ~step.terminated).to(self._device),
            final_obs=self._obs(step.led_to),
        )

    def tensors(self) -> dict[str, Tensor]:
        """All that brings these games back, by name."""
        return self._games.tensors()

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors()` gave.

        Raises:
            KeyError: a tensor is missing.
            InvalidRun: the games cannot be brought back.
        """
        self._games.load_tensors(tensors)

    def _obs(self, frames: np.ndarray) -> Tensor:
        return to_obs(torch.from_numpy(frames).to(self._device))
