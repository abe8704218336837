"""From pictures to frames: cropped, made grey, resized, in this order."""

import numpy as np
import pytest

from gym_diamond.data.resize import Framing, reframe
from gym_diamond.errors import InvalidArgument


def _ramp(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)


def test_without_a_wish_a_picture_stays_as_it_is():
    picture = _ramp(5, 7)
    assert np.array_equal(reframe(picture, Framing()), picture)
    assert np.array_equal(reframe(picture, Framing(size=(5, 7))), picture)


def test_each_pixel_of_a_smaller_frame_is_the_mean_of_the_area_it_covers():
    picture = np.zeros((4, 6, 1), np.uint8)
    picture[:2, 2:4] = [[[10], [20]], [[30], [40]]]
    assert reframe(picture, Framing(size=(2, 3)))[..., 0].tolist() == [[0, 25, 0], [0, 0, 0]]


def test_a_larger_frame_repeats_pixels():
    picture = np.array([[[1], [2]]], np.uint8)
    assert reframe(picture, Framing(size=(2, 4)))[..., 0].tolist() == [[1, 1, 2, 2]] * 2


def test_a_crop_is_top_left_height_width_and_comes_before_the_resize():
    picture = _ramp(6, 8)
    assert np.array_equal(reframe(picture, Framing(crop=(1, 2, 3, 5))), picture[1:4, 2:7])
    both = Framing(size=(3, 2), crop=(0, 4, 6, 4))
    assert np.array_equal(reframe(picture, both), reframe(picture[:, 4:], Framing(size=(3, 2))))


def test_grey_is_one_channel_of_luma():
    picture = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert reframe(picture, Framing(grey=True))[..., 0].tolist() == [[76, 150, 29, 255]]
    assert np.array_equal(reframe(_ramp(2, 2, 1), Framing(grey=True)), _ramp(2, 2, 1))


def test_frames_own_their_memory_and_are_height_width_channels():
    frame = reframe(_ramp(8, 8), Framing(size=(3, 5)))
    assert (frame.shape, frame.dtype, frame.flags.writeable) == ((3, 5, 3), np.uint8, True)


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [({"size": (0, 5)}, "at least 1 x 1"), ({"crop": (-1, 0, 2, 2)}, "begin at 0"), ({"crop": (0, 0, 0, 2)}, "1 x 1")],
)
def test_wishes_that_mean_nothing_are_refused(wish: dict, complaint: str):
    with pytest.raises(InvalidArgument, match=complaint):
        Framing(**wish)


def test_a_crop_beyond_the_picture_and_a_picture_of_four_channels_are_refused():
    with pytest.raises(InvalidArgument, match="reaches beyond pictures of 4 x 4"):
        reframe(_ramp(4, 4), Framing(crop=(0, 2, 4, 3)))
    with pytest.raises(InvalidArgument, match=r"\(4, 4, 4\)"):
        reframe(_ramp(4, 4, 4), Framing(grey=True))
