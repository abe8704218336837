"""Crafter as a Gymnasium env: what wraps a game with the old Gym interface. Needs `pip install crafter`.

Collect from it, from the root of a checkout, with

    gym-diamond collect examples.crafter_env:Crafter-v0 --steps 50000 --dataset crafter/sticky-v0 --policy sticky

Crafter itself is not reproducible: it walks through Python sets of objects, whose order differs from run to run.
"""

from typing import Any

import crafter
import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class Crafter(gymnasium.Env[np.ndarray, int]):
    """Observations are 64x64 frames; a reward of 1 for each first achievement, and 0.1 for each point of health."""

    metadata = {"render_modes": [], "render_fps": 10}  # noqa: RUF012
    observation_space = Box(0, 255, (64, 64, 3), np.uint8)

    def __init__(self) -> None:
        self._game = crafter.Env()
        self.action_space = Discrete(self._game.action_space.n)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self._game = crafter.Env(
            seed=int(self.np_random.integers(2**31 - 1))
        )  # the old interface: a seed is an argument
        return self._game.reset(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        frame, reward, done, info = self._game.step(action)
        died = info["discount"] == 0.0  # the old interface: one flag for death and for the clock
        return frame, float(reward), died, done and not died, {}

    def get_action_meanings(self) -> list[str]:
        return self._game.action_names


gymnasium.register("Crafter-v0", Crafter)
