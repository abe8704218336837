"""Confusion is counted with what was played in rows."""

import numpy as np

from gym_diamond.evaluation.confusion import end_confusion, reward_confusion
from gym_diamond.evaluation.judging import Judged


def stretch(played: list[int], predicted: list[int], ends: list[bool], end_prob: list[float]) -> Judged:
    return Judged(
        np.array(played), np.array(ends), 0.1 + 0.7 * np.eye(3)[predicted], np.array(end_prob), np.array(played) - 1.0
    )


STRETCHES = [
    stretch([0, 1, 1, 2], [1, 1, 1, 2], [False, False, False, True], [0.1, 0.2, 0.9, 0.8]),
    stretch([2, 2], [0, 1], [False, True], [0.5, 0.5]),
]


def test_a_row_is_what_was_played_and_a_column_what_it_was_taken_for():
    assert reward_confusion(STRETCHES, 3) == [[0, 1, 0], [0, 2, 0], [1, 1, 1]]


def test_an_end_is_predicted_only_where_it_is_likelier_than_not():
    assert end_confusion(STRETCHES) == [[3, 1], [1, 1]]


def test_classes_that_never_were_have_empty_rows_and_columns():
    assert reward_confusion(STRETCHES[:1], 4) == [[0, 1, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
