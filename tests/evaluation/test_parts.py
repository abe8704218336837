"""The parts of an evaluation say what they leave out, and refuse what cannot be compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gym_diamond.checkpoint import World
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.evaluation.card import measured
from gym_diamond.evaluation.figures.reward_end import draw_reward_end
from gym_diamond.evaluation.parts import Plan, check_comparable, omissions
from gym_diamond.evaluation.starts import Start
from gym_diamond.games import game
from gym_diamond.world_models.protocol import WorldSpec
from tests.fakes import CountingWorld, counting_bank, flat_frames
from tests.measured import metrics

PLAN = Plan(horizon=5, min_episode_steps=2, hits=2, moments=4, ranking_starts=4, seed=0)
HITS = [Start(0, 1)]
MEANINGS = game("Breakout").action_meanings
BREAKOUT = WorldSpec("Breakout", 64, 64, 3, len(MEANINGS), MEANINGS, 4, (-1.0, 0.0, 1.0), 15)
EPISODE = Episode(
    flat_frames([1, 2, 3]), np.zeros(2, np.int64), np.zeros(2, np.float32), True, False, True, policy="random"
)


def world(name: str, size: int = 4, **provenance: object) -> World:
    return World(CountingWorld(size, size), counting_bank(), dict(provenance), Path("runs") / name)


def test_with_an_emulator_and_another_fit_nothing_is_left_out():
    assert omissions(BREAKOUT, PLAN, HITS, "breakout/heldout-v0", [world("b")]) == {}


def test_what_was_not_asked_for_is_left_out_by_the_name_of_its_option():
    nothing = PLAN._replace(hits=0, moments=0, ranking_starts=0)
    found = omissions(BREAKOUT, nothing, [], "breakout/heldout-v0", [world("b")])
    assert found == {
        "hits": "left out by `--hits 0`; it is measured without that option.",
        "hallucinated": "left out by `--moments 0`; it is measured without that option.",
        "controllability": "left out by `--moments 0`; it is measured without that option.",
        "ranking": "left out by `--ranking-starts 0`; it is measured without that option.",
    }


def test_play_without_a_hit_is_named():
    found = omissions(BREAKOUT, PLAN, [], "breakout/heldout-v0", [world("b")])
    assert found == {"hits": "in the held-out play no paddle hits a ball that is in play all the time around it."}


def test_a_game_that_is_not_ales_is_left_out_with_the_reason():
    found = omissions(CountingWorld().spec, PLAN, [], "counting/heldout-v0", [])
    assert list(found) == ["ball", "hallucinated", "controllability", "ranking", "spread"]
    assert found["ball"] == "there is no detector of a ball for Counting in such frames, but for Breakout and Pong."
    assert "Counting" in found["ranking"]
    assert "`gym-diamond evaluate WORLD --dataset counting/heldout-v0 --compare OTHER_WORLD`" in found["spread"]


def test_only_worlds_of_the_same_frames_are_compared():
    check_comparable(world("b"), world("a"), "counting/heldout-v0", [EPISODE])
    with pytest.raises(InvalidArgument, match="runs/b: its height is 8, that of runs/a is 4"):
        check_comparable(world("b", size=8), world("a"), "counting/heldout-v0", [EPISODE])


def test_a_world_that_was_fitted_to_the_play_is_not_compared():
    with pytest.raises(InvalidDataset, match="1 of the 1 episodes"):
        check_comparable(world("b", episodes=[digest(EPISODE)]), world("a"), "counting/heldout-v0", [EPISODE])


def test_what_the_play_did_not_tell_is_named_and_nothing_of_it_is_measured():
    bare = replace(BREAKOUT, reward_values=(0.0,), has_rewards=False, has_ends=False)
    found = omissions(bare, PLAN, HITS, "breakout/heldout-v0", [world("b")])
    assert found["rewards"] == "the play that it was fitted to holds no rewards, so its dreams always give reward 0."
    assert found["ends"] == (
        "the play that it was fitted to does not tell when the game ended, so its dreams never end."
    )
    assert found["hallucinated"] == found["ranking"] == "its dreams always give reward 0."
    assert "controllability" not in found


def test_rewards_alone_are_judged_without_a_word_of_ends():
    values = metrics()
    del (
        values["spread"],
        values["reward_end"]["end"],
        values["reward_end"]["dreamt_end"],
        values["reward_end"]["end_confusion"],
    )
    card = measured(values)
    assert "| rewards are right" in card
    assert "ends are right" not in card
    assert "| reward 1 in dreams" in card
    assert "| end " not in card
    assert draw_reward_end(values["reward_end"]["confusion"], None).width < 800, "two matrices of four"
