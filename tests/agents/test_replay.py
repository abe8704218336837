"""The replay comes back from its shards, and a shard that no checkpoint counts is as if it had never been written."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.replay import GivenPlay, Replay
from gym_diamond.data.episode import digest
from gym_diamond.data.growing import Played
from gym_diamond.errors import InvalidRun

SHAPE = (2, 2, 3)


def played(first: str, level: int = 0) -> Played:
    """A stretch of frames of one `level`: "F" is the first of an episode, "x" its last; rewards are 0, 1, -1, 0, ..."""
    n = len(first)
    is_first, ended = (np.array([letter == mark for letter in first]) for mark in "Fx")
    rewards = np.resize([0, 5, -5], n).astype(np.float32) * ~is_first
    return Played(np.full((n, *SHAPE), level, np.uint8), is_first, np.arange(n) * ~is_first, rewards, ended, ended)


def replay(folder: Path) -> Replay:
    return Replay(folder, SHAPE, 4)


def test_what_was_saved_comes_back_whatever_the_shards(tmp_path: Path) -> None:
    kept = replay(tmp_path)
    for part in ("F...", ".xF", "", "..x"):
        if part:
            kept.append(played(part, level=len(part)))
        kept.save()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000000.npz", "000000004.npz", "000000007.npz"]
    found = replay(tmp_path)
    found.load(10)
    assert [digest(episode) for episode in found.episodes()] == [digest(episode) for episode in kept.episodes()]
    assert (found.num_steps, found.num_frames) == (8, 10)


def test_a_shard_may_be_as_large_as_the_checkpoint_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two saves more may be played than an archive of strangers may unpack to."""
    monkeypatch.setattr("agents.replay.MAX_UNPACKED_BYTES", 1_000)
    kept = replay(tmp_path)
    kept.append(played("F" + 5_000 * "." + "x"))
    kept.save()
    found = replay(tmp_path)
    found.load(5_002)
    assert found.num_frames == 5_002
    with pytest.raises(InvalidRun, match="would unpack to"):
        replay(tmp_path).load(500)


def test_a_shard_holds_all_that_came_since_the_last(tmp_path: Path) -> None:
    kept = replay(tmp_path)
    kept.append(played("F.."))
    kept.append(played("..x"))
    kept.save()
    assert [path.name for path in tmp_path.iterdir()] == ["000000000.npz"]


def test_what_was_written_after_the_checkpoint_is_not_read_and_is_written_over(tmp_path: Path) -> None:
    killed = replay(tmp_path)
    killed.append(played("F.."))
    killed.save()
    killed.append(played("...", level=9))
    killed.save()  # and the checkpoint that would count it never came
    again = replay(tmp_path)
    again.load(3)
    assert again.num_frames == 3
    again.append(played(".....", level=7))
    again.save()
    found = replay(tmp_path)
    found.load(8)
    assert found.view().frames[3:, 0, 0, 0].tolist() == [7] * 5


def test_a_shard_that_is_missing_damaged_or_of_another_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRun, match=r"000000000\.npz is missing"):
        replay(tmp_path).load(3)
    kept = replay(tmp_path)
    kept.append(played("F.."))
    kept.save()
    with pytest.raises(InvalidRun, match="not those of the checkpoint"):
        replay(tmp_path).load(2)
    with pytest.raises(InvalidRun, match="not a shard of this run"):
        Replay(tmp_path, (4, 4, 3), 4).load(3)
    (tmp_path / "000000000.npz").write_bytes(b"no archive")
    with pytest.raises(InvalidRun, match="damaged"):
        replay(tmp_path).load(3)


def test_rewards_of_the_rarer_signs_are_counted(tmp_path: Path) -> None:
    kept = replay(tmp_path)
    assert kept.num_rare_rewards() == 0
    kept.append(played("F......"))  # 5, -5, 0, 5, -5, 0
    kept.append(played("......"))  # and 0, 5, -5, 0, 5, -5
    assert kept.num_rare_rewards() == 4 + 4
    kept.append(played("F" + "." * 9))
    assert kept.num_rare_rewards() == 21 - 7


def test_a_view_lasts_until_more_is_played(tmp_path: Path) -> None:
    kept = replay(tmp_path)
    kept.append(played("F.."))
    assert kept.view() is kept.view()
    kept.append(played("."))
    assert kept.view().num_transitions == 3


def test_given_play_is_sampled_alike_whatever_the_shares(tmp_path: Path) -> None:
    kept = replay(tmp_path)
    for _ in range(4):
        kept.append(played("F.x"))
    given = GivenPlay(kept.episodes())
    assert given.num_steps == 8
    assert given.view((0.1, 0.1, 0.1, 0.7)).weights is None
    assert torch.equal(given.view().frames, kept.view().frames)
    assert kept.view((0.1, 0.1, 0.1, 0.7)).weights is not None
