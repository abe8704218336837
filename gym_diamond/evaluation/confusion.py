"""What was taken for what: a row for each thing that was played, a column for each that was predicted."""

from collections.abc import Sequence

import numpy as np

from gym_diamond.evaluation.judging import Judged


def reward_confusion(stretches: Sequence[Judged], num_classes: int) -> list[list[int]]:
    """The transitions whose reward was of class i and was taken for class j, K x K, as JSON."""
    pairs = [(stretch.reward, stretch.predicted_reward) for stretch in stretches]
    return _count(pairs, num_classes)


def end_confusion(stretches: Sequence[Judged]) -> list[list[int]]:
    """The transitions that went on (0) or ended (1) and were taken to go on or to end, 2 x 2, as JSON."""
    return _count([(stretch.end, stretch.predicted_end) for stretch in stretches], 2)


def _count(pairs: Sequence[tuple[np.ndarray, np.ndarray]], num_classes: int) -> list[list[int]]:
    counts = np.zeros((num_classes, num_classes), np.int64)
    for played, predicted in pairs:
        np.add.at(counts, (played.astype(np.int64), predicted.astype(np.int64)), 1)
    return counts.tolist()
