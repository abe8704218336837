"""Several fits stand beside each other, in the order in which they were given."""

from gym_diamond.evaluation.spread import spread
from tests.measured import metrics, reward_error


def test_each_world_has_its_place_in_every_list():
    found = spread(["a", "b"], [metrics(), metrics(good=False)])
    assert found["worlds"] == ["a", "b"]
    assert found["psnr"]["50"] == [36.0, 31.0]
    assert found["recall"]["31-50"] == [0.95, 0.6]
    assert (found["ball_recall"], found["ball_near"]) == ([0.97, 0.1], [0.94, 0.02])
    assert (found["reward_f1"], found["dreamt_reward_f1"], found["end_f1"]) == ([0.97, 0.85], [0.94, 0.3], [0.97, 0.85])


def test_games_without_a_known_ball_and_without_rewards_have_their_gaps():
    values = {key: value for key, value in metrics().items() if key != "ball"}
    del values["reward_end"]["reward"]["any"]
    found = spread(["a"], [values])
    assert "ball_recall" not in found
    assert found["reward_f1"] == [None]


def test_rewards_that_are_no_classes_have_no_f1():
    found = spread(["a"], [{**metrics(), "reward_end": reward_error(0.9)}])
    assert (found["reward_f1"], found["dreamt_reward_f1"], found["end_f1"]) == ([None], [None], [0.97])
