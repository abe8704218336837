"""The results kept here are those of `gym-diamond bench`: named by date and hardware, and in themselves right."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gym_diamond.benchmarking.result_path import base_name

RESULTS = sorted(Path(__file__).parent.glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_results():
    assert RESULTS


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_is_named_by_its_date_its_hardware_and_what_was_measured(path: Path):
    name = base_name(read(path))
    before = name.rpartition(f"-{read(path)['rows'][0]['mode']}")[0]  # files were named without their modes once
    assert re.fullmatch(rf"{name}(-\d+)?|{before}", path.stem)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_ratio_in_a_result_is_the_quotient_of_its_speeds(path: Path):
    rows = read(path)["rows"]
    assert rows
    for row in rows:
        assert row["env_steps_per_second"] == pytest.approx(1e3 * row["num_envs"] / row["step_ms"])
        assert row["floor"]["ratio_to_floor"] == pytest.approx(row["step_ms"] / row["floor"]["ms"])
        if row["reference"] is not None:
            best = row["reference"][row["reference"]["best_mode"]]["env_steps_per_second"]
            assert row["reference_env_steps_per_second"] == best
            assert row["ratio_to_reference"] == pytest.approx(row["env_steps_per_second"] / best)
