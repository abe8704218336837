"""A picture of real frames, dreamt frames and their difference: what the numbers mean, to the eye."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from gym_diamond.evaluation.figures.canvas import BAR
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.frames import MAX_LEVEL

NUM_STRIPS = 6
MARKS = (1, 5, 10, 15, 30, 50)  # frames after the start
ROWS = ("real", "dream", "differ")
ZOOM, SEAM, GAP, LEFT, TOP = 2, 1, 12, 48, 18  # pixels, but for the zoom


def draw_strips(rollouts: Sequence[Rollout], chosen: Sequence[int], lost: np.ndarray | None = None) -> Image.Image:
    """Six starts in two columns; each has a row of real frames, a row of dreamt ones and one of their difference.

    Args:
        rollouts: the dreams.
        chosen: which of all starts are shown, the first six of these.
        lost: `(S, N)` bool, the dreamt frames that lack the ball of the real ones, which get an orange frame; None
            where no ball is looked for.
    """
    pairs = [pair for rollout in rollouts for pair in zip(rollout.real, rollout.dreamt, strict=True)]
    marks = [mark for mark in MARKS if mark < len(pairs[0][0])]
    shown = chosen[:NUM_STRIPS]
    blocks = [_block(*(frames[marks].numpy() for frames in pairs[i])) for i in shown]
    height, width = blocks[0].shape[:2]
    columns = min(2, len(blocks))
    rows = -(-len(blocks) // columns)
    size = (columns * (LEFT + width + GAP), rows * (TOP + height + GAP))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for i, (start, block) in enumerate(zip(shown, blocks, strict=True)):
        x, y = i % columns * (LEFT + width + GAP) + LEFT, i // columns * (TOP + height + GAP) + TOP
        picture.paste(Image.fromarray(block), (x, y))
        cell, line = width // len(marks), height // len(ROWS)
        for j, mark in enumerate(marks):
            pen.text((x + j * cell, y - TOP + 3), f"frame {mark}" if j == 0 else str(mark), fill="black")
            if lost is not None and lost[start, mark - 1]:
                corner = (x + j * cell, y + line)
                pen.rectangle((*corner, corner[0] + cell - 3, corner[1] + line - 3), outline=BAR, width=2)
        for j, name in enumerate(ROWS):
            pen.text((x - LEFT + 4, y + j * line + 4), name, fill="black")
    return picture


def coloured(frames: np.ndarray) -> np.ndarray:
    """`frames` `(..., H, W, C)` in three channels: the first three, or the first as grey."""
    return frames[..., :3] if frames.shape[-1] >= 3 else frames[..., :1].repeat(3, axis=-1)


def _block(real: np.ndarray, dreamt: np.ndarray) -> np.ndarray:
    """Three rows `(3*H, M*W, 3)`, enlarged and with white seams, of frames `(M, H, W, C)` each."""
    difference = np.abs(real.astype(np.int16) - dreamt.astype(np.int16)).astype(np.uint8)
    grid = coloured(np.stack([real, dreamt, difference]))  # (3, M, H, W, 3)
    grid = np.pad(grid, ((0, 0), (0, 0), (0, SEAM), (0, SEAM), (0, 0)), constant_values=MAX_LEVEL)
    R, M, H, W, C = grid.shape
    block = grid.transpose(0, 2, 1, 3, 4).reshape(R * H, M * W, C)  # (3, M, H, W, 3) -> (3*H, M*W, 3)
    return np.ascontiguousarray(block.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))
