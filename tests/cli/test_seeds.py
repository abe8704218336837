"""A seed that nothing can be seeded by is refused by each command, before it plays, dreams or fetches."""

from pathlib import Path

import pytest

from agents.evaluate import main as evaluate
from gym_diamond.cli import check_seed, exit_status, main
from gym_diamond.errors import InvalidArgument

BEYOND = ["-1", str(2**63)]


@pytest.mark.parametrize("seed", BEYOND)
@pytest.mark.parametrize(
    "words",
    [
        ("collect", "Breakout", "--dataset", "breakout/test-v0"),
        ("collect", "tests.own_game:Dot-v0", "--dataset", "own/test-v0"),
        ("demo",),
        ("pull", "Asterix"),
        ("pull", "hub:somebody/world"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_command_refuses_it(
    words: tuple[str, ...], seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--seed", seed]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [f"gym-diamond {words[0]}: --seed is {seed}; it must be at least 0 and below 2**63."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", BEYOND)
def test_so_does_the_judge_of_policies(
    seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.chdir(tmp_path)
    words = ["random", "--game", "Breakout", "--episodes", "1", "--out", "scores.json", "--seed", seed]
    assert exit_status("agents.evaluate", evaluate, words) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [f"agents.evaluate: --seed is {seed}; it must be at least 0 and below 2**63."]


@pytest.mark.parametrize("seed", [0, 2**31, 2**63 - 1])
def test_all_between_are_seeds(seed: int):
    check_seed(seed)
    for beyond in (-1 - seed, 2**63 + seed):
        with pytest.raises(InvalidArgument, match=f"--seed is {beyond}; it must be"):
            check_seed(beyond)
