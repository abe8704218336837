"""The demo: eight dreams, a sentence about them, and a GIF; and clear words where it cannot be."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gym_diamond.cli import main
from gym_diamond.cli.demo import dream, mosaic, write_gif
from gym_diamond.envs.loaded import LoadedDreamVectorEnv
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


class Noted:
    """Plays nothing but 0, and notes which rows begin."""

    name = "noted"

    def __init__(self) -> None:
        self.begun: list[list[int]] = []

    def begin(self, rows: np.ndarray) -> None:
        self.begun.append(rows.tolist())

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert frames.shape == (len(rows), 64, 64, 3)
        return np.zeros(len(rows), np.int64)


def test_a_player_is_told_of_every_dream_that_begins_anew(tmp_path: Path) -> None:
    world = str(write_tiny_world(tmp_path / "world"))
    envs = LoadedDreamVectorEnv(num_envs=2, world=world, max_episode_steps=2, end_mode="never", render_mode="rgb_array")
    player = Noted()
    frames, rewards, ends, _ = dream(envs, player, steps=4, seed=0)
    assert player.begun == [[0, 1], [], [0, 1], [], [0, 1]]
    assert (len(frames), rewards.shape, ends.sum()) == (5, (4, 2), 0)


def test_who_plays_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = str(write_tiny_world(tmp_path / "world"))
    words = ["demo", "--world", world, "--steps", "2", "--num-envs", "1", "--out", str(tmp_path / "dream.gif")]
    assert main([*words, "--policy", "always:NOOP"]) == 0
    assert "2 steps of 1 dreams" in capsys.readouterr().out
    assert main([*words, "--policy", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_a_player_of_ones_own_is_found_where_the_command_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an installed command has it, whose `sys.path` does not begin with the current folder."""
    world = str(write_tiny_world(tmp_path / "world"))
    (tmp_path / "player_of_the_demo.py").write_text("def still(frame):\n    return 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder not in ("", str(tmp_path))])
    words = ["demo", "--world", world, "--steps", "2", "--num-envs", "1", "--out", "dream.gif"]
    assert main([*words, "--policy", "python:player_of_the_demo:still"]) == 0
    assert "2 steps of 1 dreams" in capsys.readouterr().out


def test_pictures_stand_four_to_a_row() -> None:
    pictures = tuple(np.full((1, 1, 3), i, np.uint8) for i in range(1, 6))
    assert mosaic(pictures)[::2, ::2, 0].tolist() == [[1, 2, 3, 4], [5, 0, 0, 0]]


@pytest.mark.parametrize(("fps", "duration"), [(15, 70), (60, 20), (10, 100)])
def test_the_dreams_are_played_at_the_games_pace_as_nearly_as_a_gif_can(
    fps: int, duration: int, tmp_path: Path
) -> None:
    write_gif(tmp_path / "dream.gif", [np.full((8, 8, 3), level, np.uint8) for level in (0, 200)], fps)
    with Image.open(tmp_path / "dream.gif") as gif:
        assert gif.info["duration"] == duration


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
        (["--seed", "-1"], "--seed is -1; it must be at least 0"),
        (["--device", "meta"], "'meta' is of a kind that this package was not made for"),
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
