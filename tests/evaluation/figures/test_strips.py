"""The picture shows the frames it names."""

import numpy as np
import torch
from PIL import ImageColor

from gym_diamond.evaluation.figures.canvas import BAR
from gym_diamond.evaluation.figures.strips import GAP, LEFT, TOP, draw_strips
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start

ORANGE = list(ImageColor.getrgb(BAR))


def rollout(num: int, horizon: int, channels: int = 3) -> Rollout:
    """Starts i whose real frame t has level 10 t + i; the dreams are 7 levels darker."""
    levels = 10 * torch.arange(horizon + 1)[None, :] + torch.arange(num)[:, None]
    real = levels.to(torch.uint8)[:, :, None, None, None].expand(num, horizon + 1, 4, 6, channels)
    valid = torch.ones(num, horizon, dtype=torch.bool)
    return Rollout([Start(0, 3)] * num, real, real - 7, valid, [], 1.0)


def test_a_block_has_real_dreamt_and_difference_under_each_other_and_time_to_the_right():
    picture = np.asarray(draw_strips([rollout(1, 12)], [0]))
    assert picture.shape == (TOP + 3 * 10 + GAP, LEFT + 3 * 14 + GAP, 3)  # frames 4 x 6 and a seam, twice as large
    columns = [LEFT + 14 * j for j in range(3)]
    assert [picture[TOP, x].tolist() for x in columns] == [[level] * 3 for level in (10, 50, 100)], "frames 1, 5, 10"
    assert [picture[TOP + 10, x, 0] for x in columns] == [3, 43, 93]
    assert [picture[TOP + 20, x, 0] for x in columns] == [7, 7, 7]
    assert (picture[TOP + 8 : TOP + 10, columns[0] : columns[2]] == 255).all(), "the seam is white"


def test_the_first_six_of_the_chosen_starts_stand_in_two_columns_whatever_the_batches():
    picture = np.asarray(draw_strips([rollout(5, 1), rollout(6, 1)], [10, 0, 6, 3, 5, 1, 2]))
    height, width = TOP + 30 + GAP, LEFT + 14 + GAP
    assert picture.shape == (3 * height, 2 * width, 3)
    corners = [picture[i // 2 * height + TOP, i % 2 * width + LEFT, 0] for i in range(6)]
    assert corners == [15, 10, 11, 13, 10, 11]


def test_a_dream_that_lost_the_ball_has_a_frame_around_it():
    lost = np.zeros((2, 12), np.bool_)
    lost[1, 4] = True  # frame 5 of start 1
    picture = np.asarray(draw_strips([rollout(2, 12)], [1], lost))
    columns = [LEFT + 14 * j for j in range(3)]
    assert [picture[TOP + 10, x].tolist() == ORANGE for x in columns] == [False, True, False]
    assert [picture[TOP, x].tolist() == ORANGE for x in columns] == [False] * 3, "nor around the real one"


def test_grey_frames_are_drawn_too():
    assert np.asarray(draw_strips([rollout(1, 1, channels=1)], [0]))[TOP, LEFT].tolist() == [10, 10, 10]


def test_after_the_end_of_the_real_episode_there_is_nothing_to_see():
    played = rollout(1, 12)
    played.valid[0, 7:] = False
    picture = np.asarray(draw_strips([played], [0]))
    inside = [picture[TOP : TOP + 28, LEFT + 14 * j : LEFT + 14 * j + 12] for j in range(3)]
    assert [(cells == 255).all() for cells in inside] == [False, False, True]
