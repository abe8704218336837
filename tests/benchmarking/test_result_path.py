"""A result has a file of its own."""

from pathlib import Path

from gym_diamond.benchmarking.result_path import base_name, target

DOCUMENT = {
    "date": "2026-01-02T03:04:05+00:00",
    "hardware": {"model": "AMD EPYC(tm) 7"},
    "rows": [
        {"threads": 2, "preset": "paper", "world": None, "mode": "eager"},
        {"threads": 2, "preset": "paper", "world": None, "mode": "compile"},
        {"threads": 2, "preset": "paper", "world": None, "mode": "eager"},
    ],
}


def test_it_is_named_by_date_hardware_what_was_measured_and_modes():
    assert base_name(DOCUMENT) == "2026-01-02-amd-epyc-tm-7-2-threads-paper-eager-compile"


def test_in_a_folder_no_run_overwrites_what_another_run_has_found(tmp_path: Path):
    name = base_name(DOCUMENT)
    for expected in (f"{name}.json", f"{name}-2.json", f"{name}-3.json"):
        file = target(tmp_path, DOCUMENT)
        assert file == tmp_path / expected
        file.touch()


def test_a_file_that_was_named_is_taken_as_it_was_named(tmp_path: Path):
    assert target(tmp_path / "mine.json", DOCUMENT) == tmp_path / "mine.json"
