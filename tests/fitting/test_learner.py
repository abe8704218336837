"""One update: as long as its learning rate, of gradients that are not too long, and followed by the average."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from gym_diamond.data.segments import SegmentStore
from gym_diamond.fitting.config import OptimConfig
from gym_diamond.fitting.learner import Learner, make_learner, update
from tests.fitting import shared_work


@pytest.fixture(scope="module")
def store() -> SegmentStore:
    return shared_work.make(shared_work.PLAIN).store


def one_learner(**optim: Any) -> Learner:
    torch.manual_seed(0)
    objective = shared_work.NextMean()
    config = OptimConfig(batch_size=4, weight_decay=0.0, **optim)
    return make_learner(objective, config, copy.deepcopy(objective.network))


def weights(network: nn.Module) -> Tensor:
    return parameters_to_vector(network.parameters()).detach().clone()


@pytest.mark.parametrize(
    ("step", "progress", "expected"), [(0, 0.0, 0.25e-2), (3, 0.0, 0.5e-2), (30, 0.0, 1e-2), (30, 1.0, 0.1e-2)]
)
def test_a_first_step_is_as_long_as_the_rate_of_its_number_and_progress(
    store: SegmentStore, step: int, progress: float, expected: float
):
    """Adam's first step is as long as its rate. With an update in every third step, step 3 is the second of four that
    warm up."""
    learner = one_learner(lr=1e-2, warmup_steps=4, every=3, final_lr_fraction=0.1)
    before = weights(learner.objective.network)
    update(learner, store, 0, step, progress)
    moved = (weights(learner.objective.network) - before).abs().max().item()
    assert moved == pytest.approx(expected, rel=1e-3)


def test_gradients_are_scaled_down_to_the_norm_that_is_allowed(store: SegmentStore):
    learner = one_learner(max_grad_norm=1e-3)
    told = update(learner, store, 0, 0, 0.0)["grad_norm"].item()
    scaled = torch.cat([p.grad.flatten() for p in learner.objective.network.parameters() if p.grad is not None])
    assert told > 0.01, "what is told is the norm before"
    assert scaled.norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_the_average_follows_as_slowly_as_the_config_says(store: SegmentStore):
    learner = one_learner(ema_decay=0.5)
    before = weights(learner.average)
    update(learner, store, 0, 1000, 0.0)
    halfway = (before + weights(learner.objective.network)) / 2
    torch.testing.assert_close(weights(learner.average), halfway)
