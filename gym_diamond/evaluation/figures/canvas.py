"""The paper that figures are drawn on, and how pictures are stored.

Matplotlib's own objects, never pyplot: that keeps a list of open figures and asks for a screen.
"""

import io
from typing import Any

import numpy as np
from PIL import Image

from gym_diamond.errors import MissingExtra

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra('The figures of a card need Matplotlib: pip install "gym-diamond[train]"') from error

DREAM, COPY, BAR, INK, FAINT = "#1f5fa8", "#8a8a8a", "#c2571a", "#2b2b2b", "#e4e4e4"
DPI = 110
PNG_COLOURS = 128  # enough for lines and letters, and a third of the bytes


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """A figure of `width` x `height` inches and its axes `(rows, columns)`, in the style of all figures."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    axes = np.array(figure.subplots(rows, columns, squeeze=False), dtype=object)
    for axis in axes.flat:
        _style(axis)
    return figure, axes


def picture(figure: Figure) -> Image.Image:
    """What is drawn on `figure`, as an RGB picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())


def png(image: Image.Image) -> bytes:
    """`image` as a PNG file of few colours."""
    file = io.BytesIO()
    image.quantize(PNG_COLOURS, dither=Image.Dither.NONE).save(file, format="PNG", optimize=True)
    return file.getvalue()


def _style(axis: Any) -> None:
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(COPY)
    axis.tick_params(colors=INK, labelsize=9, length=3)
    axis.grid(visible=True, color=FAINT, linewidth=0.8)
    axis.set_axisbelow(True)
