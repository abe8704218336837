"""A mean, or a median, says how sure it is."""

import numpy as np
import pytest

from gym_diamond.evaluation.estimate import by_group, estimate, estimate_median, estimate_ratio, row_means


def test_equal_values_leave_no_doubt():
    assert estimate(np.full(64, 3.0)) == {"mean": 3.0, "low": 3.0, "high": 3.0, "n": 64}


def test_the_interval_is_that_of_the_normal_law_for_many_values():
    values = np.random.default_rng(1).normal(10, 2, size=400)
    found = estimate(values)
    half = 1.96 * values.std() / 20
    assert found["mean"] == pytest.approx(values.mean())
    assert (found["low"], found["high"]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_values_of_one_group_that_are_all_alike_tell_no_more_than_one_of_them():
    values, groups = np.random.default_rng(1).normal(10, 2, size=40), np.arange(40)
    alone = estimate(values)
    assert estimate(values, groups) == alone
    fourfold = estimate(values.repeat(4), groups.repeat(4))
    assert fourfold == {**alone, "mean": pytest.approx(alone["mean"]), "n": 160}
    assert estimate(values.repeat(4))["low"] > alone["low"]
    median = estimate_median(values)
    assert estimate_median(values.repeat(4), groups.repeat(4)) == {**median, "n": 160}


def test_the_interval_over_groups_holds_the_truth_as_often_as_it_says():
    """Of 200 experiments with 40 episodes of 5 values, half of whose variance they share, 95% would be 190."""
    rng, held, naive = np.random.default_rng(2), 0, 0
    groups = np.arange(40).repeat(5)
    for _ in range(200):
        values = rng.normal(size=40).repeat(5) + rng.normal(size=200)
        found, alone = estimate(values, groups), estimate(values)
        held += found["low"] <= 0 <= found["high"]
        naive += alone["low"] <= 0 <= alone["high"]
    assert 182 <= held <= 198
    assert naive < 170


def test_values_of_a_single_group_have_no_interval():
    assert estimate(np.array([1.0, 2.0]), np.zeros(2)) == {"mean": 1.5, "low": None, "high": None, "n": 2}
    assert estimate_ratio(np.ones(2), np.full(2, 4.0), np.zeros(2)) == {"mean": 0.25, "low": None, "high": None, "n": 2}


def test_sums_by_group_are_in_the_order_of_the_groups():
    assert by_group(np.array([[1, 10], [2, 20], [4, 40]]), np.array([7, 3, 7])).tolist() == [[2, 20], [5, 50]]


def test_the_interval_of_a_share_stays_within_0_and_1():
    found = estimate(np.array([1.0] * 15 + [0.5]))
    assert 0.9 < found["low"] < found["mean"] < found["high"] <= 1


def test_what_has_no_value_counts_for_nothing():
    assert estimate(np.array([2.0, np.nan, 2.0])) == {"mean": 2.0, "low": 2.0, "high": 2.0, "n": 2}


def test_one_value_has_no_interval_and_no_value_has_no_mean():
    assert estimate(np.array([5.0, np.nan])) == {"mean": 5.0, "low": None, "high": None, "n": 1}
    assert estimate(np.array([np.nan])) == {"mean": None, "low": None, "high": None, "n": 0}


def test_a_ratio_is_that_of_the_sums():
    found = estimate_ratio(np.array([1.0, 0.0, 5.0]), np.array([2.0, 0.0, 8.0]))
    assert (found["mean"], found["n"]) == (0.6, 3)
    assert 0.5 <= found["low"] <= 0.6 <= found["high"] <= 0.625


def test_a_constant_ratio_leaves_no_doubt():
    wholes = np.arange(1.0, 50.0)
    assert estimate_ratio(wholes / 4, wholes) == {"mean": 0.25, "low": 0.25, "high": 0.25, "n": 49}


def test_a_ratio_to_nothing_has_no_value_and_one_pair_no_interval():
    assert estimate_ratio(np.zeros(2), np.zeros(2)) == {"mean": None, "low": None, "high": None, "n": 2}
    assert estimate_ratio(np.ones(1), np.full(1, 2.0)) == {"mean": 0.5, "low": None, "high": None, "n": 1}


def test_row_means_leave_out_what_has_no_value():
    means = row_means(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]))
    assert means[0] == 2
    assert np.isnan(means[1])


def test_a_median_is_not_moved_by_what_is_far_off():
    found = estimate_median(np.array([1.0] * 40 + [2.0] + [1000.0] * 10 + [np.nan]))
    assert (found["median"], found["low"], found["n"]) == (1.0, 1.0, 51)
    assert found["high"] < 1000


def test_the_interval_of_a_median_is_that_of_the_normal_law_for_many_values():
    values = np.random.default_rng(1).normal(10, 2, size=400)
    found = estimate_median(values)
    half = 1.96 * 2 / 20 * np.sqrt(np.pi / 2)  # a median varies by that much more than a mean
    assert found["median"] == np.median(values)
    assert found["high"] - found["low"] == pytest.approx(2 * half, rel=0.25)


def test_the_median_of_one_value_has_no_interval_and_that_of_none_is_none():
    assert estimate_median(np.array([5.0, np.nan])) == {"median": 5.0, "low": None, "high": None, "n": 1}
    assert estimate_median(np.array([np.nan])) == {"median": None, "low": None, "high": None, "n": 0}
