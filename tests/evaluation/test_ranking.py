"""Policies fare in a dream as in the game, or they do not: literal returns and correlations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.collection.policies import ConstantPolicy, Policy, RandomPolicy
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.dreaming import Dreams
from gym_diamond.evaluation.ranking import LADDER, enlist, lineup, measure, play_out, ranking, summary, take_seat
from gym_diamond.evaluation.reality import Moment, RealGames, moments
from gym_diamond.games import game
from gym_diamond.world_models.protocol import WorldSpec
from tests.fakes import CountingGames, CountingWorld, DeafWorld, counting_bank, flat_frames
from tests.tiny import write_tiny_world

NOOP, FIRE, RIGHT = (ConstantPolicy(action, name) for action, name in enumerate(("NOOP", "FIRE", "RIGHT")))


class Watcher:
    """Remembers by row the counts that it saw; plays NOOP."""

    name = "watcher"

    def __init__(self) -> None:
        self.seen: dict[int, list[int]] = {}

    def begin(self, rows: np.ndarray) -> None:
        self.seen[int(rows[0])] = []

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self.seen[int(rows[0])].append(int(frames[0, 0, 0, 0]))
        return np.zeros(1, np.int64)


def spec_of(name: str) -> WorldSpec:
    meanings = game(name).action_meanings
    return WorldSpec(name, 64, 64, 3, len(meanings), meanings, 4, (-1.0, 0.0, 1.0), 15)


def run(
    world: CountingWorld,
    policies: list[Policy],
    num_starts: int = 4,
    told: list[int] | None = None,
    max_steps: int = 6,
    max_count: int = 250,
) -> dict[str, Any]:
    env: Any = CountingGames(len(policies), max_count)
    games = RealGames(env, 0)
    starts = moments(games, [FIRE], 3, seed=0, max_steps=max_steps)
    return measure(world, games, starts, policies, num_starts, 5, 0, (told if told is not None else []).append)


def returns(result: dict[str, Any], side: str) -> list[float]:
    return [policy[side]["mean"] for policy in result["policies"]]


def test_a_world_that_copies_reality_ranks_as_it_does():
    result = run(CountingWorld(max_count=200), [NOOP, RandomPolicy(3), FIRE, RIGHT])
    assert returns(result, "real") == returns(result, "dream")
    assert returns(result, "real")[::2] == [-5, 0]
    assert returns(result, "real")[3] == 5, "signs count: the game itself gives three for each"
    assert result["pearson"] == pytest.approx({"mean": 1.0, "low": 1.0, "high": 1.0, "n": 4})
    assert result["spearman"] == pytest.approx({"mean": 1.0, "low": 1.0, "high": 1.0, "n": 4})
    assert (result["horizon"], result["starts"]) == (5, 4)
    assert result["policies"][0] == {
        "name": "always:NOOP",
        "real": {"mean": -5.0, "low": -5.0, "high": -5.0, "n": 4},
        "dream": {"mean": -5.0, "low": -5.0, "high": -5.0, "n": 4},
    }


def test_in_a_deaf_world_all_fare_alike_and_nothing_correlates():
    result = run(DeafWorld(max_count=200), [NOOP, FIRE, RIGHT])
    assert (returns(result, "real"), returns(result, "dream")) == ([-5, 0, 5], [-5, -5, -5])
    assert result["pearson"] == result["spearman"] == {"mean": None, "low": None, "high": None, "n": 3}


def test_a_lost_life_and_a_dreamt_end_stop_the_rewards_with_their_own_step():
    lost = run(CountingWorld(max_count=250), [RIGHT, FIRE, NOOP], num_starts=1, max_steps=0, max_count=13)
    assert (returns(lost, "real"), returns(lost, "dream")) == ([3, 0, -3], [5, 0, -5]), "it begins at 10"
    dreamt = run(CountingWorld(max_count=12), [RIGHT, FIRE, NOOP], num_starts=1, max_steps=0)
    assert (returns(dreamt, "real"), returns(dreamt, "dream")) == ([5, 0, -5], [2, 0, -2])


def test_all_dreamt_steps_are_told_those_spared_included():
    told: list[int] = []
    run(CountingWorld(max_count=0), [NOOP, FIRE, RIGHT], num_starts=23, told=told)
    assert told == [63, 63 * 4, 6, 6 * 4], "21 starts of 3 rows, then 2; every dream ends in its first step"


def test_a_policy_has_seen_the_real_frames_of_the_context_before_it_acts():
    watcher = Watcher()
    frames, is_real = flat_frames([0, 7, 8, 9]), np.array([False, True, True, True])
    seat = take_seat(watcher, 3, (0,), Moment(frames, np.zeros(3, np.int64), is_real, "x"))
    assert watcher.seen == {3: [7, 8]}
    dreams = Dreams(CountingWorld(max_count=200), counting_bank((9,)), [0])
    play_out(dreams, [seat], frames[-1:], 2, lambda steps: None)
    assert watcher.seen == {3: [7, 8, 9, 10]}


def test_a_policy_sees_the_same_in_both_worlds_from_equal_starts_and_keeps_them_apart():
    watcher = Watcher()
    run(CountingWorld(max_count=250), [NOOP, FIRE, watcher], num_starts=3)
    assert sorted(watcher.seen) == [0, 1, 2, 3, 4, 5]
    assert [watcher.seen[start] for start in range(3)] == [watcher.seen[3 + start] for start in range(3)]
    assert watcher.seen[0] != watcher.seen[1]


def test_the_interval_is_that_over_resampled_starts():
    rng = np.random.default_rng(0)
    skill = np.arange(6)[:, None]
    real, dreamt = skill + rng.normal(0, 4, (6, 40)), skill + rng.normal(0, 4, (6, 40))
    result = summary(list("abcdef"), real, dreamt)
    found = [np.corrcoef(real[:, p].mean(1), dreamt[:, p].mean(1))[0, 1] for p in rng.integers(40, size=(2000, 40))]
    assert result["pearson"]["mean"] == pytest.approx(np.corrcoef(real.mean(1), dreamt.mean(1))[0, 1])
    low, high = np.percentile(found, (2.5, 97.5))
    assert result["pearson"]["low"] == pytest.approx(low, abs=0.03)
    assert result["pearson"]["high"] == pytest.approx(high, abs=0.01)
    assert result["spearman"]["low"] <= result["spearman"]["mean"] <= result["spearman"]["high"] == 1


def test_a_reversed_order_is_minus_1():
    real = np.arange(4.0)[:, None].repeat(3, axis=1)
    assert summary(list("abcd"), real, -real)["spearman"]["mean"] == pytest.approx(-1)


def test_the_default_ladder_has_ten_policies_of_their_own_names():
    spec = spec_of("Breakout")
    names = [policy.name for policy in enlist(lineup(spec), spec, 1)]
    assert len(set(names)) == len(LADDER) >= 10
    assert sum(name.startswith("scripted") for name in names) >= 5


def test_other_games_are_played_by_random_sticky_and_every_action():
    names = lineup(spec_of("Freeway"))
    assert names == ("random", "sticky", "always:NOOP", "always:UP", "always:DOWN")
    with pytest.raises(InvalidArgument, match="at least 3"):
        enlist(names[:2], spec_of("Freeway"), 1)


def test_it_runs_in_the_real_game(tmp_path: Path):
    world = load_world(write_tiny_world(tmp_path), precision="fp32").model
    told: list[int] = []
    policies = enlist(["random", "scripted:20", "always:LEFT@0.1"], world.spec, 2)
    result = ranking(world, policies, 6, num_starts=2, horizon=3, advance=told.append)
    assert [policy["name"] for policy in result["policies"]] == ["random", "scripted:20", "always:LEFT@0.1"]
    assert [policy["real"]["n"] for policy in result["policies"]] == [2, 2, 2]
    assert (sum(told), result["horizon"], result["starts"]) == (3 * 2 * 3, 3, 2)
    with pytest.raises(InvalidArgument, match="horizon is 0"):
        ranking(world, policies, 6, horizon=0)
