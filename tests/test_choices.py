"""What can be chosen at each step: one number, or one for each part."""

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

from gym_diamond.choices import Choices, choices_of, first_choice, split_names
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import WorldSpec


def test_a_discrete_action_is_one_number():
    choices = Choices(4)
    assert (choices.shape, choices.limits, choices.first_names) == ((), 4, (0,))
    assert choices.space == Discrete(4)
    assert choices.range == "0 to 3"
    assert choices.describe(("NOOP", "FIRE", "RIGHT", "LEFT")) == "NOOP, FIRE, RIGHT, LEFT"
    assert choices.describe(("NOOP", "FIRE", "RIGHT", "LEFT"), numbered=True) == "0 NOOP, 1 FIRE, 2 RIGHT, 3 LEFT"


def test_a_multi_discrete_action_has_a_number_for_each_part():
    choices = Choices(5, (3, 2))
    assert (choices.shape, choices.limits, choices.first_names) == ((2,), (3, 2), (0, 3))
    assert choices.space == MultiDiscrete([3, 2])
    assert choices.range == "0 to 2 and 0 to 1 in its 2 parts"
    names = ("STAY", "LEFT", "RIGHT", "COAST", "GAS")
    assert choices.describe(names) == "STAY, LEFT, RIGHT and COAST, GAS"
    assert choices.describe(names, numbered=True) == "0 STAY, 1 LEFT, 2 RIGHT and 0 COAST, 1 GAS"


@pytest.mark.parametrize(
    ("choices", "actions", "expected"),
    [
        (Choices(4), 3, True),
        (Choices(4), [[0, 3], [1, 2]], True),
        (Choices(4), [0, 4], False),
        (Choices(4), [-1], False),
        (Choices(5, (3, 2)), [2, 1], True),
        (Choices(5, (3, 2)), [[2, 1], [0, 0]], True),
        (Choices(5, (3, 2)), [[1, 2]], False),
        (Choices(5, (3, 2)), [1, 1, 1], False),
        (Choices(5, (3, 2)), 1, False),
    ],
)
def test_only_what_can_be_chosen_is_contained(choices: Choices, actions, expected: bool):
    assert choices.contains(np.array(actions)) is expected


def test_no_actions_at_all_are_contained():
    assert Choices(4).contains(np.zeros((7, 0), np.int64))
    assert Choices(5, (3, 2)).contains(np.zeros((7, 0, 2), np.int64))


@pytest.mark.parametrize("choices", [Choices(4), Choices(5, (3, 2)), Choices(4, (4,))])
def test_a_space_says_what_is_chosen_in_it(choices: Choices):
    assert choices_of(choices.space) == choices


def test_switches_are_parts_of_two():
    assert choices_of(MultiBinary(3)) == Choices(6, (2, 2, 2))


@pytest.mark.parametrize("space", [Box(-1, 1, (2,)), MultiDiscrete([[2, 2]]), MultiBinary([2, 2])], ids=repr)
def test_of_other_spaces_nothing_can_be_said(space):
    assert choices_of(space) is None


def test_a_space_may_count_from_elsewhere():
    assert first_choice(Discrete(3, start=1)).tolist() == 1
    assert first_choice(MultiDiscrete([3, 2], start=[5, -1])).tolist() == [5, -1]
    assert first_choice(MultiBinary(2)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("num_actions", "sizes", "complaint"),
    [(6, (3, 2), r"\(3, 2\) sum to 5, but num_actions is 6"), (3, (3, 0), "must be >= 1"), (0, (), "must be >= 1")],
)
def test_sizes_that_do_not_fit_are_refused(num_actions: int, sizes: tuple[int, ...], complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        Choices(num_actions, sizes)


def test_a_spec_refuses_sizes_that_do_not_fit_its_names():
    with pytest.raises(InvalidArgument, match="sum to 4, but num_actions is 3"):
        WorldSpec("Racing", 8, 8, 3, 3, ("A", "B", "C"), 4, (0.0,), 15, action_sizes=(2, 2))


def test_names_are_split_part_by_part():
    assert split_names(["NOOP, LEFT ,RIGHT"]) == [("NOOP", "LEFT", "RIGHT")]
    assert split_names(["STAY,LEFT", "STAY,JUMP"]) == [("STAY", "LEFT"), ("STAY", "JUMP")], "parts may share a name"
    assert split_names([]) == []


@pytest.mark.parametrize("part", ["A,A,A", "A,B, A", "A,,B", "A,", ""])
def test_names_that_do_not_tell_choices_apart_are_refused(part: str):
    with pytest.raises(InvalidArgument, match=f"--action-names {part} must be distinct names, as in NOOP,LEFT,RIGHT"):
        split_names(["STAY,JUMP", part])
