"""A report leaves metrics, pictures and card of one measurement, and nothing of an older one."""

import json
from pathlib import Path

import pytest

from gym_diamond.evaluation import report
from gym_diamond.evaluation.report import write_report
from tests.measured import metrics

VALUES = metrics()
PICTURES = {"drift.png": b"a drift", "dream.gif": b"a film"}


def folder(path: Path, **files: str) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name.replace("_", ".", 1)).write_text(text)
    return path


def test_everything_is_there_and_the_card_begins_with_that_of_the_world(tmp_path: Path):
    world, out = folder(tmp_path / "world", README_md="# A world\n"), folder(tmp_path / "out")
    write_report(out, world, VALUES, PICTURES)
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "dream.gif", "drift.png", "metrics.json"]
    assert json.loads((out / "metrics.json").read_text()) == VALUES
    assert (out / "dream.gif").read_bytes() == b"a film"
    assert (out / "README.md").read_text().startswith("# A world\n\n## Measured\n\n**Trust it for 50 frames**")
    assert (world / "README.md").read_text() == "# A world\n"


def test_pictures_of_an_older_measurement_go_and_what_is_not_ours_stays(tmp_path: Path):
    world = folder(tmp_path / "world", ranking_png="old", drift_png="old", notes_txt="mine")
    write_report(world, world, VALUES, PICTURES)
    assert not (world / "ranking.png").exists()
    assert (world / "drift.png").read_bytes() == b"a drift"
    assert (world / "notes.txt").read_text() == "mine"


def test_the_words_are_those_of_the_world_and_not_of_another_that_was_measured_there(tmp_path: Path):
    world = folder(tmp_path / "world", README_md="# A world\n")
    out = folder(tmp_path / "out", README_md="# Mine\n\n## Measured\n\nOld.\n")
    write_report(out, world, VALUES, PICTURES)
    assert (out / "README.md").read_text().startswith("# A world\n\n## Measured\n\n**Trust it")
    assert "Mine" not in (out / "README.md").read_text()


def test_a_card_that_cannot_be_written_leaves_the_old_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    world = folder(tmp_path / "world", README_md="# A world\n")

    def full(path: Path, values: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(report, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(world, world, VALUES, PICTURES)
    assert (world / "README.md").read_text() == "# A world\n", "a card never shows what is not there"
