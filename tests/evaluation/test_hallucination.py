"""Rewards that nobody earned, per 1,000 steps, with literal counts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.collection.policies import ConstantPolicy
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.hallucination import hallucination, measure, summary
from gym_diamond.evaluation.reality import RealGames, moments
from tests.fakes import CountingGames, CountingWorld, DeafWorld
from tests.tiny import write_tiny_world

FIRE = ConstantPolicy(1, "FIRE")


def run(world: CountingWorld, num_starts: int = 4, told: list[int] | None = None, **game: Any) -> dict[str, Any]:
    env: Any = CountingGames(2, **game)
    games = RealGames(env, 0)
    starts = (moment for moment, _ in zip(moments(games, [FIRE], 3, 0, 6), range(num_starts), strict=False))
    return measure(world, games, starts, 10, 0, (told if told is not None else []).append)


def exactly(mean: float, n: int = 4) -> dict[str, Any]:
    return {"mean": mean, "low": mean, "high": mean, "n": n}


def test_a_world_that_copies_reality_pays_no_more_than_it():
    result = run(CountingWorld(max_count=250))
    assert (result["horizon"], result["starts"]) == (10, 4)
    assert result["noop"] == {"dream": exactly(1000), "real": exactly(1000), "excess": exactly(0)}, "-1 for each NOOP"
    assert result["random"]["dream"] == result["random"]["real"]
    assert 400 < result["random"]["real"]["mean"] < 900, "two actions of three are paid"
    assert result["random"]["excess"] == exactly(0)


def test_a_world_that_always_pays_gives_what_random_play_did_not_earn():
    result = run(DeafWorld(max_count=250))
    assert result["random"]["dream"] == exactly(1000)
    assert result["random"]["excess"]["mean"] == pytest.approx(1000 - result["random"]["real"]["mean"])


def test_a_dream_that_ends_goes_on():
    assert run(CountingWorld(max_count=0))["noop"]["dream"] == exactly(1000)


def test_steps_count_as_long_as_the_real_life_lasts():
    alive = np.ones((2, 2, 5), np.bool_)
    alive[0, 0, 2:] = False  # 2 steps in the first start, 5 in the second
    real, dreamt = np.zeros((2, 2, 5)), np.zeros((2, 2, 5))
    real[0, 0, 1], real[0, 0, 3] = 1, 1  # the second of them after the end
    dreamt[0, 0], dreamt[1, 0, 0] = -1, 1
    result = summary(dreamt, real, alive)["noop"]
    assert result["dream"]["mean"] == pytest.approx(1000 * 3 / 7)
    assert result["real"]["mean"] == pytest.approx(1000 * 1 / 7)
    assert result["excess"]["mean"] == pytest.approx(1000 * 2 / 7)
    assert result["excess"]["n"] == 2


def test_the_excess_is_taken_in_pairs():
    rng = np.random.default_rng(0)
    real = (rng.random((40, 2, 5)) < rng.random((40, 1, 1))).astype(float)
    result = summary(np.ones_like(real) * (real > 0), real, np.ones_like(real, dtype=np.bool_))["noop"]
    assert result["real"]["high"] - result["real"]["low"] > 50
    assert result["excess"] == exactly(0, 40)


def test_all_dreamt_steps_are_told():
    told: list[int] = []
    run(CountingWorld(max_count=250), num_starts=33, told=told)
    assert told == [64] * 10 + [2] * 10, "in batches of at most 64 rows"


def test_it_runs_in_the_real_game(tmp_path: Path):
    world = load_world(write_tiny_world(tmp_path), precision="fp32").model
    told: list[int] = []
    result = hallucination(world, 6, num_starts=2, horizon=3, advance=told.append)
    assert (result["horizon"], result["starts"], sum(told)) == (3, 2, 2 * 2 * 3)
    assert result["noop"]["real"]["mean"] is not None
    with pytest.raises(InvalidArgument, match="num_starts is 0"):
        hallucination(world, 6, num_starts=0)
