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
from gym_diamond.evaluation.ssim import ssim

MARKS = (1, 5, 15, 30, 50, 100, 200)  # frames after the start at which a dream is measured
SPANS = ((1, 5), (6, 15), (16, 30), (31, 50))  # and over which the shares of what moves are averaged
MEASURES = ("psnr", "ssim", "error", "moving_error", "recall", "precision")
CURVES = tuple(name for measure in MEASURES for name in (measure, f"{measure}_copy"))


def curves(rollouts: Sequence[Rollout], episodes: Sequence[Episode]) -> dict[str, np.ndarray]:
    """Every measure of `CURVES` for each start and frame, `(S, N)` float64.

    NaN where it has no value: nothing moves, or the real episode is over.
    """
    usual: dict[int, Tensor] = {}
    rows: list[dict[str, Tensor]] = []
    for rollout in rollouts:
        for start, real, dreamt, valid in zip(rollout.starts, rollout.real, rollout.dreamt, rollout.valid, strict=True):
            if start.episode not in usual:
                usual[start.episode] = median_frame(episodes[start.episode])
            measures = compare(real, dreamt, usual[start.episode])
            rows.append({name: values.where(valid, torch.nan) for name, values in measures.items()})
    return {name: torch.stack([row[name] for row in rows]).numpy() for name in CURVES}


def compare(real: Tensor, dreamt: Tensor, usual: Tensor) -> dict[str, Tensor]:
    """The measures of `CURVES` for one dream, `(N,)` float64 each: those of the dream, and those of the baseline.

    Args:
        real, dreamt: `(N+1, H, W, C)` uint8, which begin with the same frame.
        usual: `(H, W, C)` uint8, the median frame of the episode.
    """
    copied = real[:1].expand_as(real)
    found, baseline = _compare(real, dreamt, usual), _compare(real, copied, usual)
    return found | {f"{name}_copy": values for name, values in baseline.items()}


def _compare(real: Tensor, guess: Tensor, usual: Tensor) -> dict[str, Tensor]:
    moves, guessed_moves = pixels.moving(real, usual), pixels.moving(guess, usual)
    real, guess = real[1:], guess[1:]
    return {
        "psnr": pixels.psnr(real, guess),
        "ssim": ssim(real, guess),
        "error": pixels.absolute_error(real, guess, torch.ones_like(moves)),
        "moving_error": pixels.absolute_error(real, guess, moves),
        "recall": pixels.share_with_a_like(real, guess, moves),
        "precision": pixels.share_with_a_like(guess, real, guessed_moves),
    }


def median_frame(episode: Episode) -> Tensor:
    """The frame `(H, W, C)` uint8 in which every channel of every pixel has its median over `episode`."""
    return torch.from_numpy(episode.frames).median(dim=0).values


def summary(measured: Mapping[str, np.ndarray], owners: np.ndarray | None = None) -> dict[str, Any]:
    """Means over starts with intervals, for each measure and for the gain over the baseline, by frame ("15") and by
    span of frames ("6-15"), as JSON. A start whose episode ends within a span counts there with the frames it has.

    Args:
        measured: what `curves` gives.
        owners: `(S,)` int64, the episode of each start, for the intervals; None: they are of different ones.
    """
    horizon = measured["psnr"].shape[1]
    series = {**measured, "psnr_gain": measured["psnr"] - measured["psnr_copy"]}  # in pairs: a narrower interval
    table: dict[str, Any] = {}
    for name, values in series.items():
        table[name] = {str(mark): estimate(values[:, mark - 1], owners) for mark in MARKS if mark <= horizon}
        for first, last in SPANS:
            if last <= horizon:
                table[name][f"{first}-{last}"] = estimate(row_means(values[:, first - 1 : last]), owners)
    return table
