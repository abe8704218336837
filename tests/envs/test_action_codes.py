"""The numbers of a dataset mean actions of the env, and back."""

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

from gym_diamond.envs.action_codes import code_actions
from gym_diamond.errors import InvalidArgument

CAR = Box(np.array([-1, 0, 0], np.float32), np.array([1, 1, 1], np.float32))


def test_discrete_actions_count_from_zero():
    code = code_actions(Discrete(3, start=5))
    assert (code.choices.num_actions, code.choices.action_sizes, code.meanings) == (3, (), ("0", "1", "2"))
    assert code.decode(np.int64(2)) == 7
    assert type(code.decode(np.int64(2))) is int


def test_discrete_actions_can_be_named():
    assert code_actions(Discrete(2), names=("LEFT", "RIGHT")).meanings == ("LEFT", "RIGHT")


def test_multi_discrete_actions_keep_their_parts():
    code = code_actions(MultiDiscrete([3, 2], start=[1, 0]))
    assert (code.choices.num_actions, code.choices.action_sizes) == (5, (3, 2))
    assert code.meanings == ("0", "1", "2", "0", "1")
    assert code.decode(np.array([2, 1])).tolist() == [3, 1]


def test_multi_binary_actions_are_parts_of_two():
    space = MultiBinary(3)
    code = code_actions(space)
    assert code.choices.action_sizes == (2, 2, 2)
    assert space.contains(code.decode(np.array([1, 0, 1])))


def test_each_number_of_a_box_is_chosen_from_its_bins_which_are_its_names():
    code = code_actions(CAR, "-1,0,1;0,0.5;0,0.8")
    assert code.choices.action_sizes == (3, 2, 2)
    assert code.meanings == ("-1", "0", "1", "0", "0.5", "0", "0.8")
    action = code.decode(np.array([0, 1, 1]))
    assert (action.dtype, action.tolist()) == (np.float32, [-1.0, 0.5, pytest.approx(0.8)])
    assert CAR.contains(action)


def test_a_box_of_one_number_is_discrete():
    code = code_actions(Box(-2, 2, (1,)), "-2,0,2")
    assert (code.choices.num_actions, code.choices.action_sizes, code.choices.space) == (3, (), Discrete(3))
    assert code.decode(np.int64(2)).tolist() == [2.0]


def test_a_box_keeps_its_shape():
    assert code_actions(Box(-1, 1, (2, 2)), "3").decode(np.array([0, 1, 2, 0])).tolist() == [[-1, 0], [1, -1]]


def test_a_number_of_bins_is_spread_evenly_from_end_to_end():
    assert code_actions(CAR, "3;2;5").meanings == ("-1", "0", "1", "0", "1", "0", "0.25", "0.5", "0.75", "1")


def test_values_that_are_spread_stay_within_the_ends_that_their_names_round():
    space = Box(-0.20943951, 0.20943951, (1,), np.float64)
    code = code_actions(space, "3")
    assert code.meanings == ("-0.20944", "0", "0.20944")
    assert all(space.contains(code.decode(np.array(action))) for action in range(3))


@pytest.mark.parametrize(
    ("low", "high", "bins", "values"),
    [
        (-0.7, 0.7, "-0.7,0,0.7", (-0.699999988079071, 0.0, 0.699999988079071)),
        (0, 2.0943951, "0,2.094396", (0.0, 2.094395160675049)),
        (0, 1, "-0.0000005,1.0000005", (0.0, 1.0)),
        (-1000, 1000, "-1000.0005,1000.0005", (-1000.0, 1000.0)),
    ],
)
def test_a_value_at_an_end_that_float32_rounds_is_clipped_to_it(
    low: float, high: float, bins: str, values: tuple[float, ...]
):
    """A Box of float32 that is said to end at 0.7 ends at 0.69999999."""
    space = Box(low, high, (1,))
    code = code_actions(space, bins)
    assert code.bins == (values,)
    assert all(space.contains(code.decode(np.array(action))) for action in range(len(values)))


@pytest.mark.parametrize(
    ("low", "high", "bins"),
    [(0, 2.0943951, "0,2.09442"), (-0.7, 0.7, "-0.7001,0.7"), (-1000, 1000, "-1000.1,1000"), (0, 1, "-0.0001,1")],
)
def test_what_no_rounding_explains_is_beyond_the_end(low: float, high: float, bins: str):
    with pytest.raises(InvalidArgument, match="they must be distinct, from"):
        code_actions(Box(low, high, (1,)), bins)


@pytest.mark.parametrize(
    ("space", "bins", "meanings"),
    [
        (Box(0, 10, (1,), np.int64), "4", ("0", "3", "7", "10")),
        (Box(0, 255, (1,), np.uint8), "3", ("0", "128", "255")),
        (Box(-2, 2, (1,), np.int32), "5", ("-2", "-1", "0", "1", "2")),
        (Box(0, 10, (1,), np.int64), "0,2,10", ("0", "2", "10")),
    ],
)
def test_the_values_of_whole_numbers_are_whole(space: Box, bins: str, meanings: tuple[str, ...]):
    code = code_actions(space, bins)
    assert code.meanings == meanings
    actions = [code.decode(np.array(action)) for action in range(len(meanings))]
    assert all(space.contains(action) for action in actions)
    assert [str(action[0]) for action in actions] == list(meanings)


def test_one_entry_serves_all_numbers():
    assert code_actions(CAR, "0,1").bins == ((0, 1),) * 3


@pytest.mark.parametrize(
    ("space", "bins", "names", "complaint"),
    [
        (CAR, None, (), r'--bins "-1,0,1;0,0.5,1;0,0.5,1"'),
        (Box(-np.inf, np.inf, (1,)), None, (), r'--bins "-1,0,1"'),
        (Box(-np.inf, np.inf, (1,)), "3", (), "both ends finite"),
        (CAR, "-1,0,1;0,1", (), "2 entries for 3 numbers"),
        (CAR, "-1,0,2", (), "distinct, from -1 to 1"),
        (CAR, "0,0", (), "must be distinct"),
        (CAR, "1", (), "at least 2"),
        (CAR, "2.5", (), "must be whole"),
        (CAR, "inf", (), "must be whole"),
        (CAR, "nan", (), "must be whole"),
        (CAR, "nan,0", (), "distinct, from -1 to 1"),
        (CAR, "0,1,1.0000005", (), "must be distinct"),
        (Box(-np.inf, np.inf, (1,)), "-1,0,inf", (), "distinct, from -inf to inf"),
        (Box(-np.inf, np.inf, (1,)), "-inf,0", (), "distinct, from -inf to inf"),
        (Box(0, 10, (1,), np.int64), "0,2.5,10", (), "distinct whole numbers, from 0 to 10"),
        (Box(0, 3, (1,), np.int64), "0,1,4", (), "distinct whole numbers, from 0 to 3"),
        (Box(0, 3, (1,), np.int64), "5", (), "5 values, and from 0 to 3 there are not as many to choose"),
        (Box(-5, 2, (1,), np.int64), None, (), r'--bins "-5,-2,2"'),
        (Box(0, 1, (1,), np.int64), None, (), r'--bins "0,1"'),
        (CAR, "left,right", (), "'left,right'"),
        (CAR, "3", ("LEFT",), "leave out --action-names"),
        (Discrete(3), "3", (), r"those of this env are Discrete\(3\)"),
        (Discrete(3), None, ("LEFT",), "1 names were given for 3 actions"),
        (Dict(), None, (), "must be Discrete, MultiDiscrete or MultiBinary"),
    ],
)
def test_what_cannot_be_chosen_is_explained(space, bins, names, complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        code_actions(space, bins, names)


def test_a_number_of_which_there_is_one_value_has_that_one():
    code = code_actions(Box(np.array([0, 3]), np.array([5, 3]), dtype=np.int32), "0,2,5;3")
    assert (code.meanings, code.choices.action_sizes) == (("0", "2", "5", "3"), (3, 1))
    assert code.decode(np.array([1, 0])).tolist() == [2, 3]
