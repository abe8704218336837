"""A driver for CarRacing-v3 with {"continuous": false}, to collect play with: --policy python:drive:follow."""

from itertools import count

import numpy as np

AHEAD = slice(34, 40)  # rows of a 64x64 frame, just before the car
MIDDLE, SLACK = 32, 3  # columns
GREY = 20  # levels by which red and green of the road differ at most; grass is green
turns = count(1)


def follow(frame: np.ndarray) -> int:
    """The action for a frame `(64, 64, 3)`: right (1) or left (2), to where the road goes; each third time gas (3)."""
    if next(turns) % 3 == 0:
        return 3
    red, green = frame[AHEAD, :, 0].astype(int), frame[AHEAD, :, 1].astype(int)
    columns = np.nonzero(np.abs(green - red) < GREY)[1]
    aim = columns.mean() if len(columns) else MIDDLE
    return 1 if aim > MIDDLE + SLACK else 2 if aim < MIDDLE - SLACK else 0
