"""Whether two orders agree: correlation coefficients over the last axis, many at once."""

import numpy as np


def pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of `x` and `y` `(..., P)`: how near to a line they lie, `(...)`; NaN where one is constant."""
    dx, dy = x - x.mean(axis=-1, keepdims=True), y - y.mean(axis=-1, keepdims=True)
    scale = np.sqrt((dx**2).sum(axis=-1) * (dy**2).sum(axis=-1))
    varies = (np.ptp(x, axis=-1) > 0) & (np.ptp(y, axis=-1) > 0)
    return np.where(varies, (dx * dy).sum(axis=-1) / np.where(varies, scale, 1), np.nan)


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's rho of `x` and `y` `(..., P)`: Pearson's r of their ranks, `(...)`."""
    return pearson(ranks(x), ranks(y))


def ranks(x: np.ndarray) -> np.ndarray:
    """The rank of each value among those on the last axis, from 1; equal values share the mean of their ranks."""
    below = (x[..., :, None] > x[..., None, :]).sum(axis=-1)
    alike = (x[..., :, None] == x[..., None, :]).sum(axis=-1)
    return below + (alike + 1) / 2
