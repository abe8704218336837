"""Actions, rewards and ends are read from CSV and NPY; a value that cannot be is named with its file and line."""

from pathlib import Path

import numpy as np
import pytest

from gym_diamond.collection.logs import Log, read_log
from gym_diamond.collection.recordings import Recording
from gym_diamond.errors import InvalidDataset
from tests.recordings import write_csv


def read(
    actions: Path, limits: tuple[int, ...] | None = None, rewards: Path | None = None, ends: Path | None = None
) -> Log:
    return read_log(Recording("walk", Path("walk.mp4"), actions, rewards, ends), limits)


def saved(path: Path, values: object) -> Path:
    np.save(path, np.array(values))
    return path


def test_a_csv_file_has_actions_and_if_known_rewards_and_ends(tmp_path: Path):
    log = read(write_csv(tmp_path / "a.csv", "time,Action,reward,end 0.1,2,-1.5,0 0.2,0,0,true"))
    assert log.actions.tolist() == [[2], [0]]
    assert log.rewards is not None
    assert log.ends is not None
    assert (log.rewards.tolist(), log.ends.tolist()) == ([-1.5, 0.0], [False, True])
    assert read(write_csv(tmp_path / "a.csv", "action 2 0"))[1:] == (None, None)


def test_several_columns_are_the_parts_of_an_action_in_their_order(tmp_path: Path):
    log = read(write_csv(tmp_path / "a.csv", "action_move,reward,action_jump 2,0,1 0,0,0 1,0,1"))
    assert log.actions.tolist() == [[2, 1], [0, 0], [1, 1]]


def test_spreadsheets_write_marks_spaces_empty_last_lines_and_points(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes("\ufeffaction, reward\r\n2.0, 1\r\n0,0\r\n,\r\n\r\n".encode())
    log = read(tmp_path / "a.csv")
    assert (log.actions.tolist(), log.rewards.tolist()) == ([[2], [0]], [1.0, 0.0])  # pyright: ignore[reportOptionalMemberAccess]


def test_npy_files_hold_one_of_them_each(tmp_path: Path):
    rewards, ends = saved(tmp_path / "r.npy", [0.5, 0]), saved(tmp_path / "e.npy", [False, True])
    log = read(saved(tmp_path / "a.npy", [2.0, 0.0]), rewards=rewards, ends=ends)
    assert [values.tolist() for values in log if values is not None] == [[[2], [0]], [0.5, 0.0], [False, True]]
    assert read(saved(tmp_path / "b.npy", [[2, 1], [0, 0]])).actions.tolist() == [[2, 1], [0, 0]]
    assert read(write_csv(tmp_path / "a.csv", "action 2 0"), rewards=rewards).rewards.tolist() == [0.5, 0.0]  # pyright: ignore[reportOptionalMemberAccess]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("action 1 0.5", r"a.csv, line 3, column action: '0.5' is not an action; actions are whole numbers"),
        ("action 1 LEFT", r"line 3, column action: 'LEFT' is not an action"),
        ("action 1 nan", r"line 3, column action: 'nan' is not an action"),
        ("action 1 -2", r"line 3, column action: the action -2 is negative"),
        ("action 1 3", r"line 3, column action: there is no action 3; --action-names has 3, 0 to 2"),
        ("action,reward 1,0 1,", r"line 3, column reward: '' is not a reward; rewards are finite numbers"),
        ("action,reward 1,0 1,nan", r"line 3, column reward: 'nan' is not a reward"),
        ("action,reward 1,0 1,inf", r"line 3, column reward: 'inf' is not a reward"),
        ("action,end 1,0 1,2", r"line 3, column end: '2' does not say whether the game ended"),
        ("action,reward 1,0 1", r"line 3: 1 values, and the header names 2 columns: action, reward"),
        ("0,0 1,0", r"line 1: the header is '0, 0'; there must be a column called action"),
        ("action;reward 1;0", r"line 1: the header is 'action;reward' \(separated by semicolons; use commas\)"),
        ("key,reward 1,0", r"line 1: the header is 'key, reward'"),
        ("action,ACTION 1,0", r"line 1: two columns have the same name"),
        ("action,action2 1,0", r"has 2 columns of actions; --action-names names those of 1"),
        ("action", r"has 1 lines; there must be a header and a line for each action"),
    ],
)
def test_what_is_wrong_in_a_csv_file_is_told_with_its_line(tmp_path: Path, text: str, complaint: str):
    with pytest.raises(InvalidDataset, match=complaint):
        read(write_csv(tmp_path / "a.csv", text), limits=(3,))


def test_an_empty_line_in_the_middle_is_not_passed_over(tmp_path: Path):
    (tmp_path / "a.csv").write_text("action\n1\n\n2\n")
    with pytest.raises(InvalidDataset, match=r"a.csv, line 3: 0 values"):
        read(tmp_path / "a.csv")


def test_a_csv_file_in_another_encoding_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"action,\xff\xfe\n1,2\n")
    with pytest.raises(InvalidDataset, match=r"a.csv cannot be read as CSV in UTF-8"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([1, 0.5], r"a.npy, row 1 \(the first is 0\): 0.5 is not an action"),
        ([1, float("nan")], r"row 1 .*: nan is not an action"),
        ([1, -1], r"row 1 .*: the action -1 is negative"),
        ([1, 3], r"row 1 .*: no action 3; --action-names has 3"),
        ([[1, 0], [2, 1]], r"has 2 columns of actions; --action-names names those of 1"),
        (["LEFT"], r"a.npy holds <U4 of shape \(1,\); it must be an array of actions"),
        ([[[0]]], r"holds int64 of shape \(1, 1, 1\)"),
        (np.zeros(0), r"a.npy is empty"),
    ],
)
def test_what_is_wrong_in_an_npy_file_is_told_with_its_row(tmp_path: Path, values: object, complaint: str):
    with pytest.raises(InvalidDataset, match=complaint):
        read(saved(tmp_path / "a.npy", values), limits=(3,))


KEY_CODES = (
    r"the action {} would be one of more than 1000; number .* \(are these key codes\?\), or name them all by --act"
)


@pytest.mark.parametrize(
    ("action", "told"), [("1000", "1000"), ("1073742049", "1073742049"), ("1e30", "1000000000000000019884624838656")]
)
def test_a_key_code_in_a_csv_file_is_no_action_unless_it_is_named(tmp_path: Path, action: str, told: str):
    with pytest.raises(InvalidDataset, match="a.csv, line 3, column action: " + KEY_CODES.format(told)):
        read(write_csv(tmp_path / "a.csv", f"action 1 {action}"))


@pytest.mark.parametrize(
    ("values", "place", "told"),
    [
        ([1, 1000], r"row 1 \(the first is 0\)", "1000"),
        ([1, 1e30], r"row 1 \(the first is 0\)", r"1e\+30"),
        ([[1, 1], [1, 1000]], r"row 1 \(the first is 0\), column 1", "1000"),
        (np.array([1, 2**63 + 5], np.uint64), r"row 1 \(the first is 0\)", "9223372036854775813"),
        (np.array([2**64 - 1], np.uint64), r"row 0 \(the first is 0\)", "18446744073709551615"),
    ],
)
def test_so_is_none_in_an_npy_file(tmp_path: Path, values: object, place: str, told: str):
    with pytest.raises(InvalidDataset, match=f"a.npy, {place}: " + KEY_CODES.format(told)):
        read(saved(tmp_path / "a.npy", values))


def test_a_thousand_actions_need_no_names_and_named_ones_may_be_more(tmp_path: Path):
    assert read(write_csv(tmp_path / "a.csv", "action 0 999")).actions.tolist() == [[0], [999]]
    assert read(saved(tmp_path / "a.npy", np.array([0, 999], np.uint64))).actions.tolist() == [[0], [999]]
    assert read(write_csv(tmp_path / "b.csv", "action 0 1499"), limits=(1500,)).actions.tolist() == [[0], [1499]]
    assert read(saved(tmp_path / "b.npy", [0, 1499]), limits=(1500,)).actions.tolist() == [[0], [1499]]


@pytest.mark.parametrize(("value", "told"), [(1e30, r"1e\+30"), (np.uint64(2**63 + 5), "9223372036854775813")])
def test_a_number_beyond_all_integers_is_no_named_action_either(tmp_path: Path, value: object, told: str):
    with pytest.raises(InvalidDataset, match=f"row 0 .*: no action {told}; --action-names has 3"):
        read(saved(tmp_path / "a.npy", [value]), limits=(3,))


def test_rewards_and_ends_of_another_length_or_that_are_none_are_told(tmp_path: Path):
    actions = saved(tmp_path / "a.npy", [0, 1, 2])
    with pytest.raises(InvalidDataset, match=r"r.npy holds 2 rewards, and .*a.npy 3 actions. There must be as many"):
        read(actions, rewards=saved(tmp_path / "r.npy", [0, 1]))
    with pytest.raises(InvalidDataset, match=r"r.npy, row 2 .*: inf is not a reward"):
        read(actions, rewards=saved(tmp_path / "r.npy", [0, 1, np.inf]))
    with pytest.raises(InvalidDataset, match=r"e.npy, row 1 .*: 7 does not say whether the game ended"):
        read(actions, ends=saved(tmp_path / "e.npy", [0, 7, 0]))


def test_rewards_that_are_told_twice_are_refused(tmp_path: Path):
    with pytest.raises(InvalidDataset, match=r"a.csv has a column reward, and .*r.npy says it too"):
        read(write_csv(tmp_path / "a.csv", "action,reward 1,0"), rewards=saved(tmp_path / "r.npy", [0]))
