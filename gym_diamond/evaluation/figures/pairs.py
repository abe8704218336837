"""What happened and what was dreamt, in colours, as pictures show them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.frames import MAX_LEVEL, to_pictures


class Pair(NamedTuple):
    """A dream and what happened instead, white where the real episode is over; the last frame shown comes first."""

    real: np.ndarray  # (N+1, H, W, 3) uint8
    dreamt: np.ndarray  # (N+1, H, W, 3) uint8
    differ: np.ndarray  # (N+1, H, W, 3) uint8, the absolute difference


def pairs(rollouts: Sequence[Rollout], chosen: Sequence[int]) -> list[Pair]:
    """The pairs of the `chosen` starts, which are counted through all `rollouts`."""
    rows = [row for rollout in rollouts for row in zip(rollout.real, rollout.dreamt, rollout.valid, strict=True)]
    return [_pair(*rows[i]) for i in chosen]


def _pair(real: Tensor, dreamt: Tensor, valid: Tensor) -> Pair:
    a, b = (to_pictures(frames.numpy()) for frames in (real, dreamt))
    differ = np.abs(a.astype(np.int16) - b.astype(np.int16)).astype(np.uint8)
    over = np.append(False, ~valid.numpy())[:, None, None, None]  # the first frame was shown, so it happened
    return Pair(*(np.where(over, np.uint8(MAX_LEVEL), frames) for frames in (a, b, differ)))
