"""Whether a world is right about rewards and ends, which are rare: a model that never saw one would be right nearly
always. So every class is scored by itself, in precision, recall and F1, and not by the share of right answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gym_diamond.data.rewards import SIGNS, usual
from gym_diamond.evaluation.estimate import NUM_RESAMPLES, by_group, interval
from gym_diamond.evaluation.judging import Judged

TOLERANCES = (0, 1)  # frames by which a predicted event may be early or late
NUM_BINS = 10

Flags = Sequence[tuple[np.ndarray, np.ndarray]]  # for each stretch, (T,) bool: where the event was, where predicted


def reward_scores(
    stretches: Sequence[Judged],
    reward_values: Sequence[float],
    rng: np.random.Generator,
    owners: np.ndarray | None = None,
) -> dict[str, Any]:
    """Scores of every reward class by its value, of all rewards together, and the calibration of each and of all.

    All together ("any") are the events: the class must be right, and the usual reward does not count, which is 0 in
    Atari and else the commonest.

    Args:
        stretches: what was played and believed.
        reward_values: the K rewards a dream can give.
        rng: resamples the stretches for the intervals.
        owners: `(E,)` int64, the episode of each stretch: those of one are resampled together. None: each has its own.
    """
    probs = np.concatenate([stretch.reward_probs for stretch in stretches])
    truth = np.concatenate([stretch.reward for stretch in stretches])
    table: dict[str, Any] = {}
    counts: dict[float, Mapping[int, np.ndarray]] = {}
    for k, value in enumerate(reward_values):
        flags = [(stretch.reward == k, stretch.predicted_reward == k) for stretch in stretches]
        counts[value] = {tolerance: by_group(count_matches(flags, tolerance), owners) for tolerance in TOLERANCES}
    resamples = _resamples(stretches, owners, rng)
    for k, (value, by_tolerance) in enumerate(counts.items()):
        table[f"{value:g}"] = {**_scores(by_tolerance, resamples), **_calibration(probs[:, k], truth == k)}
    idle = 0.0 if tuple(reward_values) == SIGNS else usual(np.asarray(reward_values)[truth])
    events = [by_tolerance for value, by_tolerance in counts.items() if value != idle]
    if events:
        pooled = {tolerance: np.sum([each[tolerance] for each in events], axis=0) for tolerance in TOLERANCES}
        table["any"] = _scores(pooled, resamples)
    table["brier"] = float(np.square(probs - np.eye(len(reward_values))[truth]).sum(axis=1).mean())
    table["ece"] = calibration_error(probs.max(axis=1), probs.argmax(axis=1) == truth)
    return table


def end_scores(
    stretches: Sequence[Judged], rng: np.random.Generator, owners: np.ndarray | None = None
) -> dict[str, Any]:
    """Scores of the predicted ends, and the calibration, with the arguments of `reward_scores`."""
    flags = [(stretch.end, stretch.predicted_end) for stretch in stretches]
    resamples = _resamples(stretches, owners, rng)
    probs = np.concatenate([stretch.end_prob for stretch in stretches])
    truth = np.concatenate([stretch.end for stretch in stretches])
    counts = {tolerance: by_group(count_matches(flags, tolerance), owners) for tolerance in TOLERANCES}
    scores = _scores(counts, resamples)
    return {**scores, **_calibration(probs, truth)}


def count_matches(flags: Flags, tolerance: int) -> np.ndarray:
    """How many events of each stretch were found, predicted and played: `(E, 3)` int64.

    An event is found by at most one prediction and a prediction finds at most one event, so that saying it twice
    costs precision.
    """
    rows = []
    for played, predicted in flags:
        events, guesses = np.flatnonzero(played).tolist(), np.flatnonzero(predicted).tolist()
        rows.append((_pair_up(events, guesses, tolerance), len(guesses), len(events)))
    return np.array(rows, np.int64)


def calibration_error(probs: np.ndarray, hits: np.ndarray) -> float:
    """The expected calibration error: how far, over ten bins of probability, it is from the share of `hits` there.

    Args:
        probs: `(N,)` in [0, 1].
        hits: `(N,)` bool: whether that to which the probability was given came true.
    """
    bins = np.minimum((probs * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    gaps = np.bincount(bins, weights=probs - hits, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(probs))


def _calibration(probs: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Brier score and calibration error, as JSON, of the probabilities `(N,)` of what is or is not so, `(N,)` bool."""
    return {"brier": float(np.square(probs - truth).mean()), "ece": calibration_error(probs, truth)}


def _resamples(stretches: Sequence[Judged], owners: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Indices `(R, G)` of the groups that stretches are resampled in."""
    num = len(stretches) if owners is None else len(np.unique(owners))
    return rng.integers(num, size=(NUM_RESAMPLES, num))


def _pair_up(events: list[int], guesses: list[int], tolerance: int) -> int:
    """The most pairs within `tolerance`: in order of time the earliest two that can still be paired are."""
    found = i = j = 0
    while i < len(events) and j < len(guesses):
        if abs(events[i] - guesses[j]) <= tolerance:
            found, i, j = found + 1, i + 1, j + 1
        elif guesses[j] < events[i]:
            j += 1
        else:
            i += 1
    return found


def _scores(by_tolerance: Mapping[int, np.ndarray], resamples: np.ndarray) -> dict[str, Any]:
    """Counts, and scores by tolerance, as JSON; a score is None where it would be 0 / 0."""
    _, predicted, played = by_tolerance[TOLERANCES[0]].sum(axis=0).tolist()
    table: dict[str, Any] = {"played": played, "predicted": predicted}
    for tolerance, counts in by_tolerance.items():
        found = int(counts[:, 0].sum())
        low, high = _f1_interval(counts, resamples)
        table[f"within_{tolerance}"] = {
            "precision": found / predicted if predicted else None,
            "recall": found / played if played else None,
            "f1": 2 * found / (predicted + played) if predicted + played else None,
            "f1_low": low,
            "f1_high": high,
        }
    return table


def _f1_interval(counts: np.ndarray, resamples: np.ndarray) -> tuple[float | None, float | None]:
    """The 95% interval of F1 over resampled groups, `(R, G)` indices; none of a single one, which is always itself."""
    if resamples.shape[1] == 1:
        return None, None
    found, predicted, played = np.moveaxis(counts[resamples].sum(axis=1), 1, 0)  # (R, E, 3) -> (R, 3) -> 3 x (R,)
    total = predicted + played
    if not total.any():
        return None, None
    return interval(2 * found[total > 0] / total[total > 0])
