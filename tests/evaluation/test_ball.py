"""What is a ball on a screen and what is not."""

import numpy as np
import pytest
import torch

from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import find_balls, has_detector, place_balls
from tests.atari_screens import BRICKS, GREEN, ORANGE, RED, breakout, frame, middle, pong


def counted(game: str, *screens: np.ndarray) -> int:
    """How many balls the one frame has that shows these screens."""
    return int(find_balls(game, frame(*screens)[None]).num[0])


def found(game: str, *screens: np.ndarray) -> list[float]:
    """The middle of the only ball of the one frame that shows these screens."""
    balls = find_balls(game, frame(*screens)[None])
    assert balls.num.tolist() == [1]
    return balls.centre[0].tolist()


def tower(first_row: int, column: int) -> list[tuple[int, int]]:
    """The bricks of one column from `first_row` down, through which a ball can come from below."""
    return [(row, column) for row in range(first_row, 6)]


def numbers(game: str, frames: torch.Tensor, last: int | None = None) -> list[list[int]]:
    """How many balls are found in each of the last frames."""
    return place_balls(game, frames, last).sum((-2, -1)).tolist()


@pytest.mark.parametrize("left", [10, 11, 79, 80, 148])
@pytest.mark.parametrize("top", [96, 97, 130, 131, 180])
def test_in_the_open_it_is_found_where_it_is_to_a_quarter_of_a_pixel(top: int, left: int):
    assert found("Breakout", breakout((top, left))) == pytest.approx(middle(top, left), abs=0.25)
    assert found("Pong", pong((top, left), left=40, right=40)) == pytest.approx(middle(top, left), abs=0.25)


def test_a_frame_shows_the_ball_of_two_screens_and_its_place_is_between_them():
    assert found("Breakout", breakout((120, 60)), breakout((124, 62))) == pytest.approx(middle(122, 61), abs=0.15)
    assert found("Pong", pong((120, 60)), pong((123, 61))) == pytest.approx(middle(121.5, 60.5), abs=0.15)


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
def test_an_empty_court_has_none_whatever_the_score_and_the_paddles_show(game: str):
    screen = {"Breakout": breakout(), "Pong": pong()}[game]
    balls = find_balls(game, frame(screen)[None])
    assert balls.num.tolist() == [0]
    assert balls.centre.isnan().all()


def test_two_balls_are_two_and_the_brighter_one_is_where_the_ball_is():
    assert counted("Breakout", breakout((120, 60), (120, 80))) == 2
    assert counted("Pong", pong((120, 60), (140, 60))) == 2
    both = frame(breakout((120, 60)), breakout((120, 110), (122, 112)))
    assert find_balls("Breakout", both[None]).centre[0].tolist() == pytest.approx(middle(121, 111), abs=0.25)


def test_above_the_bricks_it_is_grey():
    assert found("Breakout", breakout((42, 100))) == pytest.approx(middle(42, 100), abs=0.25)


@pytest.mark.parametrize("row", range(6))
def test_where_bricks_are_gone_it_has_the_colour_of_their_row(row: int):
    screen = breakout((58 + 6 * row, 75), gone=tower(row, 8))
    assert found("Breakout", screen) == pytest.approx(middle(58 + 6 * row, 75), abs=0.4)


def test_in_front_of_a_brick_of_its_colour_nobody_sees_it():
    assert counted("Breakout", breakout((58, 75))) == 0


def test_the_last_bricks_are_bricks():
    alone = [
        (row, column) for row in range(6) for column in range(18) if (row, column) not in [(0, 3), (3, 9), (5, 17)]
    ]
    assert counted("Breakout", breakout(gone=alone)) == 0
    assert found("Breakout", breakout((76, 100), gone=alone)) == pytest.approx(middle(76, 100), abs=0.4)


@pytest.mark.parametrize("paddle", [(72, 88), (72, 80), (8, 24), (136, 152)])
def test_the_long_and_the_short_paddle_are_none_and_hide_none_above_them(paddle: tuple[int, int]):
    assert counted("Breakout", breakout(paddle=paddle)) == 0
    above = breakout((185, paddle[0] + 4), paddle=paddle)
    assert found("Breakout", above) == pytest.approx(middle(185, paddle[0] + 4), abs=0.5)


def test_a_paddle_that_moves_is_none():
    assert counted("Breakout", breakout(paddle=(72, 88)), breakout(paddle=(80, 96))) == 0
    assert counted("Pong", pong(left=100, right=100), pong(left=104, right=92)) == 0


def test_a_missed_ball_is_seen_beside_the_paddle():
    assert found("Breakout", breakout((189, 110), paddle=(72, 88))) == pytest.approx(middle(189, 110), abs=0.25)


@pytest.mark.parametrize("column", [14, 17, 19, 138, 141, 143])
def test_it_is_seen_in_front_of_a_paddle_of_pong(column: int):
    assert found("Pong", pong((106, column))) == pytest.approx(middle(106, column), abs=0.3)


def test_behind_a_wall_it_counts_while_half_of_it_shows():
    assert found("Pong", pong((32, 80)))[0] == pytest.approx(middle(33, 80)[0], abs=0.25), "the half that shows"
    assert counted("Pong", pong((31, 80))) == 0
    assert found("Breakout", breakout((120, 7)))[1] == pytest.approx(3.1, abs=0.25)


@pytest.mark.parametrize(("fade", "count"), [(1.0, 1), (0.6, 1), (0.4, 0)])
def test_one_that_stands_still_may_fade_to_a_half(fade: float, count: int):
    assert counted("Breakout", breakout((118, 60), fade=fade)) == count


@pytest.mark.parametrize(("fade", "count"), [(0.5, 1), (0.35, 1), (0.2, 0)])
def test_one_that_moves_may_fade_to_a_third(fade: float, count: int):
    assert counted("Breakout", breakout((118, 60), fade=fade), breakout((122, 62), fade=fade)) == count


def test_what_is_larger_than_a_ball_is_none():
    blot = breakout()
    blot[120:132, 60:68] = RED
    assert counted("Breakout", blot) == 0


def test_a_brick_that_a_dream_broke_by_halves_is_none_for_it_stays():
    screens = [breakout((120 + 9 * t, 60), gone=[(5, 4)]) for t in range(3)]
    for screen in screens:
        screen[87:93, 40:43] = BRICKS[5]
    frames = torch.stack([frame(screen) for screen in screens])
    assert find_balls("Breakout", frames[:1]).num.tolist() == [2], "one frame does not tell"
    balls = find_balls("Breakout", frames)
    assert balls.num.tolist() == [1, 1, 1]
    assert balls.centre[:, 0].tolist() == pytest.approx([middle(120 + 9 * t, 60)[0] for t in range(3)], abs=0.25)
    assert numbers("Breakout", frames[1:]) == [2, 2]
    assert numbers("Breakout", frames, last=2) == [1, 1], "the frames before are looked at too"


def test_among_the_bricks_a_ball_that_comes_and_goes_is_one():
    tops = (84, 75, 66, 75, 84)
    frames = torch.stack([frame(breakout((top, 75), gone=tower(1, 8))) for top in tops])
    balls = find_balls("Breakout", frames)
    assert balls.num.tolist() == [1, 1, 1, 1, 1]
    assert balls.centre[:, 0].tolist() == pytest.approx([middle(top, 75)[0] for top in tops], abs=0.4)


def test_paint_of_a_paddle_is_no_ball_wherever_the_paddle_is():
    smudged = pong(left=None, right=None)
    smudged[60:64, 141:143], smudged[60:64, 17:19] = GREEN, ORANGE
    assert counted("Pong", smudged) == 0


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
def test_noise_of_eight_grey_levels_and_a_wall_that_is_a_little_off_are_none(game: str):
    clean = frame({"Breakout": breakout(), "Pong": pong()}[game]).repeat(20, 1, 1, 1)
    noise = np.random.default_rng(0).integers(-8, 9, size=clean.shape)
    noise[:, [9, 59]] = noise[:, :, [3, 60]] = 12  # the pixels that are wall in part
    dreamt = torch.from_numpy((clean.numpy() + noise).clip(0, 255).astype(np.uint8))
    assert find_balls(game, dreamt).num.tolist() == [0] * 20


def test_there_is_a_detector_for_two_games_in_frames_of_64_by_64():
    assert has_detector("Breakout", (64, 64, 3))
    assert has_detector("Pong", (64, 64, 3))
    assert not has_detector("Boxing", (64, 64, 3))
    assert not has_detector("Breakout", (84, 84, 1))
    with pytest.raises(InvalidArgument, match=r"no detector of the ball for Boxing .* Breakout and Pong"):
        find_balls("Boxing", torch.zeros(1, 64, 64, 3, dtype=torch.uint8))
    with pytest.raises(InvalidArgument, match=r"\(84, 84, 3\)"):
        find_balls("Pong", torch.zeros(1, 84, 84, 3, dtype=torch.uint8))


def test_rows_of_frames_are_counted_each_for_itself():
    """Light that stays among the bricks for three frames is no ball, but those of two rows do not follow each other."""
    first, second = (
        torch.stack([frame(breakout((top, 43), gone=tower(0, 4))) for top in tops])
        for tops in ((84, 78, 70), (70, 70, 78))
    )
    assert find_balls("Breakout", torch.cat([first, second])).num.tolist() == [1, 1, 0, 0, 0, 1]
    assert numbers("Breakout", torch.stack([first, second])) == [[1, 1, 1], [1, 1, 1]]
    assert numbers("Pong", torch.stack([frame(pong((120, 60))), frame(pong())])[None]) == [[1, 0]]
    with pytest.raises(InvalidArgument, match=r"no detector of the ball for Breakout in frames \(32, 64, 3\)"):
        place_balls("Breakout", first[:, :32])
