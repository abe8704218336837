"""Whether the dreamt ball is there, is one, and is where the real one is.

A ball is a few pixels of thousands, so that no measure of whole frames tells a dream that has lost it from one that has
not; and nothing matters more to who plays there. The baseline repeats the last frame that the dream was shown.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from gym_diamond.evaluation.ball import VALIDATED, find_balls
from gym_diamond.evaluation.drift import MARKS
from gym_diamond.evaluation.estimate import estimate, estimate_median, row_means

SPAN = 50  # frames after the start over which the shares are taken
NEAR = 2.0  # pixels from the real ball's middle to the dreamt one's
PATIENCE = 10  # frames that a dream is given to serve a ball after the game did


class Found(NamedTuple):
    """The balls in N+1 frames from S starts."""

    centre: np.ndarray  # (S, N+1, 2) float64, (y, x) in pixels; NaN where there is none
    num: np.ndarray  # (S, N+1) int64


def ball_scores(game: str, real: Tensor, dreamt: Tensor, valid: np.ndarray | None = None) -> dict[str, Any]:
    """The section "ball" of metrics.json, with the arguments of `ball_curves`."""
    return summary(game, ball_curves(game, real, dreamt, valid))


def ball_curves(game: str, real: Tensor, dreamt: Tensor, valid: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The measures of `compare` for each start and frame, `(S, N)`, the same of the baseline, named `..._copy`, recall
    and near again for the frames `in_play`, named `..._in_play`, and `served` `(S,)`.

    Args:
        game: one for which `has_detector`.
        real, dreamt: `(S, N+1, 64, 64, 3)` uint8, each pair beginning with the same frame, the last that was shown.
        valid: `(S, N)` bool: whether the real episode still has that frame; without it all count.

    Raises:
        InvalidArgument: the ball of `game` cannot be found in such frames.
    """
    S, N = len(real), real.shape[1] - 1
    valid = np.ones((S, N), np.bool_) if valid is None else np.asarray(valid, np.bool_)
    lengths = [1 + int(np.flatnonzero(row).max(initial=-1)) + 1 for row in valid]  # what follows is not of that episode
    truth = find_all(game, [frames[:length] for frames, length in zip(real, lengths, strict=True)], N + 1)
    repeated = Found(truth.centre[:, :1].repeat(N + 1, axis=1), truth.num[:, :1].repeat(N + 1, axis=1))
    guess = find_all(game, list(dreamt), N + 1)
    dream = compare(truth, guess, valid)
    first_ball = in_play(truth)
    for name in ("recall", "near"):
        dream[f"{name}_in_play"] = np.where(first_ball, dream[name], np.nan)
    dream["served"] = served(truth, guess, valid)
    return dream | {f"{name}_copy": values for name, values in compare(truth, repeated, valid).items()}


def summary(game: str, curves: Mapping[str, np.ndarray], owners: np.ndarray | None = None) -> dict[str, Any]:
    """What `ball_curves` gives, as JSON; means are over starts, of the share of frames in each.

    `recall`: of the frames in which reality shows a ball, the share in which the dream has exactly one. `precision`: of
    those in which the dream has a ball or several, the share in which it is one and reality shows one too. `near`: of
    the frames in which reality shows a ball, the share in which the dream has exactly one, at most `NEAR` pixels away.
    All three are over the first `SPAN` frames, and by frame in `by_mark` and `curve`. `position_error`: the median
    distance in pixels, where both have one. `..._in_play`: recall and near while the ball of the start is in play,
    where a dream has to keep a ball and not to serve one. `served`: of the starts without a ball to which the game
    serves one, the share in which the dream has one by `PATIENCE` frames later.

    Args:
        game: for which the detector is.
        curves: of S starts.
        owners: `(S,)` int64, the episode of each start, for the intervals; None: they are of different ones.
    """
    marks = [mark for mark in MARKS if mark <= curves["recall"].shape[1]]
    shares = [f"{name}{suffix}" for suffix in ("", "_copy") for name in ("recall", "precision", "near")]
    scores: dict[str, Any] = {name: estimate(row_means(curves[name][:, :SPAN]), owners) for name in shares}
    for name in ("position_error", "position_error_copy"):
        scores[name] = {str(mark): estimate_median(curves[name][:, mark - 1], owners) for mark in marks}
    scores["by_mark"] = {name: {str(m): estimate(curves[name][:, m - 1], owners) for m in marks} for name in shares}
    scores["curve"] = {name: _by_frame(curves[name]) for name in shares}
    scores["served"] = estimate(curves["served"], owners)
    for name in ("recall_in_play", "near_in_play"):
        of_frames = {str(mark): estimate(curves[name][:, mark - 1], owners) for mark in marks}
        scores[name] = estimate(row_means(curves[name][:, :SPAN]), owners) | {"by_mark": of_frames}
    return {**scores, "detector": dict(VALIDATED[game])}


def find_all(game: str, sequences: list[Tensor], num: int) -> Found:
    """The balls in each of S sequences of at most `num` frames; none where one has no more frames."""
    centre, count = np.full((len(sequences), num, 2), np.nan), np.zeros((len(sequences), num), np.int64)
    for row, frames in enumerate(sequences):
        balls = find_balls(game, frames.cpu())
        centre[row, : len(frames)], count[row, : len(frames)] = balls.centre.numpy(), balls.num.numpy()
    return Found(centre, count)


def compare(truth: Found, guess: Found, valid: np.ndarray) -> dict[str, np.ndarray]:
    """recall, precision, near and position_error for each start and frame but the first, `(S, N)` float64.

    The first three are 1 where it is right and 0 where it is wrong; NaN is where there is nothing to be right about.
    """
    there = (truth.num[:, 1:] == 1) & valid
    one, some = guess.num[:, 1:] == 1, (guess.num[:, 1:] > 0) & valid
    distance = np.linalg.norm(truth.centre[:, 1:] - guess.centre[:, 1:], axis=-1)  # (S, N, 2) -> (S, N)
    return {
        "recall": np.where(there, one, np.nan),
        "precision": np.where(some, there & one, np.nan),
        "near": np.where(there, one & (distance <= NEAR), np.nan),
        "position_error": np.where(there & one, distance, np.nan),
    }


def in_play(truth: Found) -> np.ndarray:
    """Whether the ball of the start has been there in each frame up to this one, `(S, N)` bool, the start left out."""
    return (np.cumprod(truth.num == 1, axis=1) > 0)[:, 1:]


def served(truth: Found, guess: Found, valid: np.ndarray) -> np.ndarray:
    """Whether the dream of each start served the ball that the game served, `(S,)` float64: 1, 0, or NaN where there
    was a ball at the start, the game served none, or it did so too late to wait for the dream.
    """
    found = np.full(len(valid), np.nan)
    for row in np.flatnonzero(truth.num[:, 0] == 0):
        there = np.flatnonzero((truth.num[row, 1:] == 1) & valid[row])
        last = there.min(initial=valid.shape[1]) + 1 + PATIENCE
        if last <= valid.shape[1]:
            found[row] = (guess.num[row, 1 : last + 1] > 0).any()
    return found


def _by_frame(values: np.ndarray) -> list[float | None]:
    """The mean over starts of each column of `values` `(S, N)`; None where none of them has a value."""
    return [None if np.isnan(mean) else float(mean) for mean in row_means(values.T)]
