"""A ball that turns is found where it does, and windows are laid around it."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from examples.fit_around_turns import command, turns
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.cli.fit import fit_together
from gym_diamond.data.dataset import write
from gym_diamond.fitting.distributed import ALONE
from tests.atari_screens import breakout, frame, pong
from tests.noisy_play import INFO, QUICK, make_episodes


def played(columns: list[int | None]) -> torch.Tensor:
    """Frames of Pong with the ball in these columns of the emulator's screen."""
    frames = [frame(pong((120, column)) if column is not None else pong()) for column in columns]
    return torch.stack(frames).movedim(-1, 1)


def marked(columns: list[int | None], offsets: list[int]) -> list[int]:
    return turns("Pong", played(columns), torch.tensor(offsets)).nonzero()[:, 0].tolist()


def test_the_transitions_around_which_a_ball_turns_are_marked():
    assert marked([60, 70, 80, 90, 80, 70, 60], [0, 7]) == [2, 3, 4]


def test_one_that_stands_still_in_between_turns_too():
    assert marked([60, 70, 80, 80, 70, 60], [0, 6]) == [2, 3]


def test_one_that_flies_on_or_is_not_seen_does_not():
    assert marked([60, 70, 80, 90, 100, 110], [0, 6]) == []
    assert marked([60, 70, None, None, 80, 70], [0, 6]) == []


def test_one_that_comes_to_a_paddle_is_marked_even_if_it_is_missed():
    assert marked([90, 100, 110, 120, 130, 140, 150], [0, 7]) == [3, 4, 5]
    assert marked([60, 50, 40, 30, 20, 10], [0, 6]) == [3, 4]


def test_one_that_leaves_a_paddle_is_not():
    assert marked([140, 130, 120, 110], [0, 4]) == []
    assert marked([20, 30, 40, 50], [0, 4]) == []


def test_in_breakout_a_ball_turns_at_the_paddle_and_not_at_bricks():
    rows = [150, 160, 170, 180, 170, 160, 150, 140, 130, 120, 110, 120, 130, 140]
    frames = torch.stack([frame(breakout((row, 60))) for row in rows]).movedim(-1, 1)
    assert turns("Breakout", frames, torch.tensor([0, len(rows)])).nonzero()[:, 0].tolist() == [1, 2, 3, 4]


def test_a_ball_does_not_turn_from_one_episode_to_the_next():
    assert marked([60, 70, 80, 70, 60, 50], [0, 3, 6]) == []


def test_a_fit_asks_whoever_it_is_told_to_what_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    write("breakout/noisy-v0", INFO, make_episodes(2, seed=0))
    asked: list[int] = []

    def find(note: list[int], frames: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        note.append(len(frames))
        return torch.from_numpy(np.arange(len(frames)) % 30 < 29)

    words = ["--dataset", "breakout/noisy-v0", "--out", str(tmp_path / "run"), *QUICK, "--steps", "1"]
    assert (
        fit_together([*words, "--loss.denoiser.appearance-share", "0.5"], ALONE, partial(find, asked), ("mine",)) == 0
    )
    assert asked == [60]
    provenance = load_world(tmp_path / "run").provenance
    assert provenance["steps"] == 1
    assert provenance["command"].startswith("mine --dataset breakout/noisy-v0 ")


def test_a_game_without_a_ball_is_named(capsys: pytest.CaptureFixture[str]):
    assert exit_status("examples.fit_around_turns", command, ["Alien", "--steps", "1"]) == 2
    assert "give Breakout or Pong first" in capsys.readouterr().err
