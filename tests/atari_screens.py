"""Screens of Breakout and Pong as the emulator draws them, 210 by 160, and the frames that they are shrunk to."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

GREY, RED, WHITE = (142, 142, 142), (200, 72, 72), (236, 236, 236)
BRICKS = (RED, (198, 108, 58), (180, 122, 48), (162, 162, 42), (72, 160, 72), (66, 72, 200))
ORANGE, GREEN = (213, 130, 74), (92, 186, 92)


def breakout(
    *balls: tuple[int, int],
    gone: Iterable[tuple[int, int]] = (),
    paddle: tuple[int, int] = (72, 88),
    fade: float = 1.0,
) -> np.ndarray:
    """A screen `(210, 160, 3)` uint8 of Breakout.

    Args:
        balls: the (top, left) emulated pixel of each; one is 4 high and 2 wide and hidden by bricks and walls.
        gone: the bricks that were hit, (row, column) of 6 by 18.
        paddle: its first column and the one after its last.
        fade: what is left of the balls' brightness.
    """
    screen = np.zeros((210, 160, 3), np.uint8)
    for top, left in balls:
        for y in range(top, top + 4):
            colour = GREY if y < 57 else RED if y >= 93 else BRICKS[(y - 57) // 6]
            screen[y, left : left + 2] = np.rint(fade * np.array(colour))
    lost = set(gone)
    for row, colour in enumerate(BRICKS):
        for column in range(18):
            if (row, column) not in lost:
                screen[57 + 6 * row : 63 + 6 * row, 8 + 8 * column : 16 + 8 * column] = colour
    screen[17:32] = screen[32:189, :8] = screen[32:189, 152:] = GREY
    screen[5:15, 36:48] = screen[5:15, 100:112] = GREY  # the score and the lives
    screen[189:196, :8], screen[189:195, 152:] = (66, 158, 130), RED
    screen[189:193, slice(*paddle)] = RED
    return screen


def pong(*balls: tuple[int, int], left: int | None = 100, right: int | None = 100) -> np.ndarray:
    """A screen of Pong; each paddle is 16 high and begins at the row that is given, or is not there."""
    screen = np.full((210, 160, 3), (144, 72, 17), np.uint8)
    screen[1:21, 36:48], screen[1:21, 116:128] = ORANGE, GREEN  # the score
    if left is not None:
        screen[left : left + 16, 16:20] = ORANGE
    if right is not None:
        screen[right : right + 16, 140:144] = GREEN
    for top, column in balls:
        screen[top : top + 4, column : column + 2] = WHITE
    screen[24:34] = screen[194:] = WHITE
    return screen


def frame(*screens: np.ndarray) -> Tensor:
    """The frame `(64, 64, 3)` uint8 that an agent sees of screens that follow each other: their maximum, shrunk."""
    picture = np.maximum.reduce(screens).astype(np.float64)
    return torch.from_numpy(np.rint(_averaged(_averaged(picture).swapaxes(0, 1)).swapaxes(0, 1)).astype(np.uint8))


def _averaged(picture: np.ndarray) -> np.ndarray:
    """The means of 64 equal stretches of axis 0: differences of the sum of all that is above an edge."""
    length = len(picture)
    above = np.concatenate([np.zeros_like(picture[:1]), picture.cumsum(axis=0)])  # (length + 1, ...)
    edges = np.arange(65) * length
    whole, part = edges // 64, edges % 64 / 64
    sums = above[whole] + part[:, None, None] * picture[np.minimum(whole, length - 1)]
    return np.diff(sums, axis=0) * 64 / length


def middle(top: float, left: float) -> tuple[float, float]:
    """Where in a frame the middle of a ball is, (y, x); the middle of the first pixel is (0, 0)."""
    return (top + 2) * 64 / 210 - 0.5, (left + 1) * 64 / 160 - 0.5
