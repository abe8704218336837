"""Actions of several parts are played by the same policies, and functions of one's own play too."""

import numpy as np
import pytest

from gym_diamond.choices import Choices
from gym_diamond.collection.policies import (
    ConstantPolicy,
    EpsilonPolicy,
    FunctionPolicy,
    Policy,
    RandomPolicy,
    StickyPolicy,
)
from gym_diamond.errors import InvalidArgument

SIZES = (3, 2)


def _play(policy: Policy, num_steps: int, num_rows: int = 1) -> np.ndarray:
    rng, rows, frames = np.random.default_rng(0), np.arange(num_rows), np.zeros((num_rows, 4, 4, 3), np.uint8)
    policy.begin(rows)
    return np.stack([policy.act(rows, frames, rng) for _ in range(num_steps)])


def test_random_play_is_uniform_in_each_part():
    actions = _play(RandomPolicy(SIZES), 3000, 2)
    assert actions.shape == (3000, 2, 2)
    for part, size in enumerate(SIZES):
        counts = np.bincount(actions[..., part].ravel(), minlength=size)
        assert np.abs(counts / counts.mean() - 1).max() < 0.1


def test_sticky_play_holds_each_part_for_a_while_of_its_own():
    actions = _play(StickyPolicy(SIZES, 1, mean_hold=8.0), 8000)[:, 0]
    changed = np.diff(actions, axis=0) != 0
    assert changed.sum(axis=0) / 8000 == pytest.approx([2 / 3 / 8, 1 / 2 / 8], rel=0.15)
    assert changed.all(axis=1).mean() < 0.02


def test_epsilon_replaces_all_parts_at_once():
    actions = _play(EpsilonPolicy(ConstantPolicy((2, 1), "x"), SIZES, 0.3), 6000)[:, 0]
    assert (actions == (2, 1)).all(axis=1).mean() == pytest.approx(0.7 + 0.3 / 6, abs=0.02)
    assert (actions[:, 0] != 2).mean() == pytest.approx(0.3 * 2 / 3, abs=0.02)


def test_a_constant_is_played_in_every_row():
    assert _play(ConstantPolicy((2, 1), "x"), 2, 2).tolist() == [[[2, 1], [2, 1]]] * 2


def test_a_function_sees_each_frame_by_itself():
    policy = FunctionPolicy("mine", lambda frame: int(frame[0, 0, 0]), Choices(4))
    frames = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    assert policy.act(np.arange(3), frames, np.random.default_rng(0)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("action", [3, -1, 0.5, [0, 1], "left", None])
def test_what_is_no_action_is_refused(action: object):
    with pytest.raises(InvalidArgument, match=r"mine gave .*; actions are 0 to 2\."):
        _play(FunctionPolicy("mine", lambda frame: action, Choices(3)), 1)


@pytest.mark.parametrize("num_rows", [1, 2, 3])
def test_one_number_is_no_action_of_two_parts(num_rows: int):
    with pytest.raises(InvalidArgument, match="mine gave 1; actions are 0 to 2 and 0 to 1 in its 2 parts"):
        _play(FunctionPolicy("mine", lambda frame: 1, Choices(5, SIZES)), 1, num_rows)
