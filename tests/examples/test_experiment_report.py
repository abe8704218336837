"""The report of an experiment: every method a row, intervals that know of seeds, a picture of all runs."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from examples import experiment_report as report
from gym_diamond.errors import InvalidRun


def look(steps: int, scores: list[float], pays: float | None) -> dict[str, Any]:
    mean = float(np.mean(scores))
    return {
        "steps": steps,
        "seconds": 60.0 * steps,
        "exploitation_gap": pays,
        "score": {"mean": {"value": mean, "low": mean, "high": mean}},
        "games": [{"score": score, "signs": score / 2} for score in scores],
    }


def write_run(folder: Path, method: str, seed: int, looks: list[dict[str, Any]], final: dict[str, Any] | None) -> None:
    run = {"method": method, "seed": seed, "settings": {"game": "Breakout", "real_frames": 500}, "looks": looks}
    run |= {"done": True, "final": final} if final else {"done": False}
    (folder / f"Breakout-{method}-{seed}.json").write_text(json.dumps(run))


def test_each_method_is_a_row_and_a_run_that_goes_on_stands_with_its_last_look(tmp_path: Path, capsys):
    write_run(tmp_path, "random", 0, [look(0, [1.0], 0.02)], look(0, [2.0, 2.0], None))
    write_run(tmp_path, "ppo_dream", 0, [look(0, [1.0], None), look(10, [4.0, 6.0], 0.25)], None)
    write_run(tmp_path, "ppo_frames", 0, [look(0, [1.0], None)], look(5, [3.0, 3.0], 0.5))
    write_run(tmp_path, "ppo_frames", 1, [look(0, [1.0], None)], look(5, [5.0, 5.0], 0.7))
    report.main(tmp_path)
    rows = (tmp_path / "Breakout.md").read_text().splitlines()[2:]
    assert rows == [
        "| random | 1 | 2 | 0 | 0 | 0 | 2.0 [2.0, 2.0] | 1.0 [1.0, 1.0] | - |",
        "| ppo_dream (so far) | 1 | 2 | 10 | 500 | 10 | 5.0 [4.0, 6.0] | 2.5 [2.0, 3.0] | +0.250 |",
        "| ppo_frames | 2 | 2 | 5 | 5 | 5 | 4.0 [3.0, 5.0] | 2.0 [1.5, 2.5] | +0.600 |",
    ]
    assert rows[0] in capsys.readouterr().out
    write_run(tmp_path, "ppo_device", 0, [look(10, [4.0, 6.0], 0.25)], look(10, [4.0, 6.0], 0.25))
    report.main(tmp_path)
    assert "| ppo_device | 1 | 2 | 10 | 500 |" in (tmp_path / "Breakout.md").read_text(), "it dreams too"
    with Image.open(io.BytesIO((tmp_path / "Breakout.png").read_bytes())) as picture:
        assert picture.size == (1430, 418)


def test_looks_that_are_not_judged_yet_are_left_out(tmp_path: Path):
    trained = {"steps": 10, "seconds": 600.0, "training_pays": 0.1, "player": "agents/10.zip"}
    write_run(tmp_path, "ppo_dream", 0, [look(0, [1.0], None), trained], None)
    write_run(tmp_path, "ppo_dream", 1, [trained], None)
    report.main(tmp_path)
    assert (tmp_path / "Breakout.md").read_text().splitlines()[2:] == [
        "| ppo_dream (so far) | 1 | 1 | 0 | 500 | 0 | 1.0 [1.0, 1.0] | 0.5 [0.5, 0.5] | - |"
    ]


def test_the_interval_of_equal_games_of_different_seeds_spans_the_seeds():
    found = report.mean_over_runs([np.full(100, 0.0), np.full(100, 1.0)])
    assert found == {"value": 0.5, "low": 0.0, "high": 1.0}


def test_the_interval_of_one_run_is_that_of_its_games():
    found = report.mean_over_runs([np.array([0.0, 1.0] * 200)])
    assert found["value"] == 0.5
    assert found["low"] == pytest.approx(0.5 - 1.96 * 0.5 / 20, abs=0.01)
    assert found["high"] == pytest.approx(0.5 + 1.96 * 0.5 / 20, abs=0.01)


def test_a_file_that_is_no_run_is_named(tmp_path: Path):
    (tmp_path / "some-other-file.json").write_text("{}")
    with pytest.raises(InvalidRun, match=r"some-other-file\.json is no run of examples\.ppo_in_the_dream; move it"):
        report.main(tmp_path)


def test_a_folder_without_runs_is_explained(tmp_path: Path):
    with pytest.raises(InvalidRun, match=r"holds no run that has been looked at; examples\.ppo_in_the_dream writes"):
        report.main(tmp_path)
