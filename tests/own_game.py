"""A ten-line game of one's own, of which everything is known: a dot walks along five cells, and pays at either end."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Space


class Dot(gymnasium.Env):
    """The dot stands in the cell of its brightness (10 x cell, the rest 0) and moves left or right. It begins in cell
    1, 2 or 3, by the seed; cell 4 pays 0.5 and ends it, cell 0 pays -0.1 and goes on."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    observation_space = Box(0, 255, (8, 10, 3), np.uint8)
    action_space: Space = Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.cell = int(self.np_random.integers(1, 4))
        return self.render(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.cell = max(0, self.cell + (1 if action else -1))
        return self.render(), {0: -0.1, 4: 0.5}.get(self.cell, 0.0), self.cell == 4, False, {"odd": object()}

    def render(self) -> np.ndarray:
        picture = np.zeros((8, 10, 3), np.uint8)
        picture[:, 2 * self.cell : 2 * self.cell + 2] = 10 * self.cell
        return picture

    def get_action_meanings(self) -> list[str]:
        return ["LEFT", "RIGHT"]


class Wheel(Dot):
    """The same, but that the number 1 of a Box action moves it and the rest only pays."""

    action_space = Box(np.array([-1, 0], np.float32), np.array([1, 1], np.float32))

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        frame, reward, *rest = super().step(int(action[0] > 0))
        return frame, reward + float(action[1]), *rest


class Blind(Dot):
    """The same, but that it is observed as a number, and its actions count from 5."""

    observation_space = Discrete(5)
    action_space = Discrete(2, start=5)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        return self.cell, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        _, *rest = super().step(action - 5)
        return self.cell, *rest


class Pair(Dot):
    """The same, but that the second part of its action moves it and the first pays its number."""

    action_space = MultiDiscrete([3, 2])

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        frame, reward, *rest = super().step(int(action[1]))
        return frame, reward + float(action[0]), *rest


def right(frame: np.ndarray) -> int:
    """A policy: always to the right."""
    return 1


for name, env in {"Dot": Dot, "Wheel": Wheel, "Blind": Blind, "Pair": Pair}.items():
    gymnasium.register(f"{name}-v0", env, max_episode_steps=20)
