"""A picture of real frames, dreamt frames and their difference: what the numbers mean, to the eye."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from gym_diamond.evaluation.figures.canvas import BAR
from gym_diamond.evaluation.figures.pairs import pairs
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
    shown = pairs(rollouts, chosen[:NUM_STRIPS])
    marks = [mark for mark in MARKS if mark < len(shown[0].real)]
    blocks = [_block([frames[marks] for frames in pair]) for pair in shown]
    height, width = blocks[0].shape[:2]
    columns = min(2, len(blocks))
    rows = -(-len(blocks) // columns)
    size = (columns * (LEFT + width + GAP), rows * (TOP + height + GAP))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for i, (start, block) in enumerate(zip(chosen, blocks, strict=False)):
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


def _block(rows: Sequence[np.ndarray]) -> np.ndarray:
    """The rows of frames `(M, H, W, 3)` under each other, enlarged and with white seams: `(R*H, M*W, 3)`."""
    grid = np.pad(np.stack(rows), ((0, 0), (0, 0), (0, SEAM), (0, SEAM), (0, 0)), constant_values=MAX_LEVEL)
    R, M, H, W, C = grid.shape
    block = grid.transpose(0, 2, 1, 3, 4).reshape(R * H, M * W, C)  # (R, M, H, W, 3) -> (R*H, M*W, 3)
    return np.ascontiguousarray(block.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))
