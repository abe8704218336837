"""A pixel game in 40 lines, to fit a world to: a ball, walls and a paddle. `import squash` registers Squash-v0."""

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

SIZE, BALL, PADDLE = 24, 3, 7  # pixels
NIGHT, ICE, CHALK = (24, 26, 40), (90, 200, 250), (250, 240, 220)


class Squash(gymnasium.Env):
    """Keep the ball up: +1 for each ball that the paddle returns, -1 and the end of the game for one that it misses."""

    metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": 15}
    observation_space = Box(0, 255, (SIZE, SIZE, 3), np.uint8)
    action_space = Discrete(3)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def get_action_meanings(self) -> list[str]:
        return ["NOOP", "LEFT", "RIGHT"]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.ball = self.np_random.integers([2, 0], [12, SIZE - BALL])  # y, x of its upper left corner
        self.speed = np.array([2, self.np_random.choice([-2, -1, 1, 2])])
        self.paddle = int(self.np_random.integers(0, SIZE - PADDLE))
        return self.render(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.paddle = int(np.clip(self.paddle + (0, -3, 3)[action], 0, SIZE - PADDLE))
        self.ball = self.ball + self.speed
        if not 0 <= self.ball[1] <= SIZE - BALL or self.ball[0] < 0:  # a wall: back by the way it came
            self.speed = np.where((self.ball < 0) | (self.ball > SIZE - BALL), -self.speed, self.speed)
            self.ball = np.clip(self.ball, 0, SIZE - BALL)
        reached = self.ball[0] >= SIZE - BALL - 2
        caught = reached and self.paddle - BALL < self.ball[1] < self.paddle + PADDLE
        if caught:
            self.ball[0], self.speed[0] = SIZE - BALL - 2, -self.speed[0]
        return self.render(), float(caught) - float(reached and not caught), reached and not caught, False, {}

    def render(self) -> np.ndarray:
        frame = np.full((SIZE, SIZE, 3), NIGHT, np.uint8)
        frame[SIZE - 2 :, self.paddle : self.paddle + PADDLE] = ICE
        frame[self.ball[0] : self.ball[0] + BALL, self.ball[1] : self.ball[1] + BALL] = CHALK
        return frame


if "Squash-v0" not in gymnasium.registry:
    gymnasium.register("Squash-v0", Squash, max_episode_steps=200)


def follow(frame: np.ndarray) -> int:
    """The action that brings the paddle under the ball."""
    ball = np.nonzero((frame == CHALK).all(axis=2))[1].mean()
    paddle = np.nonzero((frame == ICE).all(axis=2))[1].mean()
    return 0 if abs(ball - paddle) < 2 else 1 if ball < paddle else 2
