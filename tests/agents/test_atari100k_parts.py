"""Fits and dreams begin where they should, in the world as it is by then, and a checkpoint counts what was saved."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents import atari100k_run
from agents.atari100k import parse
from agents.atari100k_config import Atari100kConfig
from agents.atari100k_loop import Moment, take
from agents.atari100k_parts import Parts, World, begin_play, make_parts
from agents.budget import Position
from agents.replay import Replay
from gym_diamond.data.growing import Played
from gym_diamond.data.segments import SegmentStore
from gym_diamond.envs.dream import Dream
from tests.agents.test_atari100k import SMALL


def small(out: Path, *words: str) -> tuple[Parts, World, Atari100kConfig]:
    _, _, config = parse(["--out", str(out), *SMALL, *words])
    parts = make_parts(config, out / atari100k_run.REPLAY, torch.device("cpu"), "fp32")
    assert parts.world is not None
    return parts, parts.world, config


def play(world: World, level: int) -> None:
    """Put an episode of three frames of one grey level into the replay."""
    first, over = np.array([True, False, False]), np.array([False, False, True])
    frames = np.full((3, 64, 64, 3), level, np.uint8)
    assert isinstance(world.replay, Replay)
    world.replay.append(Played(frames, first, np.zeros(3, np.int64), np.zeros(3, np.float32), over, over))


def dreams(parts: Parts, config: Atari100kConfig, epoch: int) -> Dream:
    rows = begin_play(parts, config, epoch).rows
    assert isinstance(rows, Dream)
    return rows


def test_the_dreams_of_an_epoch_are_those_of_the_world_as_it_is_by_then(tmp_path: Path) -> None:
    parts, world, config = small(tmp_path)
    play(world, 1)
    for epoch in (1, 2):
        with torch.no_grad():
            for parameter in world.average.parameters():
                parameter += 1.0
        dreamt, wanted = dreams(parts, config, epoch).world.state_dict(), world.average.state_dict()
        assert [name for name in wanted if not torch.equal(dreamt[name], wanted[name])] == []


def test_fits_and_dreams_begin_in_recent_play_as_often_as_the_shares_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four episodes only the last quarter of what was played is wanted."""
    parts, world, config = small(tmp_path, "--recency", "0", "0", "0", "1")
    for level in (1, 2, 3, 4):
        play(world, level)
    weights: list[list[float]] = []

    def noted(learner: object, store: SegmentStore, *given: object) -> dict[str, torch.Tensor]:
        weights.append(store.weights.tolist())
        return {}

    monkeypatch.setattr("agents.atari100k_loop.world_learner.update", noted)
    take("denoiser", parts, config, Moment(Position(first_steps=8), None))
    assert weights == [[0, 0, 0, 1]]
    starts = dreams(parts, config, 1).contexts
    assert set(starts.frames[starts.is_real].flatten().tolist()) == {4}


def test_a_checkpoint_counts_no_frame_that_is_not_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Replay) -> None:
        raise OSError(28, "No space left on device")

    parts, world, config = small(tmp_path)
    play(world, 1)
    atari100k_run.begin(tmp_path, config)
    monkeypatch.setattr(Replay, "save", full)
    with pytest.raises(OSError, match="No space left"):
        atari100k_run.save(tmp_path, parts, Moment(Position(), None))
    assert not (tmp_path / atari100k_run.CHECKPOINT).exists()
