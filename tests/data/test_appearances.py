"""Something that appears out of nothing, in literal places; and windows that are laid around it."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.data.appearances import appearances
from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import SegmentStore, Window
from gym_diamond.errors import InvalidArgument


def black(num: int = 8, size: int = 40) -> Tensor:
    return torch.zeros(num, 3, size, size, dtype=torch.uint8)


def found(frames: Tensor, *lengths: int) -> list[int]:
    """The transitions with which something appears, of episodes of these lengths or of one."""
    offsets = torch.tensor([0, *(lengths or (len(frames),))]).cumsum(0)
    answer = appearances(frames, offsets)
    assert answer.shape == (len(frames),)
    return answer.nonzero()[:, 0].tolist()


def test_a_ball_is_served_once():
    frames = black()
    frames[4:, 1, 20, 20] = 200  # in one colour
    assert found(frames) == [3]


def test_a_ball_that_flies_does_not_appear_again_and_again():
    frames = black()
    for i in range(3, 8):
        frames[i, :, 10 + 3 * i, 20] = 200
    assert found(frames) == [2]


@pytest.mark.parametrize(("distance", "expected"), [(6, []), (7, [5])])
def test_what_is_near_to_recent_motion_has_moved_there(distance: int, expected: list[int]):
    frames = black()
    frames[4, :, 20, 12] = 200
    frames[6:, :, 20, 12 + distance] = 200
    assert [n for n in found(frames) if n > 3] == expected


@pytest.mark.parametrize(("distance", "expected"), [(8, []), (9, [3])])
def test_what_stood_beside_it_may_have_moved_there(distance: int, expected: list[int]):
    frames = black()
    frames[:, :, 20, 12] = 200
    frames[4:, :, 20, 12 + distance] = 200
    assert found(frames) == expected


def test_a_faint_change_is_none():
    frames = black()
    frames[4:, :, 20, 20] = 16
    assert found(frames) == []


def test_what_vanishes_does_not_appear():
    frames = black()
    frames[:4, :, 18:22, 18:22] = 200
    assert found(frames) == []


def test_an_episode_begins_anew():
    """At its first two frames too little is known; and no change leads from the last frame of another."""
    frames = black(12)
    frames[6:, :, 20, 20] = 200
    assert found(frames) == [5]
    assert [found(frames, first, 12 - first) for first in (3, 4, 5, 6, 7)] == [[5], [], [], [], [5]]


def test_it_does_not_matter_where_frames_are_divided_for_the_work():
    frames = black(1040, size=20)
    for n in (1021, 1025, 1031):
        frames[n + 1, :, 10, 10] = 200
        frames[n + 1, :, 3, 17] = 200
    assert found(frames) == [1021, 1025, 1031]


def episode(served: int | None, num: int = 30) -> Episode:
    frames = np.zeros((num, 40, 40, 3), np.uint8)
    if served is not None:
        frames[served + 1 :, 20, 20] = 200
    return Episode(frames, np.arange(num - 1), np.zeros(num - 1, np.float32), False, True, True, "random")


def starts(store: SegmentStore, share: float) -> Tensor:
    """The first frame of each of 200 windows of 4 frames, told by the action that leaves it."""
    window = Window(4, 0, 0, appearance_share=share)
    return store.sample(window, 200, torch.Generator().manual_seed(0)).act[:, 0]


def test_windows_are_laid_around_an_appearance_so_often():
    store = SegmentStore.from_episodes([episode(20)]).with_appearances()
    assert set(starts(store, 1.0).tolist()) == {18, 19, 20}, "the transition from frame 20 is one of a window's three"
    around = (starts(store, 0.5) >= 18) & (starts(store, 0.5) <= 20)
    assert around.float().mean().item() == pytest.approx(0.5 + 0.5 * 3 / 27, abs=0.1)


def test_where_nothing_appears_windows_lie_anywhere():
    store = SegmentStore.from_episodes([episode(None)]).with_appearances()
    assert set(starts(store, 1.0).tolist()) == set(range(27))


def test_whoever_has_not_looked_for_appearances_cannot_lay_windows_around_them():
    store = SegmentStore.from_episodes([episode(20)])
    assert len(starts(store, 0.0)) == 200
    with pytest.raises(InvalidArgument, match="nobody looked for appearances; set it to 0"):
        starts(store, 0.5)
