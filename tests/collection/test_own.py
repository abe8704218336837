"""Functions and classes of one's own play, and one action for ever, also of several parts."""

import numpy as np
import pytest

from gym_diamond.choices import Choices
from gym_diamond.collection.own import FunctionPolicy, load_own
from gym_diamond.collection.policies import ConstantPolicy, Policy
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


@pytest.mark.parametrize("action", [3, -1, 0.5, [0, 1], [[0], [1, 2]], "left", None])
def test_what_is_no_action_is_refused(action: object):
    with pytest.raises(InvalidArgument, match=r"mine gave .*; actions are 0 to 2\."):
        _play(FunctionPolicy("mine", lambda frame: action, Choices(3)), 1)


@pytest.mark.parametrize("num_rows", [1, 2, 3])
def test_one_number_is_no_action_of_two_parts(num_rows: int):
    with pytest.raises(InvalidArgument, match="mine gave 1; actions are 0 to 2 and 0 to 1 in its 2 parts"):
        _play(FunctionPolicy("mine", lambda frame: 1, Choices(5, SIZES)), 1, num_rows)


class Counting:
    """The steps since the episode began, in each row: what no function of one frame could tell."""

    def __init__(self, num_rows: int) -> None:
        self.steps = np.zeros(num_rows, np.int64)

    def begin(self, rows: np.ndarray) -> None:
        self.steps[rows] = 0

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self.steps[rows] += 1
        return self.steps[rows] - 1


class OneForAll(Counting):
    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> int:
        return 0


class Needy(Counting):
    def __init__(self, num_rows: int, weights: str) -> None:
        super().__init__(num_rows)


class Idle:
    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(len(rows), np.int64)


HERE, NUMBER = "tests.collection.test_own", 3


def test_a_class_remembers_each_row_until_an_episode_begins_there():
    policy, rng, frames = load_own("mine", f"{HERE}:Counting", Choices(4), 2), np.random.default_rng(0), np.zeros(2)
    policy.begin(np.arange(2))
    assert policy.act(np.arange(2), frames, rng).tolist() == [0, 0]
    assert policy.act(np.array([1]), frames[:1], rng).tolist() == [1]
    policy.begin(np.array([1]))
    assert policy.act(np.arange(2), frames, rng).tolist() == [1, 0]


def test_a_class_that_leaves_the_actions_is_stopped():
    with pytest.raises(InvalidArgument, match=r"mine gave array\(\[2, 2\]\) for each of 2 rows; actions are 0 to 1\."):
        _play(load_own("mine", f"{HERE}:Counting", Choices(2), 2), 3, 2)


def test_a_class_gives_an_action_for_each_row():
    with pytest.raises(InvalidArgument, match=r"mine gave 0 for each of 2 rows"):
        _play(load_own("mine", f"{HERE}:OneForAll", Choices(2), 2), 1, 2)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        (f"{HERE}:Needy", "cannot be made: .*'weights'. It is called with num_rows alone"),
        (f"{HERE}:Idle", "a class without begin or act"),
        (f"{HERE}:NUMBER", "is 3; it must be a function or a class"),
        (f"{HERE}:Absent", "cannot be imported: .*no attribute 'Absent'"),
        ("no_such_module:play", "cannot be imported: No module named 'no_such_module'"),
    ],
)
def test_what_is_no_player_is_explained(path: str, complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        load_own(f"python:{path}", path, Choices(2), 1)
