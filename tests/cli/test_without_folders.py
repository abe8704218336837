"""The command that a world tells it was made by: as typed, but without the folders of somebody's machine."""

from pathlib import Path

import pytest

from gym_diamond.cli import without_folders


def test_paths_are_told_by_their_names_and_other_words_as_they_are():
    words = ["fit", "--out=/home/me/runs/a", "--dataset", "breakout/mixed-v0", "--config", "./fit.toml", "--lr", "4e-4"]
    told = ["fit", "--out", "a", "--dataset", "breakout/mixed-v0", "--config", "fit.toml", "--lr", "4e-4"]
    assert without_folders(words, [Path("/home/me/runs/a"), Path("fit.toml")]) == told


def test_a_path_that_is_part_of_another_word_changes_nothing_there():
    words = ["--dataset", "breakout/mixed-v0", "--out", "breakout/mixed"]
    assert without_folders(words, [Path("breakout/mixed")]) == ["--dataset", "breakout/mixed-v0", "--out", "mixed"]


def test_the_folder_one_stands_in_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    words = ["--out", ".", "--denoiser.lr", "0.0004"]
    assert without_folders(words, [Path(".")]) == ["--out", "mine", "--denoiser.lr", "0.0004"]
