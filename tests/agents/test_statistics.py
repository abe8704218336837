"""Means, medians and interquartile means with their intervals."""

import numpy as np
import pytest

from agents.statistics import interquartile_mean, summarize


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    assert interquartile_mean(np.array([100.0, 1, 2, 3, 4, 5, 6, -50])) == (2 + 3 + 4 + 5) / 4
    assert interquartile_mean(np.array([[3.0, 1, 2], [0, 0, 9]])).tolist() == [2, 3]  # a quarter of three is none


def test_a_summary_of_equal_values_is_sure() -> None:
    sure = {"value": 7.0, "low": 7.0, "high": 7.0}
    assert summarize([7, 7, 7]) == {"mean": sure, "median": sure, "iqm": sure}


def test_a_single_value_has_no_interval() -> None:
    assert summarize([7])["iqm"] == {"value": 7.0, "low": None, "high": None}


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    mean = summarize(values.tolist())["mean"]
    error = 1.96 * values.std() / 20
    assert mean["low"] == pytest.approx(values.mean() - error, abs=0.03)
    assert mean["high"] == pytest.approx(values.mean() + error, abs=0.03)
