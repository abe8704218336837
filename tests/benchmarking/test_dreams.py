"""Our side of the race: what a step of it is said to take, and that its dreams never end."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gym_diamond.benchmarking.dreams import Dreams, DreamSettings
from tests.tiny import write_tiny_world


@pytest.fixture
def timed(tmp_path: Path) -> Dreams:
    return Dreams(DreamSettings(str(write_tiny_world(tmp_path)), "cpu", "fp32", "eager", 2, None, None))


def test_the_seconds_of_a_step_are_those_of_all_by_their_number(timed: Dreams, monkeypatch: pytest.MonkeyPatch):
    def eight(work: Callable[[], object], device: torch.device) -> float:
        work()
        return 8.0

    monkeypatch.setattr("gym_diamond.benchmarking.dreams.seconds", eight)
    before = timed.envs.dream.snapshot().counter
    assert timed.step_seconds(4) == 2.0
    assert (timed.envs.dream.snapshot().counter - before).tolist() == [4, 4]
    assert timed.vector_step_seconds(2) == [8.0, 8.0]
    assert (timed.envs.dream.snapshot().counter - before).tolist() == [6, 6]


def test_no_dream_ends_before_the_others(timed: Dreams):
    assert timed.envs.dream.max_episode_steps is None
    assert timed.model.sampling.end_mode == "never"
