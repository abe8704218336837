"""How dreams drift, frame after frame: each measure against repeating the last frame, with 95% bands."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from gym_diamond.evaluation.estimate import estimate
from gym_diamond.evaluation.figures.canvas import BAR, COPY, DREAM, INK, panels, picture


class Curve(NamedTuple):
    """One measure of all dreams and of the baseline, frame by frame."""

    title: str
    dream: np.ndarray  # (S, N), NaN where there is nothing to measure
    copy: np.ndarray  # (S, N)
    owners: np.ndarray  # (S,) the episode of each dream
    share: bool  # of one, not dB


def draw_drift(curves: Sequence[Curve], trusted: int) -> Image.Image:
    """A panel for each measure, over the frames after the start.

    Args:
        curves: at least one; all of N frames.
        trusted: the frame up to which the world can be trusted, marked by a line; 0 for none.
    """
    figure, axes = panels(1, len(curves), 3.1 * len(curves), 2.9)
    for axis, curve in zip(axes[0], curves, strict=True):
        _band(axis, curve.copy, curve.owners, COPY, "last frame repeated", "--")
        _band(axis, curve.dream, curve.owners, DREAM, "dream", "-")
        axis.set_title(curve.title, fontsize=10, color=INK, loc="left")
        axis.set_xlabel("frames after the start", fontsize=9, color=INK)
        axis.set_xlim(1, curve.dream.shape[1])
        if curve.share:
            axis.set_ylim(0, 1.03)
        if trusted:
            axis.axvline(trusted, color=BAR, linewidth=1.2, linestyle=":", label=f"trusted up to {trusted}")
    axes[0, 0].legend(fontsize=8, frameon=False, labelcolor=INK)
    return picture(figure)


def _band(axis: Any, values: np.ndarray, owners: np.ndarray, colour: str, label: str, dashes: str) -> None:
    frames = np.arange(1, values.shape[1] + 1)
    found = [estimate(column, owners) for column in values.T]
    mean, low, high = (np.array([each[key] for each in found], float) for key in ("mean", "low", "high"))
    axis.fill_between(frames, low, high, color=colour, alpha=0.2, linewidth=0)
    axis.plot(frames, mean, color=colour, linewidth=1.8, linestyle=dashes, label=label)
