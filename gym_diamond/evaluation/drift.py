"""How a dream drifts away from reality, frame after frame.

The baseline repeats the last frame it was shown. On a screen that is mostly still it looks good, and it is what a
world has to beat where things move.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation import pixels
from gym_diamond.evaluation.estimate import estimate, row_means
from gym_diamond.evaluation.rollout import Rollout

MARKS = (1, 5, 15, 30, 50, 100, 200)  # frames after the start at which a dream is measured
SPANS = ((1, 5), (6, 15), (16, 30), (31, 50))  # and over which the shares of what moves are averaged
CURVES = ("psnr", "psnr_copy", "recall", "recall_copy", "precision", "precision_copy")


def curves(rollouts: Sequence[Rollout], episodes: Sequence[Episode]) -> dict[str, np.ndarray]:
    """Every measure of `CURVES` for each start and frame, `(S, N)` float64; NaN where nothing moves."""
    usual: dict[int, Tensor] = {}
    rows: list[list[Tensor]] = []
    for rollout in rollouts:
        for start, real, dreamt in zip(rollout.starts, rollout.real, rollout.dreamt, strict=True):
            if start.episode not in usual:
                usual[start.episode] = median_frame(episodes[start.episode])
            rows.append(compare(real, dreamt, usual[start.episode]))
    return {name: torch.stack(parts).numpy() for name, parts in zip(CURVES, zip(*rows, strict=True), strict=True)}


def compare(real: Tensor, dreamt: Tensor, usual: Tensor) -> list[Tensor]:
    """The measures of `CURVES` for one dream, `(N,)` float64 each.

    Args:
        real, dreamt: `(N+1, H, W, C)` uint8, which begin with the same frame.
        usual: `(H, W, C)` uint8, the median frame of the episode.
    """
    copied = real[:1].expand_as(real)
    moves = pixels.moving(real, usual)
    measures = []
    for guess in (dreamt, copied):
        measures += [
            pixels.psnr(real[1:], guess[1:]),
            pixels.share_with_a_like(real[1:], guess[1:], moves),
            pixels.share_with_a_like(guess[1:], real[1:], pixels.moving(guess, usual)),
        ]
    return [measures[i] for i in (0, 3, 1, 4, 2, 5)]


def median_frame(episode: Episode) -> Tensor:
    """The frame `(H, W, C)` uint8 in which every channel of every pixel has its median over `episode`."""
    return torch.from_numpy(episode.frames).median(dim=0).values


def summary(measured: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Means over starts with intervals, for each measure and for the gain over the baseline, by frame ("15") and by
    span of frames ("6-15"), as JSON.

    Args:
        measured: what `curves` gives.
    """
    horizon = measured["psnr"].shape[1]
    series = {**measured, "psnr_gain": measured["psnr"] - measured["psnr_copy"]}  # in pairs: a narrower interval
    table: dict[str, Any] = {}
    for name, values in series.items():
        table[name] = {str(mark): estimate(values[:, mark - 1]) for mark in MARKS if mark <= horizon}
        for first, last in SPANS:
            if last <= horizon:
                table[name][f"{first}-{last}"] = estimate(row_means(values[:, first - 1 : last]))
    return table
