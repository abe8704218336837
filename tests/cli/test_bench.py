"""`gym-diamond bench` as a person uses it: tables on screen, all numbers in a file, clear words for what cannot be."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gym_diamond.benchmarking.random_world import write_random_world
from gym_diamond.cli import main
from gym_diamond.cli.bench import Arguments, command, names, numbers
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
        assert row["reference"]["precision"] == "fp32"
        assert all(part["share"] >= 0 for part in row["parts"].values())
    assert document["load"] >= 0
    assert document["hardware"]["instructions"]
    assert document["commit"] is None or re.fullmatch("[0-9a-f]{40}(-dirty)?", document["commit"])
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


def test_into_a_folder_each_run_writes_one_file_of_its_own_whole_after_each_batch(tmp_path: Path, monkeypatch):
    def two_batches(*_: object) -> Iterator[dict[str, Any]]:
        row = {"threads": 2, "preset": "tiny", "world": None, "mode": "eager"}
        document = {"date": "2026-01-02T03:04:05+00:00", "hardware": {"model": "Z80"}, "rows": [row]}
        yield document
        yield {**document, "rows": [row, row]}

    monkeypatch.setattr("gym_diamond.cli.bench.measure", two_batches)
    monkeypatch.setattr("gym_diamond.cli.bench.summary", lambda document: "")
    for _ in range(2):
        assert main(["bench", "--preset", "tiny", "--json", str(tmp_path), *QUICK]) == 0
    found = {path.stem: len(json.loads(path.read_text())["rows"]) for path in tmp_path.iterdir()}
    assert found == {"2026-01-02-z80-2-threads-tiny-eager": 2, "2026-01-02-z80-2-threads-tiny-eager-2": 2}


def test_where_things_lie_on_this_machine_is_nobodys_business():
    arguments = Arguments(reference="/home/me/diamond", json=Path("/tmp/a.json"))
    words = ["--reference=/home/me/diamond", "--json", "/tmp/a.json"]
    assert command(words, arguments) == "gym-diamond bench --reference diamond --json a.json"
