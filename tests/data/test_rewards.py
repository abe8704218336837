"""Rewards of play become what a dream can give, and keep their meaning."""

import numpy as np
import pytest
import torch

from gym_diamond.data.rewards import (
    bins,
    choose_values,
    distinct,
    reward_classes,
    reward_targets,
    two_hot,
    unusual,
    usual,
)


def test_atari_rewards_are_classed_by_their_sign() -> None:
    rewards = torch.tensor([[-5.0, 0.0, 1.0, 7.0]])
    assert reward_classes(rewards, (-1.0, 0.0, 1.0)).tolist() == [[0, 1, 2, 2]]


def test_other_rewards_keep_their_value() -> None:
    rewards = torch.tensor([-0.1, 6.8, 0.0])
    assert reward_classes(rewards, (-0.1, 0.0, 6.8)).tolist() == [0, 2, 1]


def test_a_tenth_stays_a_tenth() -> None:
    """As CarRacing gives it: the difference of two sums of tenths."""
    rewards = np.array([-0.10000000000000009, -0.09999999999999964, -0.1, 0.0, 2.5, -0.0], np.float32)
    assert choose_values(rewards) == ((-0.1, 0.0, 2.5), "classes")


def test_nearly_equal_rewards_are_one_class_named_for_the_commonest() -> None:
    rewards = np.array([0.333334, 0.333333, 0.333333, 0.3334, 1e6, 1e6 + 1], np.float32)
    assert distinct(rewards, 16) == (0.333333, 0.3334, 1e6)


def test_many_rewards_that_lie_close_do_not_melt_into_one() -> None:
    """A continuous reward: each value is within a millionth of the next."""
    values, coding = choose_values(np.linspace(0, 0.5, 600_000, dtype=np.float32))
    assert coding == "two_hot"
    assert (values[0], values[-1]) == (0.0, 0.5)


def test_sixteen_values_are_classes_and_seventeen_are_bins() -> None:
    assert choose_values(np.arange(16, dtype=np.float32)) == (tuple(map(float, range(16))), "classes")
    values, coding = choose_values(np.arange(17, dtype=np.float32))
    assert coding == "two_hot"
    assert len(values) <= 41
    assert values[0] <= 0
    assert values[-1] >= 16


def test_a_symmetric_range_has_symmetric_bins_and_zero_among_them() -> None:
    values = bins(-100.0, 100.0)
    assert 0.0 in values
    assert values == tuple(-value for value in reversed(values))
    assert (values[0], values[-1]) == (pytest.approx(-112.8, abs=0.2), pytest.approx(112.8, abs=0.2))


@pytest.mark.parametrize(("low", "high"), [(-100.0, 6.7), (-0.1, 1000.0), (5.0, 6.0), (-3.0, -2.9), (1e4, 1e4 + 0.4)])
def test_bins_cover_the_range_with_zero_where_it_lies_between(low: float, high: float) -> None:
    values = bins(low, high)
    assert 39 <= len(values) <= 41
    assert list(values) == sorted(set(values))
    assert values[0] <= low < high <= values[-1] + 1e-3
    assert (0.0 in values) == (low <= 0 <= high)


def test_bins_are_finer_near_zero() -> None:
    steps = np.diff(bins(-10.0, 1000.0))
    assert steps.min() < 0.3 < 100 < steps.max()


def test_the_mean_of_a_two_hot_target_is_the_reward() -> None:
    values = bins(-100.0, 6.7)
    rewards = torch.tensor([[-100.0, -0.1, 0.0], [3.034796, 1e-3, 6.7]])
    shares = two_hot(rewards, values)
    assert shares.shape == (2, 3, len(values))
    assert (shares > 0).sum(dim=-1).max() == 2
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(2, 3))
    torch.testing.assert_close(shares @ torch.tensor(values), rewards, atol=1e-4, rtol=1e-6)


def test_a_reward_on_a_bin_has_that_bin_alone() -> None:
    values = (-1.0, 0.0, 1.0, 4.0)
    assert two_hot(torch.tensor(values), values).tolist() == torch.eye(4).tolist()


def test_a_reward_is_shared_by_its_neighbours_only() -> None:
    assert two_hot(torch.tensor([2.5]), (-1.0, 0.0, 1.0, 4.0)).tolist() == [[0, 0, 0.5, 0.5]]


def test_rewards_beyond_the_bins_count_as_the_outermost() -> None:
    assert two_hot(torch.tensor([-9.0, 9.0]), (-1.0, 0.0, 1.0)).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_targets_are_classes_or_shares() -> None:
    rewards, values = torch.tensor([0.5, 0.0]), (0.0, 0.5)
    assert reward_targets(rewards, values, "classes").tolist() == [1, 0]
    assert reward_targets(rewards, values, "two_hot").tolist() == [[0, 1], [1, 0]]


def test_the_usual_reward_is_the_commonest_and_nothing_where_that_is_as_common() -> None:
    assert usual(np.array([-0.1, -0.1, -0.1, 0.0, 6.8])) == -0.1
    assert usual(np.array([1.0, 1.0, 0.0, 0.0, -1.0, -1.0])) == 0.0


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ([-0.1, -0.1, -0.1, 0.4, -1.1], [0, 0, 0, 0.5, -1]),
        ([-0.1, 0.2 - 0.3, -0.1, 0.2 - 0.3, 0.4], [0, 0, 0, 0, 0.5]),  # neighbours in float32
        ([0, 0, 0, 1, -1], [0, 0, 0, 1, -1]),
        ([-3, -2, -1, 0.5, 2], [-3, -2, -1, 0.5, 2]),  # none is usual
        ([], []),
    ],
)
def test_an_unusual_reward_is_more_or_less_than_most(rewards: list[float], expected: list[float]):
    assert unusual(np.array(rewards, np.float32)).tolist() == pytest.approx(expected, abs=1e-6)
