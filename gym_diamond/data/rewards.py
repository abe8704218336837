"""What a reward that was played is to the dream that learns it: the fit and its judges must agree.

Rewards of few distinct values are classes: a dream gives one of those very values (for Atari, signs). Rewards of many
are two-hot: `reward_values` are then bins, evenly spaced in symlog(x) = sign(x) log(1 + |x|), so fine near 0 and coarse
far from it, and a reward is shared between the two bins beside it so that their mean is that reward.
"""

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

RewardCoding = Literal["classes", "two_hot"]

SIGNS = (-1.0, 0.0, 1.0)
MAX_CLASSES = 16  # distinct rewards; more are two-hot
NUM_BINS = 41
SAME = 2e-6  # rewards that differ by less, relative to the larger of 1 and their size, are one


def reward_classes(reward: Tensor, reward_values: tuple[float, ...]) -> Tensor:
    """The index into `reward_values` of each reward; with values (-1, 0, 1) that of its sign."""
    if reward_values == SIGNS:
        reward = reward.sign()
    values = _values(reward_values, reward)
    return (reward[..., None] - values).abs().argmin(dim=-1)


def two_hot(reward: Tensor, reward_values: tuple[float, ...]) -> Tensor:
    """The share of each of the K bins in each reward: two neighbours have all of it, their mean is the reward.

    Args:
        reward: `(...)` float32; what lies beyond the outermost bins counts as these.
        reward_values: the K >= 2 bins, increasing.

    Returns:
        `(..., K)` float32, non-negative, with sum 1.
    """
    values = _values(reward_values, reward)
    reward = reward.clamp(values[0], values[-1])
    right = torch.searchsorted(values, reward.contiguous()).clamp(min=1)
    left = right - 1
    share = (reward - values[left]) / (values[right] - values[left])
    shares = torch.zeros(*reward.shape, len(reward_values), device=reward.device)
    shares.scatter_(-1, left[..., None], (1 - share)[..., None])
    return shares.scatter_(-1, right[..., None], share[..., None])


def reward_targets(reward: Tensor, reward_values: tuple[float, ...], coding: RewardCoding) -> Tensor:
    """What the cross entropy of a reward's prediction aims at: classes `(...)` int64, or shares `(..., K)` float32."""
    return reward_classes(reward, reward_values) if coding == "classes" else two_hot(reward, reward_values)


def _values(reward_values: tuple[float, ...], reward: Tensor) -> Tensor:
    """The values on the device of `reward`, `(K,)`, written there: a GPU would have to wait for a copy of them."""
    return torch.stack([reward.new_full((), value, dtype=torch.float32) for value in reward_values])


def choose_values(rewards: np.ndarray) -> tuple[tuple[float, ...], RewardCoding]:
    """The values that dreams of a game can give, and how `rewards` `(N,)` float32, all of its play, become them."""
    values = distinct(rewards, MAX_CLASSES + 1)
    if len(values) <= MAX_CLASSES:
        return values, "classes"
    return bins(float(rewards.min()), float(rewards.max())), "two_hot"


def distinct(rewards: np.ndarray, limit: int) -> tuple[float, ...]:
    """The first `limit` distinct values of `rewards` `(N,)` float32, increasing; of nearly equal ones the commonest.

    Each is the shortest decimal number that is that float32: -0.1, and not -0.10000000149.
    """
    found, counts = np.unique(rewards.astype(np.float32), return_counts=True)
    values: list[float] = []
    first = 0
    while first < len(found) and len(values) < limit:
        reach = found[first] + SAME * max(1.0, abs(float(found[first])))
        stop = int(np.searchsorted(found, reach, side="right"))
        values.append(_shortest(found[first + counts[first:stop].argmax()]))
        first = stop
    return tuple(values)


def usual(rewards: np.ndarray) -> float:
    """The reward of `rewards` `(N,)` that says that nothing happened: the commonest, 0 where it is as common.

    A game that takes a tenth for each step pays as good as always; only what differs from that is an event.
    """
    found, counts = np.unique(rewards, return_counts=True)
    return float(found[np.lexsort((found != 0, -counts))[0]]) if len(found) else 0.0


def unusual(rewards: np.ndarray) -> np.ndarray:
    """By how much each of `rewards` `(N,)` differs from the usual one, 0 where it is as good as that.

    Where not half of them are as good as the commonest, as in a game that pays for every pixel, none is usual but 0.
    """
    common = usual(rewards)
    if len(rewards) and (np.abs(rewards - common) <= SAME * max(1.0, abs(common))).mean() <= 0.5:
        common = 0.0
    extra = rewards - common
    return np.where(np.abs(extra) <= SAME * max(1.0, abs(common)), 0, extra)


def bins(low: float, high: float) -> tuple[float, ...]:
    """At most 41 bins for rewards from `low` to `high`, evenly spaced in symlog; 0 is one of them if it lies between.

    The outermost lie less than a bin beyond `low` and `high`.
    """
    ends = symlog(np.array([low, high]))
    width = (ends[1] - ends[0]) / (NUM_BINS - 2)
    first, last = math.floor(ends[0] / width + 1e-9), math.ceil(ends[1] / width - 1e-9)
    places = np.arange(first, last + 1)  # of a grid through 0
    return tuple(_shortest(value) for value in symexp(places * width).astype(np.float32))


def _shortest(value: np.float32) -> float:
    return float(str(value)) + 0.0  # no -0.0


def symlog(x: np.ndarray) -> np.ndarray:
    """sign(x) log(1 + |x|): x near 0, logarithmic far from it."""
    return np.sign(x) * np.log1p(np.abs(x))


def symexp(x: np.ndarray) -> np.ndarray:
    """The inverse of `symlog`."""
    return np.sign(x) * np.expm1(np.abs(x))
