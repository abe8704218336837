"""A ball that comes to the paddle is found, and whether it comes back."""

import numpy as np
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.starts import Start
from tests.atari_screens import frame, pong
from tests.benchmarks.hit_or_miss import LENGTH, coming_starts, returned

COMES = [60, 70, 80, 90, 100, 110, 120, 130]  # columns of the emulator's screen; the line is passed with the seventh


def played(columns: list[int | None]) -> torch.Tensor:
    """Frames of Pong with the ball in these columns, and without one after them, as many as a dream has."""
    columns = columns + [None] * (LENGTH + 1 - len(columns))
    return torch.stack([frame(pong((120, column)) if column is not None else pong()) for column in columns])


def test_a_dream_begins_where_the_ball_has_twelve_pixels_to_go():
    frames = played(COMES).numpy()
    steps = len(frames) - 1
    episode = Episode(
        frames=frames,
        actions=np.zeros(steps, np.int64),
        rewards=np.zeros(steps, np.float32),
        terminated=False,
        truncated=True,
        game_over=False,
        policy="none",
    )
    assert coming_starts("Pong", [episode]) == [Start(0, 6)]


def test_a_ball_that_comes_back_was_returned_and_one_that_is_gone_was_not():
    back = COMES[5:] + COMES[:-1][::-1]
    assert returned("Pong", [played(back), played(COMES[5:])]).tolist() == [True, False]


def test_a_ball_that_is_served_after_one_was_lost_was_not_returned():
    served = [None] * 5 + [80, 70, 60]
    assert returned("Pong", [played(COMES[5:] + served)]).tolist() == [False]
