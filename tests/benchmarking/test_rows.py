"""From seconds to the rows of the result: every derived number by hand."""

import pytest

from gym_diamond.benchmarking.dreams import DreamSettings, Facts
from gym_diamond.benchmarking.fit_speed import FitSpeed
from gym_diamond.benchmarking.flops import Cost
from gym_diamond.benchmarking.parts import Parts
from gym_diamond.benchmarking.probe import Peak
from gym_diamond.benchmarking.race import Ours, Result, Theirs, Turn
from gym_diamond.benchmarking.rows import Subject, fit_row, rows
from gym_diamond.benchmarking.table import fit_table, floor_table, parts_table, reference_table, speed_table

OURS = Ours(
    DreamSettings("world", "cpu", "fp32", "compile", 8, None, None),
    Facts("cpu", "fp32", 3, 2, first_step_seconds=4.0),
    Cost(flops=10**9, bytes=2**20),
    [Turn(2, 0.5, [1.0, 1.1]), Turn(2, 0.25, [0.6, 0.6]), Turn(2, 0.5, [1.0, 1.0])],
    peak_bytes=3 * 2**20,
    parts=Parts(denoiser=0.32, reward_end=0.08, noise=0.04, copies=0.5, python=0.06),
)
EAGER = Theirs("eager", "tf32", 1.0, [Turn(1, 4.0, [])], peak_bytes=None)
COMPILED = Theirs("compile", "tf32", 9.0, [Turn(1, 2.0, [])], peak_bytes=None)
PEAK = Peak(matmul=1e10, conv=5e9, bytes_per_second=2**20 * 20)
SUBJECT = Subject("paper", None)


def test_speeds_are_dreams_a_median_second_and_the_ratio_is_to_the_better_mode_of_the_reference():
    (row,) = rows(SUBJECT, Result([OURS], [EAGER, COMPILED], {}), PEAK)
    assert (row["preset"], row["device"], row["precision"], row["mode"]) == ("paper", "cpu", "fp32", "compile")
    assert (row["num_envs"], row["num_denoising_steps"], row["threads"]) == (8, 3, 2)
    assert row["env_steps_per_second"] == 8 / 0.5
    assert row["vector_env_steps_per_second"] == 8 / 1.0
    assert row["latency_ms"] == {"median": 1000.0, "p95": 1100.0}
    assert row["reference_env_steps_per_second"] == 8 / 2.0
    assert row["ratio_to_reference"] == 4.0
    assert row["reference"]["best_mode"] == "compile"
    assert row["reference"]["precision"] == "tf32"
    assert row["reference"]["eager"]["env_steps_per_second"] == 8 / 4.0
    assert row["peak_memory_mib"] == 3.0


def test_the_floor_is_what_the_cost_takes_at_the_peak():
    (row,) = rows(SUBJECT, Result([OURS], [], {}), PEAK)
    assert row["floor"]["compute_ms"] == pytest.approx(100.0)
    assert row["floor"]["memory_ms"] == pytest.approx(50.0)
    assert row["floor"]["ms"] == pytest.approx(100.0)
    assert row["floor"]["ratio_to_floor"] == pytest.approx(5.0)


def test_the_floor_of_an_update_is_what_its_cost_takes_at_the_peak():
    speed = FitSpeed("denoiser", "fp32", "eager", 16, update_seconds=0.4, cost=Cost(flops=10**9, bytes=2**20))
    row = fit_row(speed, PEAK)
    assert (row["objective"], row["precision"], row["mode"], row["batch_size"]) == ("denoiser", "fp32", "eager", 16)
    assert row["updates_per_second"] == 2.5
    assert row["floor"]["ms"] == pytest.approx(100.0)
    assert row["floor"]["ratio_to_floor"] == pytest.approx(4.0)
    cells = [cell.strip() for cell in fit_table([row]).splitlines()[2].split("|")[1:-1]]
    assert cells == ["denoiser", "fp32", "eager", "16", "2.50", "1.0", "1", "100.0", "400.0", "4.0"]


def test_shares_are_of_the_sum_of_all_parts():
    (row,) = rows(SUBJECT, Result([OURS], [], {}), PEAK)
    parts = row["parts"]
    assert sum(part["share"] for part in parts.values()) == pytest.approx(1.0)
    assert list(parts) == ["denoiser", "reward_end", "noise", "copies", "python"]
    assert parts["denoiser"]["ms"] == pytest.approx(320.0)
    assert parts["copies"]["ms"] == pytest.approx(500.0)
    assert parts["reward_end"]["share"] == pytest.approx(0.08)


def test_without_the_reference_there_is_no_ratio_and_without_parts_no_shares():
    (row,) = rows(SUBJECT, Result([OURS._replace(parts=None)], [], {}), PEAK)
    assert (row["reference"], row["ratio_to_reference"], row["reference_env_steps_per_second"]) == (None, None, None)
    assert row["parts"] is None


def test_a_mode_in_which_the_reference_does_not_run_is_said_to_have_failed():
    (row,) = rows(SUBJECT, Result([OURS], [EAGER], {"compile": "no compiler"}), PEAK)
    assert row["reference"]["best_mode"] == "eager"
    assert row["reference"]["compile"] == {"failed": "no compiler"}
    assert reference_table([row]).splitlines()[2].split("|")[5:9] == [
        " 16.0        ",
        " 2.00             ",
        " does not run ",
        " 8.00              ",
    ]


def test_tables_show_what_the_rows_say():
    (row,) = rows(SUBJECT, Result([OURS], [EAGER, COMPILED], {}), PEAK)
    cells = [cell.strip() for cell in speed_table([row]).splitlines()[2].split("|")[1:-1]]
    assert cells == ["8", "fp32", "compile", "3", "16.0", "8.00", "1,000.0 (1,100.0)", "4.0", "3"]
    cells = [cell.strip() for cell in floor_table([row]).splitlines()[2].split("|")[1:-1]]
    assert cells[4:] == ["1.0", "1", "100.0", "500.0", "5.0"]
    cells = [cell.strip() for cell in parts_table([row]).splitlines()[2].split("|")[1:-1]]
    assert cells[4:] == ["320.0 ms (32%)", "80.0 ms (8%)", "40.0 ms (4%)", "500.0 ms (50%)", "60.0 ms (6%)"]
