"""The demo: eight dreams, a sentence about them, and a GIF; and clear words where it cannot be."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gym_diamond.cli import main
from gym_diamond.cli.demo import mosaic
from tests.tiny import write_tiny_world


def test_it_writes_a_gif_and_says_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, out = write_tiny_world(tmp_path / "world"), tmp_path / "dream.gif"
    assert main(["demo", "--world", str(world), "--steps", "3", "--num-envs", "5", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "15 steps of 5 dreams" in printed
    assert "env-steps/s" in printed
    assert f"Watch them: {out}" in printed
    with Image.open(out) as gif:
        assert gif.size == (4 * 64 * 2, 2 * 64 * 2)
        assert 2 <= gif.n_frames <= 4  # pyright: ignore[reportAttributeAccessIssue] (equal frames are merged)


def test_pictures_stand_four_to_a_row() -> None:
    pictures = tuple(np.full((1, 1, 3), i, np.uint8) for i in range(1, 6))
    assert mosaic(pictures)[::2, ::2, 0].tolist() == [[1, 2, 3, 4], [5, 0, 0, 0]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--game", "Brakeout"], "Breakout"),
        (["--game", "Skiing"], "No world is bundled for Skiing"),
        (["--out", "dream.png"], "must end in .gif"),
        (["--out", "no/such/folder/dream.gif"], "there is no folder no/such/folder"),
        (["--out", "/proc/dream.gif"], "cannot be written"),
        (["--steps", "0"], "--steps 0; both must be at least 1"),
        (["--world", "nowhere"], "nowhere"),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_the_command_without_words_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    for command in ("demo", "collect", "fit", "evaluate"):
        assert command in printed


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dreem"]) == 2
    known = "demo, collect, import, fit, evaluate, bench, list, pull, push"
    assert f"no command 'dreem'; there is {known}." in capsys.readouterr().err
