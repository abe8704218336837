"""From pictures and steps to episodes: which action led from which frame to which, with what reward, until when."""

from pathlib import Path

import numpy as np
import pytest

from gym_diamond.collection.importing import PLAYER, Imported, cuts, read_recording
from gym_diamond.collection.logs import Log
from gym_diamond.collection.recordings import Recording
from gym_diamond.data.resize import Framing
from gym_diamond.errors import InvalidDataset
from tests.recordings import numbers, pictures


def imported(
    tmp_path: Path,
    num_pictures: int,
    actions: list[int] | list[list[int]],
    rewards: list[float] | None = None,
    ends: list[int] | None = None,
    framing: Framing = Framing(),  # noqa: B008
    frame_skip: int = 1,
) -> Imported:
    np.save(tmp_path / "walk.npy", pictures(num_pictures))
    table = np.array(actions)
    log = Log(
        table if table.ndim == 2 else table[:, None],
        None if rewards is None else np.array(rewards, np.float64),
        None if ends is None else np.array(ends, np.bool_),
    )
    recording = Recording("walk", tmp_path / "walk.npy", tmp_path / "walk.csv", None, None)
    return read_recording(recording, log, framing, frame_skip, lambda num: None)


def test_one_picture_more_than_actions_is_an_episode(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 4, [2, 0, 1], [0.5, 0, -1])
    assert numbers(episode.frames) == [0, 1, 2, 3]
    assert (episode.actions.tolist(), episode.rewards.tolist()) == ([2, 0, 1], [0.5, 0.0, -1.0])
    assert (episode.actions.dtype, episode.rewards.dtype) == (np.int64, np.float32)
    assert (episode.terminated, episode.truncated, episode.game_over, episode.policy) == (False, True, False, PLAYER)
    assert (facts.pictures, facts.size, facts.steps, facts.dropped) == (4, (16, 24, 3), 3, False)
    assert facts.actions == {(0,): 1, (1,): 1, (2,): 1}


def test_without_rewards_and_ends_there_are_zeros_and_the_episode_is_cut_off(tmp_path: Path):
    (episode,), _ = imported(tmp_path, 3, [0, 1])
    assert (episode.rewards.tolist(), episode.terminated, episode.truncated) == ([0.0, 0.0], False, True)


def test_as_many_pictures_as_actions_drop_the_last_action_but_neither_its_reward_nor_its_end(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 3, [2, 0, 1], [0.5, 0, 1], [0, 0, 1])
    assert numbers(episode.frames) == [0, 1, 2]
    assert (episode.actions.tolist(), episode.rewards.tolist()) == ([2, 0], [0.5, 1.0])
    assert (episode.terminated, facts.dropped, facts.ends) == (True, True, 1)


def test_a_dropped_last_action_of_the_next_game_leaves_the_game_before_it_alone(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 4, [2, 0, 1, 0], [0.5, 0, -1, 7], [0, 0, 1, 0])
    assert numbers(episode.frames) == [0, 1, 2, 3]
    assert (episode.rewards.tolist(), episode.terminated, facts.dropped) == ([0.5, 0.0, -1.0], True, True)


@pytest.mark.parametrize("num_pictures", [1, 2, 5, 6])
def test_any_other_number_of_pictures_is_refused(tmp_path: Path, num_pictures: int):
    with pytest.raises(InvalidDataset, match=rf"walk.npy holds {num_pictures} pictures, and .*walk.csv 3 actions.* 4 "):
        imported(tmp_path, num_pictures, [0, 1, 2])


def test_an_end_in_the_middle_begins_a_new_episode_with_the_picture_it_led_to(tmp_path: Path):
    first, second = imported(tmp_path, 5, [0, 1, 2, 3], [0, 1, 0, 0], [0, 1, 0, 0]).episodes
    assert (numbers(first.frames), first.actions.tolist(), first.terminated) == ([0, 1, 2], [0, 1], True)
    assert (numbers(second.frames), second.actions.tolist(), second.truncated) == ([2, 3, 4], [2, 3], True)
    assert (first.rewards.tolist(), second.rewards.tolist()) == ([0.0, 1.0], [0.0, 0.0])


def test_with_frame_skip_every_kth_picture_stays_with_its_action_and_rewards_are_summed(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 9, [0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 8, 16, 32, 64, 128], frame_skip=3)
    assert numbers(episode.frames) == [0, 3, 6]
    assert (episode.actions.tolist(), episode.rewards.tolist()) == ([0, 3], [7.0, 56.0])
    assert (facts.pictures, facts.steps) == (9, 2)


def test_with_frame_skip_the_picture_at_the_end_of_a_game_stays_too(tmp_path: Path):
    first, second = imported(tmp_path, 9, list(range(8)), [1] * 8, [0, 0, 0, 1, 0, 0, 0, 0], frame_skip=3).episodes
    assert (numbers(first.frames), first.actions.tolist(), first.rewards.tolist()) == ([0, 3, 4], [0, 3], [3.0, 1.0])
    assert (numbers(second.frames), second.actions.tolist(), second.terminated) == ([4, 7], [4], False)


def test_cuts_cover_every_step_once():
    log = Log(np.zeros((20, 1), np.int64), None, np.isin(np.arange(20), (4, 5, 19)))
    assert [cut.tolist() for cut in cuts(log, 1) if len(cut) > 1] == [
        list(range(6)),
        [5, 6],
        list(range(6, 21)),
    ]


def test_frames_are_resized_cropped_and_grey_as_told(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 3, [0, 1], framing=Framing((8, 4), (0, 0, 16, 8), grey=True))
    assert episode.frames.shape == (3, 8, 4, 1)
    assert numbers(episode.frames) == [0, 1, 2]
    assert (facts.size, facts.frame) == ((16, 24, 3), (8, 4, 1))


def test_a_crop_beyond_the_pictures_is_told_with_the_file(tmp_path: Path):
    with pytest.raises(InvalidDataset, match=r"walk.npy: The crop \(0, 0, 20, 8\) .* beyond pictures of 16 x 24"):
        imported(tmp_path, 3, [0, 1], framing=Framing(crop=(0, 0, 20, 8)))


def test_actions_of_several_parts_stay_so(tmp_path: Path):
    (episode,), facts = imported(tmp_path, 3, [[2, 0], [0, 1]])
    assert episode.actions.tolist() == [[2, 0], [0, 1]]
    assert facts.actions == {(2, 0): 1, (0, 1): 1}
