"""Rare events are scored by themselves, and saying an event twice does not make it righter."""

import numpy as np
import pytest

from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.reward_end import calibration_error, count_matches, end_scores, reward_scores

VALUES = (-1.0, 0.0, 1.0)


def marks(text: str) -> np.ndarray:
    """Where `text` has an x."""
    return np.array([letter == "x" for letter in text])


def stretch(played: str, predicted: str, ends: str = "", predicted_ends: str = "") -> Judged:
    """A stretch from letters: - 0 + are rewards, x an end."""
    classes = {"-": 0, "0": 1, "+": 2}
    truth, guess = (np.array([classes[letter] for letter in text]) for text in (played, predicted))
    probs = np.full((len(guess), 3), 0.1)
    probs[np.arange(len(guess)), guess] = 0.8
    nothing = "." * len(truth)
    return Judged(
        truth, marks(ends or nothing), probs, np.where(marks(predicted_ends or nothing), 0.9, 0.2), truth - 1.0
    )


@pytest.mark.parametrize(
    ("played", "predicted", "tolerance", "found"),
    [
        ("..x..", "..x..", 0, 1),
        ("..x..", ".x...", 0, 0),
        ("..x..", ".x...", 1, 1),
        ("..x..", "...x.", 1, 1),
        ("..x..", "x....", 1, 0),
        ("..x..", ".xxx.", 1, 1),
        (".xxx.", "..x..", 1, 1),
        (".x.x.", "x...x", 1, 2),
        (".xx..", "..xx.", 1, 2),
        ("x.x.x", ".....", 1, 0),
    ],
)
def test_an_event_is_found_by_one_prediction_near_it(played: str, predicted: str, tolerance: int, found: int):
    counts = count_matches([(marks(played), marks(predicted))], tolerance)
    assert counts.tolist() == [[found, predicted.count("x"), played.count("x")]]


def test_events_of_different_episodes_never_meet():
    counts = count_matches([(marks("...x"), marks("....")), (marks("...."), marks("x..."))], 1)
    assert counts.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_each_reward_has_its_own_precision_recall_and_f1():
    scores = reward_scores([stretch("0+00+0-0+0", "0+0+00+000")], VALUES, np.random.default_rng(0))
    plus = scores["1"]
    assert (plus["played"], plus["predicted"]) == (3, 3)
    assert (plus["within_0"]["precision"], plus["within_0"]["recall"], plus["within_0"]["f1"]) == pytest.approx(
        [1 / 3] * 3
    )
    assert plus["within_1"]["f1"] == pytest.approx(2 / 3)
    minus = scores["-1"]
    assert (minus["played"], minus["predicted"], minus["within_1"]["precision"]) == (1, 0, None)
    assert (minus["within_1"]["recall"], minus["within_1"]["f1"]) == (0, 0)
    assert (scores["any"]["played"], scores["any"]["predicted"]) == (4, 3)
    assert scores["any"]["within_0"]["f1"] == pytest.approx(2 / 7)


def test_a_reward_that_never_was_nor_is_predicted_has_no_scores():
    exact = reward_scores([stretch("0+0", "0+0")], VALUES, np.random.default_rng(0))["-1"]["within_0"]
    assert exact == {"precision": None, "recall": None, "f1": None, "f1_low": None, "f1_high": None}


def test_what_a_game_always_takes_is_no_event():
    values = (-0.1, 0.0, 6.8)
    scores = reward_scores([stretch("---+-0", "---+-+")], values, np.random.default_rng(0))
    assert (scores["any"]["played"], scores["any"]["predicted"]) == (2, 2)
    assert scores["any"]["within_0"]["f1"] == 0.5


def test_a_flawless_model_scores_one_and_leaves_no_doubt():
    scores = reward_scores([stretch("0+0-", "0+0-")] * 5, VALUES, np.random.default_rng(0))
    assert scores["any"]["within_0"] == {"precision": 1, "recall": 1, "f1": 1, "f1_low": 1, "f1_high": 1}


def test_the_interval_comes_from_the_spread_between_episodes():
    good, bad = stretch("0+0", "0+0"), stretch("0+0", "000")
    exact = reward_scores([good, bad] * 20, VALUES, np.random.default_rng(0))["1"]["within_0"]
    assert exact["f1"] == pytest.approx(2 / 3)
    assert 0.4 < exact["f1_low"] < 0.6 < 0.72 < exact["f1_high"] < 0.9


def test_stretches_of_one_episode_are_resampled_together():
    """Here each episode has one that is right and one that misses its reward: no two resamplings differ."""
    good, bad = stretch("0+0", "0+0"), stretch("0+0", "000")
    owners = np.arange(20).repeat(2)
    exact = reward_scores([good, bad] * 20, VALUES, np.random.default_rng(0), owners)["1"]["within_0"]
    assert exact["f1"] == exact["f1_low"] == exact["f1_high"] == pytest.approx(2 / 3)


def test_a_single_episode_leaves_f1_without_an_interval():
    exact = reward_scores([stretch("0+0", "0+0")] * 2, VALUES, np.random.default_rng(0), np.zeros(2, int))["1"]
    assert (exact["within_0"]["f1"], exact["within_0"]["f1_low"], exact["within_0"]["f1_high"]) == (1, None, None)


def test_the_brier_score_and_calibration_of_rewards():
    scores = reward_scores([stretch("0+", "00")], VALUES, np.random.default_rng(0))
    assert scores["brier"] == pytest.approx((0.06 + 1.46) / 2)  # 0.2^2 + 2 * 0.1^2, and 0.8^2 + 0.9^2 + 0.1^2
    assert scores["ece"] == pytest.approx(0.3)  # 80% sure, right half of the time


def test_each_class_is_calibrated_by_itself():
    scores = reward_scores([stretch("0+", "00")], VALUES, np.random.default_rng(0))
    assert scores["-1"]["brier"] == pytest.approx(0.01)  # twice 10% sure of what never was
    assert scores["-1"]["ece"] == pytest.approx(0.1)
    assert scores["0"]["brier"] == pytest.approx((0.04 + 0.64) / 2)
    assert scores["0"]["ece"] == pytest.approx(0.3)
    assert scores["1"]["brier"] == pytest.approx((0.01 + 0.81) / 2)
    assert scores["1"]["ece"] == pytest.approx(0.4)  # 10% sure, right half of the time


def test_an_end_is_predicted_where_it_is_likelier_than_not():
    scores = end_scores(
        [stretch("000", "000", "..x", "..x"), stretch("000", "000", "..x", ".x.")], np.random.default_rng(0)
    )
    assert (scores["played"], scores["predicted"]) == (2, 2)
    assert (scores["within_0"]["f1"], scores["within_1"]["f1"]) == (0.5, 1)
    assert scores["brier"] == pytest.approx((3 * 0.04 + 0.01 + 0.81 + 0.64) / 6)


def test_calibration_is_perfect_where_probabilities_are_kept():
    probs = np.array([0.25] * 4 + [1.0] * 2)
    assert calibration_error(probs, np.array([1, 0, 0, 0, 1, 1])) == pytest.approx(0)
    assert calibration_error(probs, np.array([1, 1, 0, 0, 0, 0])) == pytest.approx((1 + 2) / 6)
