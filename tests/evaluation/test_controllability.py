"""Actions are obeyed, or they are not: shares with literal values, from worlds that copy reality and that are deaf."""

from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.collection.policies import ConstantPolicy
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.controllability import controllability, measure, obedience, states, summary
from gym_diamond.evaluation.reality import RealGames, moments
from tests.fakes import CountingGames, CountingWorld, DeafWorld, flat_frames
from tests.tiny import write_tiny_world

FIRE = ConstantPolicy(1, "FIRE")


def outcomes(*levels: int) -> np.ndarray:
    """What each action brought: two frames of its level, `(A, 2, 4, 4, 3)`."""
    return np.stack([flat_frames([level, level]) for level in levels])


def run(world: CountingWorld, num_states: int = 5, told: list[int] | None = None, **game: Any) -> dict[str, Any]:
    env: Any = CountingGames(3, **game)
    games = RealGames(env, 0)
    tries = moments(games, [FIRE], 3, seed=0, max_steps=30)
    return measure(world, games, tries, num_states, 4, 0, (told if told is not None else []).append)


def test_a_world_that_copies_reality_obeys_every_action():
    result = run(CountingWorld(max_count=250))
    exact = {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 5}
    assert result == {
        "states": 5,
        "frames": 4,
        "share": exact,
        "chance": pytest.approx({"mean": 1 / 3, "low": 1 / 3, "high": 1 / 3, "n": 5}),
        "by_action": {"NOOP": exact, "FIRE": exact, "RIGHT": exact},
        "confusion": [[5, 0, 0], [0, 5, 0], [0, 0, 5]],
        "actions": ["NOOP", "FIRE", "RIGHT"],
    }


def test_a_deaf_world_is_as_good_as_chance_and_the_confusion_says_what_it_hears():
    result = run(DeafWorld(max_count=250))
    assert result["share"]["mean"] == result["chance"]["mean"] == pytest.approx(1 / 3)
    assert result["confusion"] == [[5, 0, 0], [5, 0, 0], [5, 0, 0]]
    assert [share["mean"] for share in result["by_action"].values()] == [1, 0, 0]


def test_all_dreamt_steps_are_told():
    told: list[int] = []
    run(CountingWorld(max_count=250), num_states=30, told=told)
    assert told == [21 * 3 * 4, 9 * 3 * 4], "in batches of at most 64 rows"


def test_moments_at_which_a_life_ends_do_not_count():
    env: Any = CountingGames(3, max_count=24)
    games = RealGames(env, 0)
    found = list(states(games, islice(moments(games, [FIRE], 3, seed=0, max_steps=0), 4), hold=4))
    assert [state.moment.frames[-1, 0, 0, 0] for state in found] == [10, 30, 40], "from 20 it ends with the fourth step"
    assert found[0].real[:, :, 0, 0, 0].tolist() == [[11, 12, 13, 14]] * 3
    assert found[0].real[:, :, 0, 0, 1].tolist() == [[0] * 4, [1] * 4, [2] * 4]


def test_a_game_in_which_no_action_matters_has_no_states():
    class Unmoved(CountingGames):
        def step(self, actions: np.ndarray) -> Any:
            return super().step(np.zeros_like(actions))

    env: Any = Unmoved(3)
    games = RealGames(env, 0)
    result = measure(CountingWorld(), games, moments(games, [FIRE], 3, 0, 5), 4, 4, 0, lambda steps: None)
    nothing = {"mean": None, "low": None, "high": None, "n": 0}
    assert (result["states"], result["share"], result["chance"]) == (0, nothing, nothing)
    assert result["confusion"] == [[0, 0, 0]] * 3


def test_the_nearest_real_outcome_decides():
    result = obedience(outcomes(0, 100, 200), outcomes(40, 160, 149))
    assert result.nearest.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert (result.distinct, result.share) == (3, 1 / 3)


def test_actions_with_one_outcome_are_both_right_and_count_as_one():
    result = obedience(outcomes(0, 0, 100, 200), outcomes(3, 9, 10, 200))
    assert result.distinct == 3
    assert result.nearest.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1]]
    assert result.share == pytest.approx(2 / 3), "the first two, and the last; the third was taken for them"


def test_a_world_that_is_deaf_scores_chance_whatever_it_dreams_and_however_many_actions_do_the_same():
    for dreamt in (0, 90, 170, 255):
        result = obedience(outcomes(0, 0, 0, 100, 200), outcomes(*repeat(dreamt, 5)))
        assert result.share == pytest.approx(1 / result.distinct) == pytest.approx(1 / 3)


def test_a_dream_halfway_between_two_outcomes_is_half_of_each():
    result = obedience(outcomes(0, 100), outcomes(50, 100))
    assert result.nearest.tolist() == [[0.5, 0.5], [0, 1]]
    assert result.share == 0.75


def test_the_first_frames_count_as_much_as_the_last():
    real = np.stack([flat_frames([0, 0]), flat_frames([100, 10])])
    dreamt = np.stack([flat_frames([0, 10]), flat_frames([100, 0])])
    assert obedience(real, dreamt).share == 1


def test_states_are_what_is_averaged():
    right, wrong = (obedience(outcomes(0, 100), outcomes(*levels)) for levels in ((0, 100), (100, 0)))
    result = summary([right, wrong, right, right], ["NOOP", "FIRE"], 2)
    assert (result["share"]["mean"], result["share"]["n"], result["chance"]["mean"]) == (0.75, 4, 0.5)
    assert result["confusion"] == [[3, 1], [1, 3]]


def test_it_runs_in_the_real_game(tmp_path: Path):
    world = load_world(write_tiny_world(tmp_path), precision="fp32")
    told: list[int] = []
    result = controllability(world.model, 6, num_states=2, hold=2, advance=told.append)
    assert (result["states"], sum(told), result["actions"]) == (2, 2 * 4 * 2, ["NOOP", "FIRE", "RIGHT", "LEFT"])
    assert 0 < result["chance"]["mean"] <= 0.5
    with pytest.raises(InvalidArgument, match="hold is 0"):
        controllability(world.model, 6, hold=0)
