"""Moments of real games that many rows share, and what was seen before them."""

import builtins
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

from gym_diamond.collection.policies import ConstantPolicy
from gym_diamond.evaluation.dreaming import follow
from gym_diamond.evaluation.reality import FIRST_SEED, RealGames, contexts, drivers, moments, obstacle, real_games
from gym_diamond.games import game
from gym_diamond.world_models.protocol import WorldSpec
from tests.fakes import CountingGames, CountingWorld

FIRE, RIGHT = ConstantPolicy(1, "FIRE"), ConstantPolicy(2, "RIGHT")


def spec_of(name: str, actions: str = "Breakout", size: int = 64) -> WorldSpec:
    meanings = game(actions).action_meanings
    return WorldSpec(name, size, size, 3, len(meanings), meanings, 4, (-1.0, 0.0, 1.0), 15)


def counting(num_rows: int = 2, **arguments: Any) -> RealGames:
    env: Any = CountingGames(num_rows, **arguments)
    return RealGames(env, 5)


def test_in_the_real_game_all_rows_stand_at_the_moment_and_part_when_their_actions_do():
    games = real_games(spec_of("Breakout"), 3, seed=0)
    together, apart = np.full((3, 2), 1), np.repeat([[0], [2], [3]], 8, axis=1)
    for _ in islice(moments(games, drivers(spec_of("Breakout")), 4, seed=0, max_steps=60), 4):
        course = follow(games, together)
        assert np.array_equal(course.frames[0], course.frames[1])
        assert np.array_equal(course.frames[0], course.frames[2])
        assert len({row.tobytes() for row in follow(games, apart).frames}) > 1


def test_a_row_that_lost_its_game_begins_the_same_next_game_as_the_others():
    games = real_games(spec_of("Breakout"), 2, seed=1)
    games.begin()
    lost = 0
    while lost < 5:  # the first row serves every ball and loses it, the second waits
        lost += games.step(np.array([1, 0])).over[0]
    games.begin()
    frames = follow(games, np.ones((2, 40), np.int64)).frames
    assert np.array_equal(frames[0], frames[1])


def test_a_moment_remembers_the_last_frames_and_actions_of_its_life():
    (moment,) = islice(moments(counting(), [RIGHT], 3, seed=1, max_steps=8), 1)
    steps = moment.frames[-1, 0, 0, 0] - 10
    assert steps >= 2
    assert moment.frames[:, 0, 0, 0].tolist() == [8 + steps, 9 + steps, 10 + steps], "the first game begins at 10"
    assert moment.frames[1:, 0, 0, 1].tolist() == moment.actions.tolist() == [2, 2]
    assert (moment.is_real.tolist(), moment.driver) == ([True, True, True], "always:RIGHT")


def test_a_young_life_is_padded_on_the_left():
    (moment,) = islice(moments(counting(), [RIGHT], 3, seed=0, max_steps=0), 1)
    assert moment.frames[:, 0, 0, 0].tolist() == [0, 0, 10]
    assert (moment.is_real.tolist(), moment.actions.tolist()) == ([False, False, True], [0, 0])


def test_nothing_is_remembered_of_a_life_that_was_lost():
    for moment in islice(moments(counting(max_count=12), [FIRE], 4, seed=0, max_steps=40), 20):
        seen = moment.frames[moment.is_real, 0, 0, 0].tolist()
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert moment.actions.tolist() == [0] * (4 - len(seen)) + [1] * (len(seen) - 1)


def test_the_players_take_turns_and_equal_seeds_give_equal_moments():
    def take(seed: int) -> list:
        return list(islice(moments(counting(), [FIRE, RIGHT], 3, seed), 5))

    first, again, other = take(3), take(3), take(4)
    assert [moment.driver for moment in first] == ["always:FIRE", "always:RIGHT"] * 2 + ["always:FIRE"]
    assert np.array_equal(contexts(first).frames, contexts(again).frames)
    assert not np.array_equal(contexts(first).frames, contexts(other).frames)


def test_the_games_are_not_those_that_data_is_collected_in():
    env: Any = CountingGames(3)
    RealGames(env, 5).begin()
    assert env.seeds == [FIRST_SEED + 5] * 3 == [2**30 + 5] * 3


def test_who_plays_up_to_the_moments():
    assert [policy.name for policy in drivers(spec_of("Breakout"))] == ["random", "sticky", "scripted"]
    assert [policy.name for policy in drivers(CountingWorld().spec)] == ["random", "sticky"]


def test_a_world_of_a_real_game_can_be_held_against_it():
    assert obstacle(spec_of("Breakout")) is None


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (CountingWorld().spec, "only Atari's can be: Counting is none of those"),
        (spec_of("Breakout", actions="Pong"), "The real Breakout has the actions NOOP, FIRE, RIGHT, LEFT; this world"),
        (replace(spec_of("Breakout"), action_sizes=(2, 2)), "this world has NOOP, FIRE and RIGHT, LEFT"),
        (spec_of("Breakout", size=32), r"64x64 RGB; this world dreams \(32, 32, 3\)"),
    ],
)
def test_why_another_world_cannot_is_said(spec: WorldSpec, reason: str):
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(obstacle(spec))


def test_without_the_emulator_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    importer = builtins.__import__

    def without_emulator(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("ale_py"):
            raise ImportError(name)
        return importer(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_emulator)
    reason = obstacle(spec_of("Breakout"))
    assert reason is not None
    assert 'pip install "gym-diamond[atari]"' in reason
