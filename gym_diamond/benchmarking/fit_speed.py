"""Updates a second of both objectives of a fit, at the defaults of `gym-diamond fit`: recorded, where that is a GPU."""

import copy
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch

from gym_diamond import world_models
from gym_diamond.benchmarking.dreams import Mode
from gym_diamond.benchmarking.flops import Cost, cost_of
from gym_diamond.benchmarking.timing import repeated
from gym_diamond.checkpoint import load_world
from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import SegmentStore
from gym_diamond.fitting.config import FitConfig, RunConfig
from gym_diamond.fitting.gradients import scorer
from gym_diamond.fitting.learner import Learner, make_learner, update
from gym_diamond.fitting.setup import fast_scorer
from gym_diamond.hardware import ComputePrecision, resolve_device, resolve_precision
from gym_diamond.world_models.objective import Objective
from gym_diamond.world_models.protocol import WorldSpec

NUM_EPISODES, NUM_STEPS = 8, 100  # of the play that is fitted to, which is noise


@dataclass(frozen=True)
class FitSettings:
    """What is fitted."""

    world: str  # a directory; its architecture, from its own weights
    device: str
    precision: str
    mode: Mode
    threads: int | None
    budget: float  # seconds for each objective


class FitSpeed(NamedTuple):
    """Of one objective."""

    objective: str
    precision: str
    mode: str
    batch_size: int
    update_seconds: float
    cost: Cost  # of an update


def fit_speeds(settings: FitSettings) -> list[FitSpeed]:
    """The speed of each objective by itself: batch, loss, gradient, optimizer and average.

    Raises:
        InvalidWorld: the world is missing or damaged.
        InvalidArgument: a setting is not allowed.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    device = resolve_device(settings.device)
    precision = resolve_precision(settings.precision, device)
    world = load_world(settings.world, device=device, precision="fp32")  # weights of a fit are float32
    model: Any = world.model
    config = RunConfig(fit=FitConfig(precision=precision, compile=settings.mode == "compile"))
    store = SegmentStore.from_episodes(noisy_play(model.spec), device)
    model = model.requires_grad_(True).to(memory_format=torch.channels_last)
    speeds = []
    for objective in world_models.backend(model.backend).objectives(model, config.loss):
        optim = getattr(config, objective.name)
        score = fast_scorer(objective, config.fit, device)
        learner = make_learner(objective, optim, copy.deepcopy(objective.network), score)
        spent = median(_update_seconds(learner, store, settings.budget))
        cost = update_cost(objective, store, optim.batch_size, precision)
        speeds.append(FitSpeed(objective.name, precision, settings.mode, optim.batch_size, spent, cost))
    return speeds


def update_cost(objective: Objective[Any], store: SegmentStore, batch_size: int, precision: ComputePrecision) -> Cost:
    """What the loss of a batch and its gradients compute and move, as they are before any compiling.

    That is all of an update that has products: the optimizer and the average have none.
    """
    generator = torch.Generator(store.frames.device).manual_seed(0)
    segment = store.sample(objective.window, batch_size, generator)
    noise, counts = objective.draw(batch_size, generator, slice(None)), objective.counts(segment.is_real)
    score = scorer(objective, precision)
    return cost_of(lambda: score(segment, noise, counts))


def _update_seconds(learner: Learner, store: SegmentStore, budget: float) -> list[float]:
    return repeated(lambda: update(learner, store, 0, 0, 0.0), store.frames.device, budget)


def noisy_play(spec: WorldSpec) -> list[Episode]:
    """Episodes of noise, as a world with this `spec` takes them."""
    rng = np.random.default_rng(0)
    size, choices = (spec.height, spec.width, spec.channels), spec.choices
    return [
        Episode(
            rng.integers(256, size=(NUM_STEPS + 1, *size), dtype=np.uint8),
            rng.integers(choices.limits, size=(NUM_STEPS, *choices.shape)),
            np.zeros(NUM_STEPS, np.float32),
            terminated=True,
            truncated=False,
            game_over=True,
            policy="random",
        )
        for _ in range(NUM_EPISODES)
    ]
