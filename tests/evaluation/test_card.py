"""The dream card keeps what people wrote and says what was measured."""

from typing import Any

import numpy as np
import pytest
import torch

from gym_diamond.evaluation import metrics
from gym_diamond.evaluation.card import drift_table, reward_end_table, with_measurements
from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start
from gym_diamond.fitting import provenance
from gym_diamond.world_models.protocol import WorldSpec
from tests.noisy_play import make_episodes

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """The metrics of three dreams of five frames that are perfect, and of a model that foresees every reward."""
    episodes = make_episodes(2, seed=0)
    frames = torch.stack([torch.from_numpy(episodes[i % 2].frames[3:9]) for i in range(3)])
    classes = np.array([1, 2, 1, 1, 2])
    judged = Judged(classes, np.array([False] * 4 + [True]), np.eye(3)[classes], np.array([0, 0, 0, 0, 1.0]))
    valid = torch.ones(3, 5, dtype=torch.bool)
    rollouts = [Rollout([Start(i % 2, 3) for i in range(3)], frames, frames, valid, [judged] * 3, 0.5)]
    return {
        "date": "2026-01-02T03:04:05+00:00",
        "command": "gym-diamond evaluate breakout --dataset breakout/heldout-v0",
        "num_denoising_steps": 3,
        "precision": "bf16",
        "hardware": {"model": "A processor", "threads": 2},
        "held_out": metrics.held_out("breakout/heldout-v0", episodes, checked=True),
        "drift": metrics.drift(rollouts, episodes, 20),
        "reward_end": metrics.reward_end([judged], rollouts, SPEC.reward_values, np.random.default_rng(0)),
        "speed": metrics.speed(rollouts),
    }


def test_the_speed_counts_every_frame_of_every_dream(measured: dict[str, Any]):
    assert measured["speed"] == {"env_steps_per_second": 30, "rows": 3}  # 3 dreams of 5 frames in half a second


def test_the_metrics_say_on_what_they_rest(measured: dict[str, Any]):
    assert measured["held_out"]["transitions_by_policy"] == {"random": 58}
    drift = measured["drift"]
    assert (drift["num_starts"], drift["episodes"], drift["horizon"]) == (3, 2, 5)
    assert (drift["moving_levels"], drift["tolerance"], drift["reach"], drift["error_floor"]) == (8, 0.15, 1, 0.05)
    assert drift["by_policy"]["random"]["psnr"] == drift["psnr"]


def test_the_tables_hold_means_with_their_intervals(measured: dict[str, Any]):
    first = drift_table(measured["drift"]).splitlines()[2]
    assert [cell.strip() for cell in first.split("|")][1:3] == ["1", "61.1 [61.1, 61.1]"]
    rows = {line.split("|")[1].strip(): line for line in reward_end_table(measured["reward_end"]).splitlines()[2:]}
    assert list(rows) == ["reward 1", "reward 1 in dreams", "end"], "rewards that never were have no row"
    assert "1.00 [1.00, 1.00]" in rows["end"]
    assert [cell.strip() for cell in rows["reward 1 in dreams"].split("|")][2:6] == ["6", "6", "1.00", "1.00"]


def test_the_card_of_a_fresh_fit_no_longer_says_that_nothing_was_measured(measured: dict[str, Any]):
    origin = {
        "datasets": ["breakout/mixed-v0"],
        "hardware": {"model": "A processor", "threads": 2},
        "transitions_by_policy": {"random": 100},
        "transitions": 100,
        "steps": 7,
        "minutes": 1.5,
        "preset": "small",
        "seed": 0,
    }
    fresh = provenance.card(SPEC, origin)
    assert "not been measured" in fresh
    card = with_measurements(fresh, measured)
    assert "not been measured" not in card
    assert card.startswith(fresh[: fresh.index("How far")])
    assert "## Measured\n\nOn 2 episodes (58 transitions) of `breakout/heldout-v0`" in card
    assert "30 env-steps/s with 3 dreams at a time, bf16, on A processor (2 threads)" in card


def test_a_second_measurement_takes_the_place_of_the_first_and_leaves_the_rest(measured: dict[str, Any]):
    card = "# Mine\n\nA word before.\n\n## Measured\n\nOld numbers.\n\n## Thanks\n\nTo all.\n"
    once = with_measurements(card, measured)
    assert "Old numbers" not in once
    assert once.startswith("# Mine\n\nA word before.\n\n## Measured\n\nOn 2 episodes")
    assert once.endswith("\n\n## Thanks\n\nTo all.\n")
    assert with_measurements(once, measured) == once


def test_an_empty_card_becomes_the_measurement(measured: dict[str, Any]):
    assert with_measurements("", measured).startswith("## Measured\n\nOn 2 episodes")


def test_play_that_nothing_proves_to_be_new_is_called_so(measured: dict[str, Any]):
    doubtful = {**measured, "held_out": {**measured["held_out"], "checked": False}}
    assert "which nothing proves it was not fitted to" in with_measurements("", doubtful)
