"""A dataset is made by one process, in a folder that leaves no trace."""

import os
import time
from pathlib import Path

import pytest

from gym_diamond.data.workplace import workplace
from gym_diamond.errors import InvalidDataset


def test_two_do_not_make_the_same_dataset_but_two_may_make_two(tmp_path: Path) -> None:
    with workplace(tmp_path, "pong/a-v0"), workplace(tmp_path, "pong/b-v0"):
        again = workplace(tmp_path, "pong/a-v0")
        with pytest.raises(InvalidDataset, match="Another process makes the dataset 'pong/a-v0' just now"), again:
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_a_day_ago_is_removed_unless_a_dataset_is_in_it(tmp_path: Path) -> None:
    yesterday = time.time() - 25 * 3600
    for name, part, when in (
        (".making-old", "data", yesterday),
        (".making-new", "data", time.time()),
        (".making-replacing", "replaced", yesterday),
        ("pong", "a-v0", yesterday),
    ):
        (tmp_path / name / part).mkdir(parents=True)
        for path in (tmp_path / name / part, tmp_path / name):
            os.utime(path, (when, when))
    with workplace(tmp_path, "pong/b-v0"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {".making-new", ".making-replacing", "pong"}
