"""The picture shows the frames it names."""

import numpy as np
import torch

from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start
from gym_diamond.evaluation.strips import GAP, LEFT, TOP, draw_strips


def rollout(num: int, horizon: int, channels: int = 3) -> Rollout:
    """Starts i whose real frame t has level 10 t + i; the dreams are 7 levels darker."""
    levels = 10 * torch.arange(horizon + 1)[None, :] + torch.arange(num)[:, None]
    real = levels.to(torch.uint8)[:, :, None, None, None].expand(num, horizon + 1, 4, 6, channels)
    valid = torch.ones(num, horizon, dtype=torch.bool)
    return Rollout([Start(0, 3)] * num, real, real - 7, valid, [], 1.0)


def test_a_block_has_real_dreamt_and_difference_under_each_other_and_time_to_the_right():
    picture = np.asarray(draw_strips([rollout(1, 12)]))
    assert picture.shape == (TOP + 3 * 10 + GAP, LEFT + 3 * 14 + GAP, 3)  # frames 4 x 6 and a seam, twice as large
    columns = [LEFT + 14 * j for j in range(3)]
    assert [picture[TOP, x].tolist() for x in columns] == [[level] * 3 for level in (10, 50, 100)], "frames 1, 5, 10"
    assert [picture[TOP + 10, x, 0] for x in columns] == [3, 43, 93]
    assert [picture[TOP + 20, x, 0] for x in columns] == [7, 7, 7]
    assert (picture[TOP + 8 : TOP + 10, columns[0] : columns[2]] == 255).all(), "the seam is white"


def test_eight_starts_stand_in_two_columns_whatever_the_batches():
    picture = np.asarray(draw_strips([rollout(5, 1), rollout(6, 1)]))
    height, width = TOP + 30 + GAP, LEFT + 14 + GAP
    assert picture.shape == (4 * height, 2 * width, 3)
    corners = [picture[i // 2 * height + TOP, i % 2 * width + LEFT, 0] for i in range(8)]
    assert corners == [10, 11, 12, 13, 14, 10, 11, 12]


def test_grey_frames_are_drawn_too():
    assert np.asarray(draw_strips([rollout(1, 1, channels=1)]))[TOP, LEFT].tolist() == [10, 10, 10]
