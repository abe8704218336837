"""What counts as right in a frame, pixel by pixel."""

import pytest
import torch
from torch import Tensor

from gym_diamond.evaluation.pixels import absolute_error, moving, psnr, share_with_a_like


def frames(num: int = 1, size: int = 5, level: int = 0) -> Tensor:
    return torch.full((num, size, size, 3), level, dtype=torch.uint8)


def with_pixel(y: int, x: int, *colour: int) -> Tensor:
    picture = frames()
    picture[0, y, x] = torch.tensor(colour, dtype=torch.uint8)
    return picture


def share(real: Tensor, dreamt: Tensor, y: int = 2, x: int = 2) -> float:
    mask = torch.zeros(real.shape[:3], dtype=torch.bool)
    mask[0, y, x] = True
    return share_with_a_like(real, dreamt, mask).item()


def test_equal_frames_have_the_psnr_of_the_floor():
    assert psnr(frames(2), frames(2)).tolist() == pytest.approx([61.1411, 61.1411], abs=1e-3)


def test_one_grey_level_everywhere_costs_what_the_definition_says():
    assert psnr(frames(level=10), frames(level=11)).item() == pytest.approx(48.1308, abs=1e-3)  # 20 log10(255)


def test_black_for_white_is_0_db_and_every_frame_is_measured_by_itself():
    real = torch.cat([frames(), frames(level=10)])
    assert psnr(real, torch.cat([frames(level=255), frames(level=11)])).tolist() == pytest.approx(
        [0, 48.1308], abs=1e-3
    )


def test_the_error_is_the_mean_over_channels_and_pixels_of_the_mask():
    real, mask = with_pixel(2, 2, 200, 100, 0), torch.zeros(1, 5, 5, dtype=torch.bool)
    mask[0, 2, 2] = True
    assert absolute_error(real, frames(), mask).tolist() == [100]
    assert absolute_error(frames(), real, mask).tolist() == [100], "too bright is as wrong as too dark"
    mask[0, 0, 0] = True
    assert absolute_error(real, frames(), mask).tolist() == [50]
    assert absolute_error(real, frames(), torch.ones_like(mask)).tolist() == [4]  # 300 over 25 pixels of 3 channels


def test_each_frame_has_its_own_error_and_none_where_the_mask_is_empty():
    mask = torch.ones(3, 5, 5, dtype=torch.bool)
    mask[2] = False
    first, second, nothing = absolute_error(frames(3), torch.cat([frames(level=3), frames(level=5), frames()]), mask)
    assert (first, second) == (3, 5)
    assert nothing.isnan()


def test_a_pixel_moves_where_a_channel_changes_by_more_than_8_levels():
    before, usual = frames(), frames()[0]
    assert moving(torch.cat([before, with_pixel(1, 3, 0, 9, 0)]), usual).nonzero().tolist() == [[0, 1, 3]]
    assert not moving(torch.cat([before, with_pixel(1, 3, 8, 8, 8)]), usual).any()


def test_a_pixel_that_becomes_dark_moves_too():
    assert moving(torch.cat([with_pixel(1, 3, 200, 0, 0), frames()]), frames()[0]).nonzero().tolist() == [[0, 1, 3]]


def test_a_resting_pixel_moves_where_the_median_frame_has_something_else():
    rests = torch.cat([with_pixel(1, 3, 200, 0, 0)] * 3)
    assert moving(rests, frames()[0]).nonzero().tolist() == [[0, 1, 3], [1, 1, 3]]
    assert not moving(rests, rests[0]).any()


@pytest.mark.parametrize(("y", "x", "found"), [(2, 2, 1), (1, 1, 1), (3, 2, 1), (2, 3, 1), (2, 4, 0), (0, 2, 0)])
def test_a_pixel_finds_its_like_at_most_one_pixel_away(y: int, x: int, found: float):
    assert share(with_pixel(2, 2, 200, 200, 200), with_pixel(y, x, 200, 200, 200)) == found


@pytest.mark.parametrize(("colour", "found"), [((162, 200, 238), 1), ((161, 200, 200), 0), ((200, 200, 239), 0)])
def test_a_like_is_within_38_levels_in_every_channel(colour: tuple[int, int, int], found: float):
    assert share(with_pixel(2, 2, 200, 200, 200), with_pixel(2, 2, *colour)) == found


def test_nothing_is_found_around_the_edge():
    assert share(with_pixel(0, 2, 200, 200, 200), with_pixel(4, 2, 200, 200, 200), 0, 2) == 0
    assert share(with_pixel(0, 0, 200, 200, 200), with_pixel(0, 1, 200, 200, 200), 0, 0) == 1


def test_the_share_is_of_the_mask_and_has_no_value_where_that_is_empty():
    real = torch.cat([with_pixel(2, 2, 200, 200, 200), frames()])
    mask = torch.zeros(2, 5, 5, dtype=torch.bool)
    mask[0, 2, 2] = mask[0, 0, 0] = True
    half, nothing = share_with_a_like(real, frames(2), mask).tolist()
    assert half == 0.5
    assert nothing != nothing  # NaN
