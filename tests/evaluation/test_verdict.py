"""The verdict follows its rule: nine of ten, with the whole interval, over thirty cases, without a gap."""

import pytest

from gym_diamond.evaluation.questions import answers
from gym_diamond.evaluation.verdict import horizon, judge, judge_at_most, reach, sentence
from tests.measured import est, metrics, reward_error


def without_ball(**changes: object) -> dict:
    """The metrics of a good world whose game has no known ball."""
    return {key: value for key, value in metrics().items() if key != "ball"} | changes


@pytest.mark.parametrize(
    ("low", "high", "n", "answer"),
    [
        (0.90, 0.95, 30, "yes"),
        (0.90, 0.95, 29, "unsure"),
        (0.89, 0.95, 1000, "unsure"),
        (0.80, 0.90, 1000, "unsure"),
        (0.80, 0.89, 5, "no"),
    ],
)
def test_yes_takes_the_whole_interval_and_thirty_cases(low: float, high: float, n: int, answer: str):
    assert judge({"mean": 0.9, "low": low, "high": high, "n": n}, 0.9) == answer


@pytest.mark.parametrize(("low", "high", "answer"), [(0.5, 2.0, "yes"), (1.5, 2.1, "unsure"), (2.1, 9.0, "no")])
def test_what_must_not_be_is_judged_from_the_other_side(low: float, high: float, answer: str):
    assert judge_at_most({"mean": 1.0, "low": low, "high": high, "n": 64}, 2.0) == answer


def test_without_an_interval_nothing_is_sure():
    alone = {"mean": 1.0, "low": None, "high": None, "n": 1}
    assert judge(alone, 0.9) == judge_at_most(alone, 0.9) == "unsure"


def test_the_reach_ends_before_the_first_frame_that_fails_though_a_later_one_holds():
    shares = {"1": est(0.99), "5": est(0.95), "15": est(0.85), "30": est(0.95), "1-5": est(0.1)}
    assert reach([(shares, 0.9)]) == 5
    assert reach([(shares, 0.8)]) == 30
    assert reach([(shares, 0.98)]) == 0


def test_all_that_is_required_must_hold_at_a_frame():
    rising = {"1": est(0.95), "5": est(0.96), "15": est(0.97)}
    falling = {"1": est(0.99), "5": est(0.97), "15": est(0.70)}
    assert reach([(rising, 0.9)]) == 15
    assert reach([(rising, 0.9), (falling, 0.9)]) == 5


def test_the_horizon_is_where_the_frames_no_longer_gain_three_decibels():
    drift = metrics()["drift"]
    drift["psnr_gain"] = {"1": est(9, 1), "5": est(4, 1), "15": est(3.5, 1), "30": est(5, 1), "50": est(5, 1)}
    assert horizon(without_ball(drift=drift)) == 5


def test_the_horizon_is_where_what_moves_is_no_longer_there():
    drift = metrics()["drift"]
    drift["recall"] = {"1": est(0.99), "5": est(0.98), "15": est(0.93), "30": est(0.91), "50": est(0.91)}
    assert horizon(without_ball(drift=drift)) == 15


def test_where_there_is_a_ball_it_counts_and_the_moving_pixels_do_not():
    values = metrics()
    values["ball"]["by_mark"]["recall"] = {"1": est(0.99), "5": est(0.95), "15": est(0.5), "30": est(1), "50": est(1)}
    values["drift"]["recall"] = dict.fromkeys(values["drift"]["recall"], est(0.1))
    assert horizon(values) == 5


def test_the_sentence_says_how_long_and_by_which_rule():
    told = sentence(metrics())
    assert told.startswith(
        "**Trust it for 50 frames** (3.3 s; `max_episode_steps=50`), which is as long as it was measured."
    )
    assert "at least 3 dB closer to reality than the last frame repeated" in told
    assert "the ball is there in 90% of all cases" in told
    assert "over at least 30 dreams" in told
    assert sentence(metrics(good=False)).startswith("**Trust it for 5 frames** (0.3 s; `max_episode_steps=5`). Up to")


def test_a_world_that_fails_at_once_is_not_trusted_at_all():
    values = without_ball()
    values["drift"]["recall"] = dict.fromkeys(values["drift"]["recall"], est(0.5))
    assert sentence(values).startswith("**Trust it for no frame.** Already at frame 1 it is not so that the frames are")
    assert "what moves is there" in sentence(values)


def test_too_few_dreams_are_no_verdict_against_a_world():
    values = without_ball()
    values["drift"]["recall"] = dict.fromkeys(values["drift"]["recall"], est(0.99, 0.01, n=29))
    assert horizon(values) == 0
    assert sentence(values).startswith(
        "**It is unsure whether to trust it at all.** Already at frame 1 it is not shown"
    )
    assert "`--num-starts`" in sentence(values)
    lines = {line.question: line.answer for line in answers(values)}
    assert lines["what moves is there up to"] == "unsure"
    values["drift"]["recall"] = dict.fromkeys(values["drift"]["recall"], est(0.5, 0.01, n=29))
    assert {line.question: line.answer for line in answers(values)}["what moves is there up to"] == "no frame"


def test_every_question_is_answered_in_a_line_with_its_baseline():
    lines = {line.question: line for line in answers(metrics())}
    assert {question: line.answer for question, line in lines.items()} == {
        "frames look right up to": "frame 50 of 50",
        "the ball is there up to": "frame 50 of 50",
        "it is where it should be up to": "frame 50 of 50",
        "balls that the paddle hits go right": "yes",
        "rewards are right": "yes",
        "ends are right": "yes",
        "idleness pays no more than in the game": "yes",
        "actions matter": "yes",
        "better policies score higher": "yes",
        "speed": "96 env-steps/s",
    }
    assert lines["balls that the paddle hits go right"][2:] == (
        "0.96 [0.93, 0.99] where they should be, 9 frames after the hit",
        "1.00, one frame before it",
        "96",
    )
    assert lines["actions matter"][2:] == (
        "0.96 [0.94, 0.98] of outcomes told apart after 4 frames",
        "0.25, chance",
        "64",
    )
    assert lines["frames look right up to"][2:] == (
        "36.0 [35.0, 37.0] dB at 50",
        "30.0 dB, last frame repeated",
        "64",
    )


def test_a_bad_world_is_told_no():
    lines = {line.question: line for line in answers(metrics(good=False))}
    assert {question: line.answer for question, line in lines.items()} == {
        "frames look right up to": "frame 30 of 50",
        "the ball is there up to": "frame 5 of 50",
        "it is where it should be up to": "frame 5 of 50",
        "balls that the paddle hits go right": "no",
        "rewards are right": "no",
        "ends are right": "no",
        "idleness pays no more than in the game": "no",
        "actions matter": "no",
        "better policies score higher": "no",
        "speed": "96 env-steps/s",
    }
    assert lines["idleness pays no more than in the game"].measured.startswith(
        "11.0 [10.5, 11.5] rewards in 1,000 steps"
    )
    assert lines["rewards are right"].measured.startswith("F1 0.30 [0.27, 0.33] in dreams, 0.85 [0.82, 0.88] on real")


@pytest.mark.parametrize(("pearson", "answer"), [(0.95, "yes"), (0.9, "unsure"), (0.3, "no")])
def test_rewards_that_are_no_classes_are_right_if_they_go_with_those_earned(pearson: float, answer: str):
    lines = {line.question: line for line in answers({**metrics(), "reward_end": reward_error(pearson)})}
    assert lines["rewards are right"].answer == answer
    assert lines["rewards are right"].measured.startswith(f"Pearson {pearson:.2f} [")
    assert lines["rewards are right"].measured.endswith("0.97 [0.95, 0.99] on real frames")
    assert lines["ends are right"].answer == "yes"


def test_what_was_not_measured_is_not_asked():
    optional = ("ball", "hits", "hallucinated", "controllability", "ranking", "spread")
    values = {key: value for key, value in metrics().items() if key not in optional}
    assert [line.question for line in answers(values)] == [
        "frames look right up to",
        "what moves is there up to",
        "rewards are right",
        "ends are right",
        "speed",
    ]
