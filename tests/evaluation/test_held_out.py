"""Held-out play is refused where it proves nothing, and starts are spread over it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gym_diamond.data.dataset import write
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.evaluation.held_out import Start, check_fits, load_held_out, pick_starts
from gym_diamond.world_models.protocol import WorldSpec
from tests.noisy_play import INFO, make_episodes

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def episode(steps: int, policy: str = "random") -> Episode:
    frames = np.zeros((steps + 1, 2, 2, 3), np.uint8)
    return Episode(frames, np.zeros(steps, np.int64), np.zeros(steps, np.float32), True, False, True, policy)


def pick(episodes: list[Episode], num: int, horizon: int = 50, min_steps: int = 80, seed: int = 0) -> list[Start]:
    return pick_starts(episodes, num, 4, horizon, min_steps, np.random.default_rng(seed))


def test_every_start_leaves_room_for_its_context_and_its_horizon():
    starts = pick([episode(100), episode(80)], 400)
    assert {start.episode for start in starts} == {0, 1}
    for index, steps in ((0, 100), (1, 80)):
        frames = {start.frame for start in starts if start.episode == index}
        assert frames == set(range(3, steps - 50 + 1)), "from the first to the last that fits, and all between"


def test_short_episodes_are_left_out():
    assert {start.episode for start in pick([episode(79), episode(80), episode(30)], 20)} == {1}


def test_an_episode_must_hold_the_horizon_whatever_its_least_length():
    assert {start.episode for start in pick([episode(52), episode(53)], 20, min_steps=10)} == {1}


def test_policies_take_turns():
    episodes = [episode(90, policy) for policy in ("a",) * 20 + ("b",) * 8 + ("c",) * 8]
    players = [episodes[start.episode].policy for start in pick(episodes, 24)]
    assert players == ["a", "b", "c"] * 8


def test_no_episode_serves_twice_before_all_have_served_once():
    episodes = [episode(90, policy) for policy in ("a",) * 6 + ("b",) * 2]
    starts = pick(episodes, 16)
    assert Counter(start.episode for start in starts[:8]) == Counter(range(8))
    assert Counter(start.episode for start in starts) == Counter({index: 2 for index in range(8)})


def test_equal_seeds_pick_equal_starts():
    episodes = [episode(200) for _ in range(9)]
    assert pick(episodes, 9, seed=1) == pick(episodes, 9, seed=1) != pick(episodes, 9, seed=2)


def test_without_a_long_episode_the_error_says_how_long_they_are():
    with pytest.raises(InvalidDataset, match=r"80 steps.*the longest has 40.*--min-episode-steps"):
        pick([episode(40), episode(30)], 4)


@pytest.mark.parametrize(("num", "horizon", "name"), [(0, 5, "num_starts"), (3, 0, "horizon")])
def test_counts_below_one_are_refused(num: int, horizon: int, name: str):
    with pytest.raises(InvalidArgument, match=f"{name} is 0"):
        pick([episode(100)], num, horizon)


def test_episodes_of_the_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    episodes = make_episodes(3, seed=0)
    write("breakout/seen-v0", INFO, episodes)
    others = {"episodes": [digest(each) for each in make_episodes(3, seed=1)]}
    assert len(load_held_out("breakout/seen-v0", SPEC, others)) == 3
    with pytest.raises(InvalidDataset, match=r"1 of the 3 episodes of dataset 'breakout/seen-v0'.*episode 2.*--seed"):
        load_held_out("breakout/seen-v0", SPEC, {"episodes": [digest(episodes[2])]})


def test_frames_of_another_size_are_refused():
    with pytest.raises(InvalidDataset, match=r"\(20, 16, 3\).*\(16, 16, 3\)"):
        check_fits("a/b-v0", replace(INFO, height=20), SPEC)


def test_other_actions_are_refused():
    other = replace(INFO, num_actions=3, action_meanings=("NOOP", "RIGHT", "LEFT"))
    with pytest.raises(InvalidDataset, match=r"NOOP, RIGHT, LEFT; this world of Breakout has NOOP, FIRE, RIGHT, LEFT"):
        check_fits("a/b-v0", other, SPEC)
