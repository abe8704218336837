"""What was played and what was predicted: rewards and ends, on real frames and in dreams."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from gym_diamond.evaluation.figures.canvas import INK, panels, picture

ENDS = ("goes on", "ends")
DARK = 0.55  # a shade from which letters on it are white


def draw_reward_end(confusion: Mapping[str, Any] | None, end_confusion: Mapping[str, Any] | None) -> Image.Image:
    """A row for each event that was played, shaded by the share of the row, the counts written in.

    Four matrices, of rewards and of ends; two where only one of them is known.

    Args:
        confusion: "values" of the K rewards, and the counts "real" and "dreamt", `[K][K]`, a row for each played;
            None where rewards are no classes, or not known.
        end_confusion: the counts "real" and "dreamt", `[2][2]`; None where ends are not known.
    """
    tables = [] if confusion is None else _rewards(confusion)
    if end_confusion is not None:
        tables += [
            ("Ends, on real frames", np.array(end_confusion["real"]), ENDS),
            ("Ends, in dreams", np.array(end_confusion["dreamt"]), ENDS),
        ]
    figure, axes = panels(1, len(tables), 2.9 * len(tables), 2.9)
    for axis, (title, counts, names) in zip(axes[0], tables, strict=True):
        _matrix(axis, title, counts, names)
    return picture(figure)


def _rewards(confusion: Mapping[str, Any]) -> list[tuple[str, np.ndarray, Sequence[str]]]:
    names = [f"{value:g}" for value in confusion["values"]]
    titles = {"real": "Rewards, on real frames", "dreamt": "Rewards, in dreams"}
    return [(title, *_happened(confusion[where], names)) for where, title in titles.items()]


def _happened(counts: Any, names: Sequence[str]) -> tuple[np.ndarray, Sequence[str]]:
    """The table without the classes that were neither played nor predicted."""
    table = np.array(counts)
    kept = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1)).tolist()
    return table[np.ix_(kept, kept)], [names[k] for k in kept]


def _matrix(axis: Any, title: str, counts: np.ndarray, names: Sequence[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.grid(visible=False)
    for row, column in np.ndindex(*counts.shape):
        colour = "white" if shares[row, column] > DARK else INK
        size = 10 if len(names) <= 3 else 7
        axis.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=colour, fontsize=size)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names, rotation=90, va="center")
    axis.set_title(title, fontsize=10, color=INK)
    axis.set_xlabel("predicted", fontsize=9, color=INK)
    axis.set_ylabel("played", fontsize=9, color=INK)
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)
    axis.tick_params(length=0)
