"""The ball in dreams that are perfect, frozen, empty, doubled, or a few pixels off."""

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball_scores import ball_scores
from tests.atari_screens import breakout, frame, pong

NUM = 6  # frames after the first


def falling(left: int = 40, num: int = NUM + 1) -> Tensor:
    """Frames `(num, 64, 64, 3)` of Breakout in which a ball falls by 6 emulated rows a frame: 1.83 pixels."""
    return torch.stack([frame(breakout((100 + 6 * t, left))) for t in range(num)])


def dreams(*sequences: Tensor) -> Tensor:
    return torch.stack(sequences)


def means(scores: dict, *names: str) -> list:
    return [scores[name]["mean"] for name in names]


def test_a_perfect_dream_has_the_ball_always_and_exactly_where_it_is():
    real = dreams(falling(40), falling(90))
    scores = ball_scores("Breakout", real, real)
    assert means(scores, "recall", "precision", "near") == [1, 1, 1]
    assert scores["recall"] == {"mean": 1, "low": 1, "high": 1, "n": 2}
    assert scores["position_error"] == {mark: {"median": 0, "low": 0, "high": 0, "n": 2} for mark in ("1", "5")}
    assert scores["curve"]["recall"] == scores["curve"]["near"] == [1] * NUM


def test_a_dream_that_repeats_its_first_frame_is_the_baseline():
    real = dreams(falling())
    scores = ball_scores("Breakout", real, real[:, :1].expand_as(real))
    for name in ("recall", "precision", "near", "position_error"):
        assert scores[name] == scores[f"{name}_copy"]
    assert scores["recall"]["mean"] == 1, "there is a ball"
    assert scores["curve"]["near"] == scores["curve"]["near_copy"] == [1, 0, 0, 0, 0, 0], "but it does not move"
    assert scores["position_error"]["5"]["median"] == pytest.approx(5 * 6 * 64 / 210, abs=0.1)


def test_a_dream_that_loses_the_ball_pays_in_recall_and_not_in_precision():
    real = dreams(falling())
    dreamt = real.clone()
    dreamt[:, 4:] = frame(breakout())
    scores = ball_scores("Breakout", real, dreamt)
    assert means(scores, "recall", "precision", "near") == [0.5, 1, 0.5]
    assert scores["curve"]["recall"] == [1, 1, 1, 0, 0, 0]
    assert scores["position_error"]["5"] == {"median": None, "low": None, "high": None, "n": 0}


def test_a_dream_with_a_second_ball_has_not_one_and_pays_in_both():
    real = dreams(falling())
    dreamt = real.clone()
    dreamt[:, 4:] = real[:, 4:].maximum(falling(110)[None, 4:])
    scores = ball_scores("Breakout", real, dreamt)
    assert means(scores, "recall", "precision", "near") == [0.5, 0.5, 0.5]


def test_a_dream_with_a_ball_where_reality_has_none_pays_in_precision():
    none = frame(breakout()).repeat(NUM + 1, 1, 1, 1)
    dreamt = falling()
    dreamt[0] = none[0]
    scores = ball_scores("Breakout", dreams(none), dreams(dreamt))
    assert means(scores, "recall", "precision", "near") == [None, 0, None]
    assert scores["curve"]["recall"] == [None] * NUM


@pytest.mark.parametrize(("aside", "near"), [(4, 1), (6, 0)])
def test_near_is_within_2_pixels(aside: int, near: int):
    scores = ball_scores("Breakout", dreams(falling(40)), dreams(falling(40 + aside)))
    assert means(scores, "recall", "near") == [1, near]
    assert scores["position_error"]["1"]["median"] == pytest.approx(aside * 64 / 160, abs=0.25)


def test_in_play_are_the_frames_of_the_ball_that_was_there_at_the_start():
    """The ball is lost with frame 3 and another is there from frame 5 on, which the dream does not serve."""
    real = dreams(falling(), falling())
    real[:, 3:5] = frame(breakout())
    dreamt = real.clone()
    dreamt[:, 5:] = frame(breakout())
    scores = ball_scores("Breakout", real, dreamt)
    assert means(scores, "recall", "recall_in_play", "near_in_play") == [0.5, 1, 1]
    assert scores["recall_in_play"]["by_mark"]["1"]["n"] == 2
    assert scores["recall_in_play"]["by_mark"]["5"]["n"] == 0
    dreamt[0, 2] = frame(breakout())
    assert ball_scores("Breakout", real, dreamt)["recall_in_play"]["mean"] == pytest.approx(0.75)


def test_where_no_ball_is_at_the_start_none_is_in_play():
    real = dreams(served_at(1, num=5))
    scores = ball_scores("Breakout", real, real)
    assert scores["recall"]["n"] == 1
    assert scores["recall_in_play"]["n"] == 0


def served_at(first: int, num: int = 20) -> Tensor:
    """Frames `(num, 64, 64, 3)` of Breakout, without a ball before frame `first`."""
    frames = falling(num=5).repeat(num // 5, 1, 1, 1)
    frames[:first] = frame(breakout())
    return frames


@pytest.mark.parametrize(("first", "expected"), [(1, 1), (3, 1), (8, 1), (13, 1), (14, 0), (20, 0)])
def test_a_dream_serves_a_ball_if_it_has_one_at_most_10_frames_after_the_game(first: int, expected: int):
    """Here the game serves it at frame 3."""
    scores = ball_scores("Breakout", dreams(served_at(3)), dreams(served_at(first)))
    assert scores["served"]["mean"] == expected
    assert scores["served"]["n"] == 1


@pytest.mark.parametrize("first", [0, 10, 20])
def test_where_no_ball_is_to_be_served_or_too_late_no_dream_is_judged_by_it(first: int):
    real = dreams(served_at(first))
    assert ball_scores("Breakout", real, real)["served"]["n"] == 0
    assert ball_scores("Breakout", dreams(served_at(9)), dreams(served_at(9)))["served"]["n"] == 1


def test_what_comes_after_the_end_of_the_real_episode_does_not_count():
    real = dreams(falling(40), falling(90))
    dreamt = real.clone()
    dreamt[0, 3:] = frame(breakout())
    valid = np.ones((2, NUM), np.bool_)
    valid[0, 2:] = False
    scores = ball_scores("Breakout", real, dreamt, valid)
    assert means(scores, "recall", "precision") == [1, 1]
    assert [scores["position_error"][mark]["n"] for mark in ("1", "5")] == [2, 1]


def test_frames_that_repeat_after_the_end_do_not_make_the_last_ball_a_brick():
    towers = [(row, 8) for row in range(1, 6)]
    real = torch.stack([frame(breakout((top, 75), gone=towers)) for top in (93, 84, 75, 66, 66, 66, 66)])[None]
    valid = np.array([[True, True, True, False, False, False]])
    assert ball_scores("Breakout", real, real, valid)["curve"]["near_copy"][:3] == [0, 0, 0]


def test_the_shares_are_over_the_first_50_frames_and_the_curve_over_all():
    real = torch.cat([falling(num=5)] * 11)[None, :53]
    dreamt = real.clone()
    dreamt[:, 51:] = frame(breakout())
    scores = ball_scores("Breakout", real, dreamt)
    assert scores["recall"]["mean"] == 1
    assert scores["curve"]["recall"] == [1] * 50 + [0] * 2
    assert list(scores["position_error"]) == ["1", "5", "15", "30", "50"]


def test_pong_is_measured_too_and_all_of_it_is_json():
    real = torch.stack([frame(pong((60, 60 + 5 * t))) for t in range(NUM + 1)])[None]
    scores = ball_scores("Pong", real, real)
    assert means(scores, "recall", "precision", "near", "near_copy") == [1, 1, 1, pytest.approx(1 / 6)]
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_a_game_without_a_detector_is_refused():
    frames = torch.zeros(1, 2, 64, 64, 3, dtype=torch.uint8)
    with pytest.raises(InvalidArgument, match="no detector of the ball for Boxing"):
        ball_scores("Boxing", frames, frames)
