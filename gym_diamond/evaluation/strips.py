"""A picture of real frames, dreamt frames and their difference: what the numbers mean, to the eye."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.frames import MAX_LEVEL

NUM_STRIPS = 8
MARKS = (1, 5, 10, 15, 30, 50)  # frames after the start
ROWS = ("real", "dream", "differ")
ZOOM, SEAM, GAP, LEFT, TOP = 2, 1, 12, 48, 18  # pixels, but for the zoom


def draw_strips(rollouts: Sequence[Rollout]) -> Image.Image:
    """Eight starts in two columns; each has a row of real frames, a row of dreamt ones and one of their difference."""
    pairs = [pair for rollout in rollouts for pair in zip(rollout.real, rollout.dreamt, strict=True)][:NUM_STRIPS]
    marks = [mark for mark in MARKS if mark < len(pairs[0][0])]
    blocks = [_block(real[marks].numpy(), dreamt[marks].numpy()) for real, dreamt in pairs]
    height, width = blocks[0].shape[:2]
    columns = min(2, len(blocks))
    rows = -(-len(blocks) // columns)
    size = (columns * (LEFT + width + GAP), rows * (TOP + height + GAP))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for i, block in enumerate(blocks):
        x, y = i % columns * (LEFT + width + GAP) + LEFT, i // columns * (TOP + height + GAP) + TOP
        picture.paste(Image.fromarray(block), (x, y))
        for j, mark in enumerate(marks):
            pen.text((x + j * width // len(marks), y - TOP + 3), f"frame {mark}" if j == 0 else str(mark), fill="black")
        for j, name in enumerate(ROWS):
            pen.text((x - LEFT + 4, y + j * height // len(ROWS) + 4), name, fill="black")
    return picture


def _block(real: np.ndarray, dreamt: np.ndarray) -> np.ndarray:
    """Three rows `(3*H, M*W, 3)`, enlarged and with white seams, of frames `(M, H, W, C)` each."""
    difference = np.abs(real.astype(np.int16) - dreamt.astype(np.int16)).astype(np.uint8)
    grid = _coloured(np.stack([real, dreamt, difference]))  # (3, M, H, W, 3)
    grid = np.pad(grid, ((0, 0), (0, 0), (0, SEAM), (0, SEAM), (0, 0)), constant_values=MAX_LEVEL)
    R, M, H, W, C = grid.shape
    block = grid.transpose(0, 2, 1, 3, 4).reshape(R * H, M * W, C)  # (3, M, H, W, 3) -> (3*H, M*W, 3)
    return np.ascontiguousarray(block.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))


def _coloured(frames: np.ndarray) -> np.ndarray:
    return frames[..., :3] if frames.shape[-1] >= 3 else frames[..., :1].repeat(3, axis=-1)
