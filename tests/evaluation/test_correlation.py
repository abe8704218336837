"""Coefficients with known values."""

import numpy as np
import pytest

from gym_diamond.evaluation.correlation import pearson, ranks, spearman


def test_a_line_has_1_its_mirror_minus_1_whatever_its_slope():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert pearson(x, 3 * x - 7) == pytest.approx(1)
    assert pearson(x, -0.1 * x) == pytest.approx(-1)


def test_by_hand():
    assert pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])) == pytest.approx(0.5)
    assert pearson(np.array([0.0, 0.0, 3.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx(np.sqrt(3) / 2)


def test_ranks_care_for_the_order_only():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert spearman(x, np.array([0.0, 100.0, 50.0, 500.0])) == pytest.approx(1 - 6 * 2 / (4 * 15))


def test_equal_values_share_a_rank():
    assert ranks(np.array([5.0, 1.0, 5.0, 0.0, 5.0])).tolist() == [4, 2, 4, 1, 4]


def test_what_does_not_vary_has_none():
    assert np.isnan(pearson(np.full(3, 0.1), np.arange(3.0)))
    assert np.isnan(spearman(np.arange(3.0), np.full(3, 0.1)))


def test_many_at_once_are_each_by_itself():
    x, y = np.random.default_rng(0).normal(size=(2, 5, 7))
    for correlate in (pearson, spearman):
        assert correlate(x, y) == pytest.approx([float(correlate(a, b)) for a, b in zip(x, y, strict=True)])
