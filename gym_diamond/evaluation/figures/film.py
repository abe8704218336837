"""Real play beside its dreams, as a GIF: what a person looks at before any number."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from gym_diamond.evaluation.figures.pairs import Pair, pairs
from gym_diamond.evaluation.rollout import Rollout

MAX_FRAMES = 60  # four seconds of Atari
MAX_BYTES = 2**20
SIZES = ((4, 32), (2, 32), (1, 32), (1, 16))  # starts and colours, tried in turn: noise takes many bytes
REST = 1500  # milliseconds on the last frame
ZOOM, SEAM, GAP, TOP = 2, 2, 14, 32  # pixels, but for the zoom


def film(rollouts: Sequence[Rollout], chosen: Sequence[int], fps: int) -> bytes:
    """An endless GIF of pairs of real and dreamt play, two pairs in a row, with a counter of frames.

    Args:
        rollouts: the dreams.
        chosen: which of all starts are shown, the first four of these; fewer where the GIF would exceed `MAX_BYTES`.
        fps: frames a second.
    """
    shown = pairs(rollouts, chosen[: SIZES[0][0]])
    data = b""
    for num, colours in SIZES:
        data = _encoded(pages(shown[:num]), fps, colours)
        if len(data) <= MAX_BYTES:
            break
    return data


def pages(shown: Sequence[Pair]) -> list[Image.Image]:
    """A picture for each frame, the last one that the dreams were shown first."""
    return [_page(shown, t) for t in range(min(len(shown[0].real), MAX_FRAMES + 1))]


def _page(shown: Sequence[Pair], frame: int) -> Image.Image:
    height, width = (ZOOM * size for size in shown[0].real.shape[1:3])
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    across, down = 2 * width + SEAM + GAP, height + GAP
    page = Image.new("RGB", (columns * across + GAP, rows * down + TOP), "white")
    pen = ImageDraw.Draw(page)
    for column in range(columns):
        pen.text((GAP + column * across, TOP - 14), "real", fill="black")
        pen.text((GAP + column * across + width + SEAM, TOP - 14), "dream", fill="black")
    pen.text((GAP, 3), f"frame {frame}" if frame else "frame 0, the last one shown", fill="black")
    for i, pair in enumerate(shown):
        x, y = GAP + i % columns * across, TOP + i // columns * down
        for j, picture in enumerate((pair.real, pair.dreamt)):
            large = picture[frame].repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
            page.paste(Image.fromarray(large), (x + j * (width + SEAM), y))
    return page


def milliseconds(fps: int) -> int:
    """How long a GIF shows a frame: it counts in hundredths of a second, and what is below two of them is played at
    ten by browsers."""
    return max(20, round(100 / fps) * 10)


def _encoded(images: Sequence[Image.Image], fps: int, colours: int) -> bytes:
    few = [images[i] for i in np.linspace(0, len(images) - 1, 5).astype(int)]
    sample = Image.fromarray(np.concatenate([np.asarray(image) for image in few]))
    palette = sample.quantize(colours, dither=Image.Dither.NONE)  # one for all frames, so that nothing flickers
    first, *others = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    file = io.BytesIO()
    durations = [milliseconds(fps)] * len(others) + [REST]
    first.save(file, format="GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
    return file.getvalue()
