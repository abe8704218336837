"""A lap of CarRacing, and a driver, to collect play with: `collect drive:Lap-v0 --policy python:drive:follow`.

`Lap-v0` is CarRacing-v3 with its five discrete actions, from where the opening zoom of the camera ends: nobody steers
during that second, and a world that is fitted for an hour would spend its time on it.
"""

from itertools import count
from typing import Any

import gymnasium
import numpy as np

ZOOM = 50  # steps of the game, a second
AHEAD = (0.53, 0.63)  # from the top of the frame: just before the car
SLACK = 0.05  # of the width
GREY = 20  # levels by which red and green of the road differ at most; grass is green
turns = count(1)


class Lap(gymnasium.Wrapper[np.ndarray, int, np.ndarray, int]):
    """CarRacing without its first second."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """The first frame that shows the road at full size, and the infos of the game."""
        frame, info = self.env.reset(seed=seed, options=options)
        for _ in range(ZOOM):
            frame, *_, info = self.env.step(0)
        return frame, info


def lap(render_mode: str | None = None) -> Lap:
    """A game of CarRacing that begins after its zoom."""
    return Lap(gymnasium.make("CarRacing-v3", continuous=False, render_mode=render_mode))


def follow(frame: np.ndarray) -> int:
    """The action for a frame `(H, W, 3)`: right (1) or left (2), to where the road goes; each third time gas (3)."""
    if next(turns) % 3 == 0:
        return 3
    height, width, _ = frame.shape
    red, green, _ = np.moveaxis(frame[int(AHEAD[0] * height) : int(AHEAD[1] * height)].astype(int), 2, 0)
    columns = np.nonzero(np.abs(green - red) < GREY)[1]
    aside = columns.mean() / width - 0.5 if len(columns) else 0.0
    return 1 if aside > SLACK else 2 if aside < -SLACK else 0


if "Lap-v0" not in gymnasium.registry:
    gymnasium.register("Lap-v0", entry_point="drive:lap")
