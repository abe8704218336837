"""Functions of one's own play, and one action for ever, also of several parts."""

import numpy as np
import pytest

from gym_diamond.choices import Choices
from gym_diamond.collection.policies import ConstantPolicy, FunctionPolicy, Policy
from gym_diamond.errors import InvalidArgument

SIZES = (3, 2)


def _play(policy: Policy, num_steps: int, num_rows: int = 1) -> np.ndarray:
    rng, rows, frames = np.random.default_rng(0), np.arange(num_rows), np.zeros((num_rows, 4, 4, 3), np.uint8)
    policy.begin(rows)
    return np.stack([policy.act(rows, frames, rng) for _ in range(num_steps)])


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
