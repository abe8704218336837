"""A fit computes; it does not wait for data. Measured in CPU time, which other busy programs do not lengthen much."""

import copy
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest
import torch

from gym_diamond import world_models
from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import SegmentStore
from gym_diamond.fitting.config import OptimConfig
from gym_diamond.fitting.learner import make_learner, update
from gym_diamond.games import ATARI_FPS, game
from gym_diamond.world_models.protocol import Sampling, WorldSpec

MEANINGS = game("Breakout").action_meanings
SPEC = WorldSpec("Breakout", 64, 64, 3, len(MEANINGS), MEANINGS, 4, (-1.0, 0.0, 1.0), ATARI_FPS)
BATCH_SIZE = 16


@pytest.fixture(scope="module")
def store() -> SegmentStore:
    """8,000 Atari frames (98 MB): far more than a processor's cache holds, so that gathering costs what it does."""
    rng = np.random.default_rng(0)
    num, length = 20, 400
    return SegmentStore.from_episodes(
        [
            Episode(
                rng.integers(256, size=(length, 64, 64, 3), dtype=np.uint8),
                rng.integers(len(MEANINGS), size=length - 1),
                np.zeros(length - 1, np.float32),
                True,
                False,
                True,
                "random",
            )
            for _ in range(num)
        ]
    )


def cpu_seconds(call: Callable[[int], object], times: int) -> float:
    """The median CPU time of a call, whose argument counts from 0; one call before that warms up."""
    call(0)
    spent = []
    for i in range(times):
        began = time.process_time()
        call(i)
        spent.append(time.process_time() - began)
    return median(spent)


def test_waiting_for_data_is_under_5_percent_of_a_training_step_of_the_small_denoiser(store: SegmentStore):
    backend = world_models.backend("diamond")
    model = backend.build(backend.presets["small"], SPEC, Sampling(), "fp32").to(memory_format=torch.channels_last)
    objective = backend.objectives(model, backend.loss_config_type())[0]
    learner = make_learner(objective, OptimConfig(batch_size=BATCH_SIZE), copy.deepcopy(objective.network))
    generator = torch.Generator().manual_seed(0)

    waiting = cpu_seconds(lambda i: store.sample(objective.window, BATCH_SIZE, generator), times=25)
    training = cpu_seconds(lambda i: update(learner, store, 0, i, 0.0), times=3)

    assert 0 < waiting < 0.05 * training, f"{1e3 * waiting:.1f} ms of {1e3 * training:.0f} ms"
