"""Rewards that are no classes are scored by how far their mean is off."""

import numpy as np
import pytest

from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.reward_error import reward_error

VALUES = (-1.0, 0.0, 4.0)


def stretch(earned: list[float], probs: list[list[float]]) -> Judged:
    nothing = np.zeros(len(earned))
    return Judged(nothing.astype(np.int64), nothing > 0, np.array(probs), nothing, np.array(earned, np.float32))


def test_what_a_world_expects_is_the_mean_of_its_belief():
    found = reward_error([stretch([-0.5, 2.0], [[0.5, 0.5, 0], [0, 0.5, 0.5]])], VALUES, np.random.default_rng(0))
    assert found["mae"]["mean"] == 0


def test_the_error_stands_beside_that_of_the_best_constant():
    play = [stretch([0.0, 0.0, 4.0], [[0, 1, 0], [1, 0, 0], [0, 1, 0]])] * 2
    found = reward_error(play, VALUES, np.random.default_rng(0))
    assert found["mae"] == {
        "mean": pytest.approx(5 / 3),
        "low": pytest.approx(5 / 3),
        "high": pytest.approx(5 / 3),
        "n": 2,
    }
    assert found["mae_constant"]["mean"] == pytest.approx(4 / 3)  # always 0


def test_the_correlation_is_over_all_transitions_of_all_stretches():
    play = [stretch([0.0, -1.0], [[0, 1, 0], [1, 0, 0]]), stretch([4.0, 0.5], [[0, 0, 1], [0, 0.5, 0.5]])]
    found = reward_error(play, VALUES, np.random.default_rng(0))["pearson"]
    assert found["mean"] == pytest.approx(np.corrcoef([0, -1, 4, 2], [0, -1, 4, 0.5])[0, 1])
    assert found["low"] <= found["mean"] <= found["high"]
    assert found["n"] == 2


def test_a_belief_that_never_varies_has_no_correlation():
    found = reward_error([stretch([0.0, 4.0], [[0, 1, 0]] * 2)] * 3, VALUES, np.random.default_rng(0))
    assert found["pearson"] == {"mean": None, "low": None, "high": None, "n": 3}


def test_a_single_episode_leaves_the_correlation_without_an_interval():
    play = [stretch([0.0, -1.0], [[0, 1, 0], [1, 0, 0]]), stretch([4.0, 0.0], [[0, 0, 1], [0, 1, 0]])]
    found = reward_error(play, VALUES, np.random.default_rng(0), np.zeros(2, int))["pearson"]
    assert found == {"mean": pytest.approx(1), "low": None, "high": None, "n": 2}
