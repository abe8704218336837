"""The sections of metrics.json count what happened, and nothing after it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation import metrics
from gym_diamond.evaluation.drift import curves
from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start
from gym_diamond.world_models.protocol import WorldSpec

SPEC = WorldSpec("Breakout", 8, 8, 3, 1, ("NOOP",), 4, (-1.0, 0.0, 1.0), 15)
EARNED = np.array([0, 2.5], np.float32)
PLAYED = Judged(np.array([1, 2]), np.array([False, True]), np.eye(3)[[1, 1]], np.array([0.0, 1.0]), EARNED)
STARTS = [Start(0, 0, "reset"), Start(1, 3), Start(1, 4, "before_reward"), Start(0, 8, "before_end")]


@pytest.fixture(scope="module")
def episodes() -> list[Episode]:
    frames = np.random.default_rng(0).integers(256, size=(11, 8, 8, 3), dtype=np.uint8)
    play = Episode(frames, np.zeros(10, np.int64), np.zeros(10, np.float32), True, False, True, "random")
    return [play, play._replace(policy="scripted")]


@pytest.fixture(scope="module")
def rollouts(episodes: list[Episode]) -> list[Rollout]:
    """Perfect dreams of five frames, but that the first is off by one level; the last has two real frames."""
    real = torch.stack([torch.from_numpy(np.resize(episodes[0].frames[s.frame :], (6, 8, 8, 3))) for s in STARTS])
    dreamt = real.clone()
    dreamt[0] = real[0] ^ 1
    valid = torch.ones(4, 5, dtype=torch.bool)
    valid[3, 2:] = False
    judged = [PLAYED] * 4
    return [
        Rollout(STARTS[:3], real[:3], dreamt[:3], valid[:3], judged[:3], 1.0),
        Rollout(STARTS[3:], real[3:], dreamt[3:], valid[3:], judged[3:], 1.0),
    ]


@pytest.fixture(scope="module")
def drift(rollouts: list[Rollout], episodes: list[Episode]) -> dict[str, Any]:
    return metrics.drift(curves(rollouts, episodes), STARTS, episodes, 7)


def test_starts_are_counted_by_player_and_by_kind(drift: dict[str, Any]):
    assert drift["num_starts"] == 4
    assert drift["starts_by_policy"] == {"random": 2, "scripted": 2}
    assert drift["starts_by_kind"] == {"reset": 1, "anywhere": 1, "before_reward": 1, "before_end": 1}
    assert list(drift["by_kind"]) == ["reset", "anywhere", "before_reward", "before_end"]
    assert list(drift["by_policy"]) == ["random", "scripted"]


def test_n_falls_where_real_episodes_are_over(drift: dict[str, Any]):
    assert [drift["psnr"][mark]["n"] for mark in ("1", "5", "1-5")] == [4, 3, 4]
    assert [drift["by_kind"]["before_end"]["ssim"][mark]["n"] for mark in ("1", "5", "1-5")] == [1, 0, 1]
    assert drift["by_kind"]["before_end"]["psnr"]["5"] == {"mean": None, "low": None, "high": None, "n": 0}


def test_starts_of_one_episode_tell_no_interval(rollouts: list[Rollout], episodes: list[Episode]):
    same = [start._replace(episode=0) for start in STARTS]
    found = metrics.drift(curves(rollouts, episodes), same, episodes, 7)
    assert (found["psnr"]["1"]["low"], found["psnr"]["1"]["n"]) == (None, 4)


def test_each_kind_has_its_own_figures(drift: dict[str, Any]):
    assert [drift["by_kind"][kind]["error"]["1"]["mean"] for kind in drift["by_kind"]] == [1, 0, 0, 0]
    assert drift["error"]["1"]["mean"] == 0.25
    assert drift["by_policy"]["random"]["error"]["1"]["mean"] == 0.5
    assert drift["by_kind"]["reset"]["moving_error"]["5"]["mean"] == 1
    assert drift["by_kind"]["anywhere"]["ssim"]["5"]["mean"] == pytest.approx(1, abs=1e-6)


def test_rewards_and_ends_are_judged_on_real_frames_and_in_dreams(rollouts: list[Rollout]):
    wrong = Judged(np.array([1, 2]), np.array([False, True]), np.eye(3)[[0, 2]], np.array([1.0, 0.0]), EARNED)
    dreams = [rollout._replace(judged=[wrong] * len(rollout.judged)) for rollout in rollouts]
    found = metrics.reward_end([PLAYED], dreams, SPEC, np.random.default_rng(0))
    assert (found["transitions"], found["dreamt_transitions"]) == (2, 8)
    assert (found["end"]["within_0"]["f1"], found["dreamt_end"]["within_0"]["f1"]) == (1, 0)
    assert found["dreamt_end"]["within_1"]["f1"] == 1, "all of them one frame early"
    assert (found["reward"]["1"]["within_0"]["f1"], found["dreamt_reward"]["1"]["within_0"]["f1"]) == (0, 1)
    assert found["confusion"] == {
        "values": [-1, 0, 1],
        "real": [[0, 0, 0], [0, 1, 0], [0, 1, 0]],
        "dreamt": [[0, 0, 0], [4, 0, 0], [0, 0, 4]],
    }
    assert found["end_confusion"] == {"real": [[1, 0], [0, 1]], "dreamt": [[0, 4], [4, 0]]}


def test_rewards_that_are_no_classes_are_scored_by_their_error(rollouts: list[Rollout]):
    spec = replace(SPEC, reward_values=(-1.0, 0.0, 3.0), reward_coding="two_hot")
    found = metrics.reward_end([PLAYED], rollouts, spec, np.random.default_rng(0))
    assert not {"reward", "dreamt_reward", "confusion"} & found.keys()
    assert found["reward_error"]["mae"]["mean"] == 1.25  # it expects 0 where 0 and 2.5 were earned
    assert found["dreamt_reward_error"]["mae"]["n"] == 4
    assert found["end"]["within_0"]["f1"] == 1


def test_all_of_it_is_json(drift: dict[str, Any], rollouts: list[Rollout]):
    values = {"drift": drift, "reward_end": metrics.reward_end([PLAYED], rollouts, SPEC, np.random.default_rng(0))}
    assert json.loads(json.dumps(values, allow_nan=False)) == values
