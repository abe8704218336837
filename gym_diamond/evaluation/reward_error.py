"""How far rewards are off where there are too many of them to be told apart, so that no class can be hit or missed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gym_diamond.evaluation.estimate import NUM_RESAMPLES, by_group, estimate_ratio, interval
from gym_diamond.evaluation.judging import Judged


def reward_error(
    stretches: Sequence[Judged],
    reward_values: Sequence[float],
    rng: np.random.Generator,
    owners: np.ndarray | None = None,
) -> dict[str, Any]:
    """The error of the mean reward that a world expects, as JSON estimates over stretches.

    "mae" is its mean absolute error, "mae_constant" that of always giving the median of what was earned, which no other
    constant beats; "pearson" the correlation of what is expected with what was earned, None where one never varies.

    Args:
        stretches: what was played and believed.
        reward_values: the K rewards over which a belief is spread.
        rng: resamples the stretches for the interval of the correlation.
        owners: `(E,)` int64, the episode of each stretch: those of one are resampled together. None: each has its own.
    """
    values, lengths = np.asarray(reward_values), np.array([len(stretch.earned) for stretch in stretches])
    expected = [stretch.reward_probs @ values for stretch in stretches]
    median = np.median(np.concatenate([stretch.earned for stretch in stretches]))
    off, least = (
        np.array([np.abs(guess - stretch.earned).sum() for guess, stretch in zip(guesses, stretches, strict=True)])
        for guesses in (expected, [median] * len(stretches))
    )
    earned = [stretch.earned.astype(np.float64) for stretch in stretches]
    return {
        "mae": estimate_ratio(off, lengths, owners),
        "mae_constant": estimate_ratio(least, lengths, owners),
        "pearson": _pearson(expected, earned, rng, owners),
    }


def _pearson(
    expected: Sequence[np.ndarray], earned: Sequence[np.ndarray], rng: np.random.Generator, owners: np.ndarray | None
) -> dict[str, Any]:
    """Pearson's r over all transitions, with its interval over resampled episodes, if there are several."""
    means = [np.concatenate(each).mean() for each in (expected, earned)]  # sums of squares are safe near the mean
    moments = np.array([_moments(x - means[0], y - means[1]) for x, y in zip(expected, earned, strict=True)])  # (E, 6)
    whole = _correlation(moments.sum(axis=0)[None])[0]
    if np.isnan(whole):
        return {"mean": None, "low": None, "high": None, "n": len(moments)}
    apart = by_group(moments, owners)  # (G, 6)
    if len(apart) == 1:  # resampled, it is always itself
        return {"mean": float(whole), "low": None, "high": None, "n": len(moments)}
    picks = rng.integers(len(apart), size=(NUM_RESAMPLES, len(apart)))
    resampled = _correlation(apart[picks].sum(axis=1))
    low, high = interval(resampled[~np.isnan(resampled)])
    return {"mean": float(whole), "low": low, "high": high, "n": len(moments)}


def _moments(x: np.ndarray, y: np.ndarray) -> list[float]:
    return [len(x), *(float(part.sum()) for part in (x, y, x * x, y * y, x * y))]


def _correlation(moments: np.ndarray) -> np.ndarray:
    """Pearson's r `(R,)` of summed `moments` `(R, 6)`; NaN where one side never varies."""
    n, x, y, xx, yy, xy = moments.T
    varx, vary = xx - x * x / n, yy - y * y / n
    varies = (varx > 1e-12 * n) & (vary > 1e-12 * n)
    return np.where(varies, (xy - x * y / n) / np.sqrt(np.where(varies, varx * vary, 1.0)), np.nan)
