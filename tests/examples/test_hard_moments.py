"""Hard moments are those that a world misses; what is cut out of play is that play."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from examples.hard_moments import around, cut, main, mistakes, worst_place
from gym_diamond.cli import exit_status
from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument
from tests.fakes import CountingWorld
from tests.noisy_play import INFO, make_episodes
from tests.tiny import write_tiny_world

FRAMES = replace(INFO, height=64, width=64)


class Unshaded(CountingWorld):
    """Paints (count, action, 0): all of a frame can be known."""

    def draw(self, keys, counter):
        return super().draw(keys, counter)._replace(shade=torch.zeros_like(counter))


def counting(levels: list[int]) -> Episode:
    """Play whose frames have these levels, and whose actions are all 1."""
    frames = np.zeros((len(levels), 8, 8, 3), np.uint8)
    frames[..., 0], frames[..., 1] = np.array(levels)[:, None, None], 1
    num = len(levels) - 1
    return Episode(frames, np.ones(num, np.int64), np.zeros(num, np.float32), True, False, True, "counts")


def test_a_world_is_asked_for_each_frame_after_the_real_ones_before_it():
    """It counts by one, so it misses the jump from 2 to 60, and nothing after it, since it is shown the 60."""
    world = Unshaded(8, 8, max_count=500)
    missed = mistakes(world, world.step, counting([0, 1, 2, 60, 61, 62, 61]), seed=0)
    assert missed.tolist() == pytest.approx([0, 0, 25 * (57 / 127.5) ** 2, 0, 0, 25 * (2 / 127.5) ** 2], abs=1e-4)


def test_more_frames_than_are_predicted_at_once_are_all_predicted(monkeypatch: pytest.MonkeyPatch):
    episode, world = counting([*range(6), 60, 61]), Unshaded(8, 8, max_count=500)
    whole = mistakes(world, world.step, episode, seed=0)
    monkeypatch.setattr("examples.hard_moments.AT_ONCE", 2)
    assert mistakes(world, world.step, episode, seed=0).tolist() == whole.tolist()


def test_one_place_counts_and_not_the_whole_screen():
    missed = torch.zeros(2, 16, 16)
    missed[0, 3, 3] = missed[0, 12, 12] = 1.0  # two places
    missed[1, 7:9, 7] = 1.0
    assert worst_place(missed).tolist() == pytest.approx([1.0, 2.0])


def test_stretches_that_touch_are_one():
    hard = np.zeros(20, np.bool_)
    hard[[0, 6, 19]] = True
    assert list(around(hard, before=2, after=1)) == [(0, 2), (4, 8), (17, 20)]
    assert list(around(hard, before=3, after=2)) == [(0, 9), (16, 20)]


def test_only_the_stretch_with_the_end_of_the_play_ends():
    episode = counting([0, 1, 2, 3, 4])
    middle, last = cut(episode, 1, 3), cut(episode, 2, 4)
    assert middle.frames[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert (len(middle.actions), len(middle.rewards)) == (2, 2)
    assert (middle.terminated, middle.truncated, middle.game_over) == (False, True, False)
    assert (last.terminated, last.truncated, last.game_over) == (True, False, True)


def test_the_hardest_steps_are_kept_as_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    noise = np.random.default_rng(0).integers(256, size=(2, 30, 64, 64, 3), dtype=np.uint8)
    episodes = [e._replace(frames=frames) for e, frames in zip(make_episodes(2, seed=0), noise, strict=True)]
    dataset.write("breakout/noisy-v0", FRAMES, episodes)  # 29 steps each
    world = write_tiny_world(tmp_path / "world")
    num, kept = main(world, "breakout/noisy-v0", "breakout/hard-v0", 0.05, 1, 0, 0, "cpu")
    info, episodes = dataset.load("breakout/hard-v0")
    assert (num, info) == (58, FRAMES)
    assert 3 <= kept == sum(len(episode.actions) for episode in episodes) <= 6
    with pytest.raises(InvalidArgument, match=r"share is 1\.0"):
        main(world, "breakout/noisy-v0", "breakout/harder-v0", 1.0, 1, 0, 0, "cpu")


def test_a_mistake_is_a_sentence(capsys: pytest.CaptureFixture[str]):
    from examples.hard_moments import command

    words = ["nowhere", "--dataset", "pong/none-v0", "--out", "pong/hard-v0"]
    assert exit_status("examples.hard_moments", command, words) == 2
    assert capsys.readouterr().err.startswith("examples.hard_moments: ")
