"""`gym-diamond bench` as a person uses it: tables on screen, all numbers in a file, clear words for what cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest

from gym_diamond.benchmarking.random_world import write_random_world
from gym_diamond.cli import main
from gym_diamond.cli.bench import Arguments, command, names, numbers, target
from tests.benchmarking.checkout import write_checkout
from tests.benchmarking.plain import PLAIN

QUICK = ("--no-fit", "--seconds", "0.01", "--rounds", "2", "--mode", "eager", "--precision", "fp32", "--device", "cpu")


def test_it_writes_what_the_table_shows(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setenv("TORCHDYNAMO_DISABLE", "1")  # compiled, the reference is then what it was
    world = tmp_path / "plain"
    world.mkdir()
    write_random_world(world, PLAIN)
    checkout, out = write_checkout(tmp_path / "reference"), tmp_path / "speed.json"
    words = ("--world", str(world), "--num-envs", "2", "--reference", str(checkout), "--json", str(out), *QUICK)
    assert main(["bench", *words]) == 0

    document: dict[str, Any] = json.loads(out.read_text())
    assert [(row["num_envs"], row["mode"], row["world"], row["preset"]) for row in document["rows"]] == [
        (2, "eager", "plain", None),
    ]
    for row in document["rows"]:
        quotient = row["env_steps_per_second"] / row["reference_env_steps_per_second"]
        assert row["ratio_to_reference"] == pytest.approx(quotient)
        assert row["device"] == "cpu"
        assert row["reference_env_steps_per_second"] <= 500, "2 ms a row"
        assert len(row["round_step_ms"]) == 2
        assert row["floor"]["ratio_to_floor"] > 0
    assert document["load"] >= 0
    assert document["command"].startswith("gym-diamond bench --world plain --num-envs 2 --reference reference --json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "reference", "speed.json"]

    printed = capsys.readouterr().out
    assert "| dreams | precision | mode  | steps | env-steps/s |" in printed
    assert "ratio to its best" in printed
    assert "reward/end" in printed
    assert f"All numbers: {out}" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--num-envs", "1;32"], "--num-envs is '1;32'; give numbers of at least 1 with commas between them"),
        (["--num-envs", "0"], "--num-envs is '0'"),
        (["--mode", "fast"], "--mode has 'fast'; there is eager, compile"),
        (["--precision", "fp8"], "--precision has 'fp8'; there is auto, fp32, bf16"),
        (["--preset", "huge"], "--preset is 'huge'; there is paper, small, tiny"),
        (["--preset", "tiny", "--world", "runs/mine"], "give one of them"),
        (["--world", "nowhere"], "nowhere"),
        (["--rounds", "0"], "--rounds is 0"),
        (["--seconds", "nan"], "--seconds nan"),
        (["--threads", "0"], "--threads is 0"),
        (["--json", "no/such/folder/speed.json"], "there is no folder no/such/folder"),
        (["--reference", "nowhere", "--preset", "paper"], "git clone"),
        (["--device", "cuda:99"], "cuda:99"),
    ],
)
def test_a_mistake_is_answered_in_a_sentence(words: list[str], message: str, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_a_preset_that_the_reference_does_not_have_is_refused_before_anything_is_measured(tmp_path: Path, capsys):
    assert main(["bench", "--reference", str(write_checkout(tmp_path)), *QUICK]) == 2
    assert "folds patches of pixels" in capsys.readouterr().err


def test_lists_have_commas_and_everything_once():
    assert numbers("8, 1,8", "--num-envs") == [8, 1]
    assert names("compile,eager", "--mode", ("eager", "compile")) == ["eager", "compile"]


def test_in_a_folder_the_file_is_named_by_date_hardware_and_what_was_measured(tmp_path: Path):
    document = {
        "date": "2026-01-02T03:04:05+00:00",
        "hardware": {"model": "AMD EPYC(tm) 7"},
        "rows": [{"threads": 2, "preset": "paper", "world": None}],
    }
    assert target(tmp_path, document) == tmp_path / "2026-01-02-amd-epyc-tm-7-2-threads-paper.json"
    assert target(tmp_path / "mine.json", document) == tmp_path / "mine.json"


def test_where_things_lie_on_this_machine_is_nobodys_business():
    arguments = Arguments(reference="/home/me/diamond", json=Path("/tmp/a.json"))
    words = ["--reference=/home/me/diamond", "--json", "/tmp/a.json"]
    assert command(words, arguments) == "gym-diamond bench --reference diamond --json a.json"
