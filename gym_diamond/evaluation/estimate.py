"""Numbers that say how sure they are: none of an evaluation stands without its n and its 95% interval."""

from typing import Any

import numpy as np

NUM_RESAMPLES = 1000


def estimate(values: np.ndarray, groups: np.ndarray | None = None) -> dict[str, Any]:
    """The mean of `values` `(S,)` with its 95% interval, as JSON: mean, low, high and n.

    The interval is where the means of resampled values lie (the bootstrap), so that of a share stays within 0 and 1.
    NaN marks what has no value; it counts for nothing. Without any value the mean is None, with one the interval is.

    Args:
        values: `(S,)`.
        groups: `(S,)` int64, what each is of, for example the number of an episode. Values of one group are alike and
            tell less than as many others, so groups are resampled whole (with one group there is no interval). None:
            each is on its own.
    """
    values, groups = _with_value(values, groups)
    if len(values) == 0:
        return {"mean": None, "low": None, "high": None, "n": 0}
    sums, counts = by_group(values, groups), by_group(np.ones(len(values)), groups)
    return {"mean": float(values.mean()), **_ratio_interval(sums, counts), "n": len(values)}


def estimate_median(values: np.ndarray, groups: np.ndarray | None = None) -> dict[str, Any]:
    """The same of the median, as JSON: median, low, high and n. A few values that are far off do not move it."""
    values, groups = _with_value(values, groups)
    if len(values) == 0:
        return {"median": None, "low": None, "high": None, "n": 0}
    members = [values[groups == group] for group in np.unique(groups)]
    low = high = None
    if len(members) > 1:
        picks = resamples(len(members))
        low, high = interval(np.array([np.median(np.concatenate([members[i] for i in row])) for row in picks]))
    return {"median": float(np.median(values)), "low": low, "high": high, "n": len(values)}


def estimate_ratio(parts: np.ndarray, wholes: np.ndarray, groups: np.ndarray | None = None) -> dict[str, Any]:
    """The ratio of the sum of `parts` `(S,)` to that of `wholes` `(S,)`, as `estimate` gives a mean.

    The pairs are resampled together. Means of ratios would count a start that lasted 2 steps as much as one of 50.
    """
    n, whole = len(wholes), float(wholes.sum())
    if whole == 0:
        return {"mean": None, "low": None, "high": None, "n": n}
    found = _ratio_interval(by_group(parts, groups), by_group(wholes, groups))
    return {"mean": float(parts.sum() / whole), **found, "n": n}


def by_group(values: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """The sums `(G, ...)` of the `values` `(S, ...)` of each group, as `estimate` takes them; `values` for None."""
    if groups is None:
        return values
    _, place = np.unique(groups, return_inverse=True)
    sums = np.zeros((place.max(initial=-1) + 1, *values.shape[1:]), values.dtype)
    np.add.at(sums, place, values)
    return sums


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


def _with_value(values: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The values that are not NaN, and the groups that they are of."""
    there = ~np.isnan(values)
    return values[there], (np.arange(len(values)) if groups is None else groups)[there]


def _ratio_interval(parts: np.ndarray, wholes: np.ndarray) -> dict[str, float | None]:
    """The 95% interval, low and high, of the ratio of two sums over G groups, of which there are `parts` and `wholes`
    `(G,)`; None for a single group."""
    if len(wholes) == 1:
        return {"low": None, "high": None}
    picks = resamples(len(wholes))
    sums = wholes[picks].sum(axis=1)
    low, high = interval(parts[picks].sum(axis=1)[sums > 0] / sums[sums > 0])
    return {"low": low, "high": high}
