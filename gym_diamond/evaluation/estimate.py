"""Numbers that say how sure they are: none of an evaluation stands without its n and its 95% interval."""

from collections.abc import Callable
from typing import Any

import numpy as np

NUM_RESAMPLES = 1000


def estimate(values: np.ndarray) -> dict[str, Any]:
    """The mean of independent `values` `(S,)` with its 95% interval, as JSON: mean, low, high and n.

    The interval is where the means of resampled values lie (the bootstrap), so that of a share stays within 0 and 1.
    NaN marks what has no value; it counts for nothing. Without any value the mean is None, with one the interval is.
    """
    return _bootstrap("mean", np.mean, values)


def estimate_median(values: np.ndarray) -> dict[str, Any]:
    """The same of the median, as JSON: median, low, high and n. A few values that are far off do not move it."""
    return _bootstrap("median", np.median, values)


def estimate_ratio(parts: np.ndarray, wholes: np.ndarray) -> dict[str, Any]:
    """The ratio of the sum of `parts` `(S,)` to that of `wholes` `(S,)`, as `estimate` gives a mean.

    The pairs are resampled together. Means of ratios would count a start that lasted 2 steps as much as one of 50.
    """
    n, whole = len(wholes), float(wholes.sum())
    if whole == 0:
        return {"mean": None, "low": None, "high": None, "n": n}
    mean = float(parts.sum() / whole)
    if n == 1:
        return {"mean": mean, "low": None, "high": None, "n": 1}
    picks = resamples(n)
    sums = wholes[picks].sum(axis=1)
    low, high = interval(parts[picks].sum(axis=1)[sums > 0] / sums[sums > 0])
    return {"mean": mean, "low": low, "high": high, "n": n}


def resamples(n: int) -> np.ndarray:
    """Indices `(R, n)` of n things drawn anew R times; always the same, so that equal data have equal intervals."""
    return np.random.default_rng(0).integers(n, size=(NUM_RESAMPLES, n))


def interval(resampled: np.ndarray) -> tuple[float, float]:
    """The 95% interval of a number, of which `resampled` `(R,)` holds the values in resampled data."""
    low, high = np.percentile(resampled, (2.5, 97.5))
    return float(low), float(high)


def row_means(values: np.ndarray) -> np.ndarray:
    """The mean of each row of `values` `(S, N)` over what is not NaN; NaN where all of it is."""
    there = ~np.isnan(values)
    counts = there.sum(axis=1)
    sums = np.where(there, values, 0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _bootstrap(name: str, statistic: Callable[..., Any], values: np.ndarray) -> dict[str, Any]:
    values = values[~np.isnan(values)]
    n = len(values)
    if n == 0:
        return {name: None, "low": None, "high": None, "n": 0}
    found = float(statistic(values))
    if n == 1:
        return {name: found, "low": None, "high": None, "n": 1}
    low, high = interval(statistic(values[resamples(n)], axis=1))
    return {name: found, "low": low, "high": high, "n": n}
