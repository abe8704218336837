"""Everything a fit works on, made from its config and its data: networks, averages, optimizers, store, contexts."""

import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from gym_diamond import world_models
from gym_diamond.checkpoint import load_world
from gym_diamond.data.appearances import Finder, appearances
from gym_diamond.data.contexts import ContextBank, cut
from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidRun, InvalidWorld
from gym_diamond.fitting.config import FitConfig, RunConfig
from gym_diamond.fitting.gradients import Score, scorer
from gym_diamond.fitting.learner import Learner, make_learner
from gym_diamond.fitting.material import Material
from gym_diamond.hardware import resolve_precision
from gym_diamond.replay import recorder
from gym_diamond.world_models.objective import Objective
from gym_diamond.world_models.protocol import Sampling, WorldSpec


class Setup(NamedTuple):
    """What a fit works on."""

    average: Any  # the world model with the averaged weights: what is saved
    learners: tuple[Learner, ...]
    store: SegmentStore
    contexts: ContextBank


def make_setup(config: RunConfig, material: Material, device: torch.device, find: Finder = appearances) -> Setup:
    """A fit at its start: random weights decided by the seed, or those it starts from, and the data on `device`.

    Args:
        config: all that decides the fit.
        material: its data.
        device: where it takes place.
        find: what windows are laid around by `appearance_share`.

    Raises:
        InvalidArgument: the architecture does not fit the data.
        InvalidWorld: a world to start from is missing or damaged.
        InvalidRun: a world to start from has another architecture.
    """
    average, learners = make_learners(config, material.spec, device)
    rng = np.random.default_rng(config.fit.seed)
    contexts = cut(material.episodes, config.fit.num_contexts, config.context_length, rng)
    store = SegmentStore.from_episodes(material.episodes, device)
    if any(learner.objective.window.appearance_share and learner.config.every for learner in learners):
        store = store.with_appearances(find)
    return Setup(average, learners, store, contexts)


def make_learners(config: RunConfig, spec: WorldSpec, device: torch.device) -> tuple[Any, tuple[Learner, ...]]:
    """The world model with the averaged weights, and who learns it: random weights that the seed decides, or those it
    starts from.

    Raises:
        InvalidArgument: the architecture does not fit the spec.
        InvalidWorld: a world to start from is missing or damaged.
        InvalidRun: a world to start from has another architecture.
    """
    model = build_model(config, spec)
    start_networks(model, config)
    model = model.to(device)
    if config.fit.channels_last:
        model = model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).requires_grad_(False).eval()
    learners = []
    for objective in world_models.backend(config.backend).objectives(model, config.loss):
        twin = average.get_submodule(name_of(objective.network, model))
        optim = getattr(config, objective.name)
        learners.append(make_learner(objective, optim, twin, fast_scorer(objective, config.fit, device)))
    return average, tuple(learners)


def fast_scorer(objective: Objective[Any], config: FitConfig, device: torch.device) -> Score:
    """The `scorer` of `objective` as `config` says: its precision, compiled or not, on a GPU recorded or not."""
    score = scorer(objective, resolve_precision(config.precision, device), config.compile)
    record = recorder(device) if config.cuda_graph else None
    return record(score) if record else score


def build_model(config: RunConfig, spec: WorldSpec) -> Any:
    """A world model with the random weights that the seed decides; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.fit.seed)
        return world_models.backend(config.backend).build(config.model, spec, _sampling(config.sampling, spec), "fp32")


def _sampling(sampling: Sampling, spec: WorldSpec) -> Sampling:
    """How a world with this `spec` gives rewards if nobody says otherwise: bins only mean something by their mean."""
    bins = spec.reward_coding == "two_hot" and sampling.reward_mode == "sample"
    return replace(sampling, reward_mode="mean") if bins else sampling


def start_networks(model: Any, config: RunConfig) -> None:
    """Copy into `model` each network that `config` starts from a world.

    Raises:
        InvalidWorld: the world is missing or damaged.
        InvalidRun: its network has another architecture, or the world other colours or another context length.
    """
    for objective in world_models.backend(config.backend).objectives(model, config.loss):
        source = getattr(config, objective.name).start_from
        if source is None:
            continue
        flag = f"--{objective.name.replace('_', '-')}.start-from"
        try:
            world: Any = load_world(source, precision="fp32").model
        except InvalidWorld as error:
            raise InvalidWorld(f"{flag}: {error}") from error
        theirs, ours = getattr(world.config, objective.name), getattr(config.model, objective.name)
        if theirs != ours:
            raise InvalidRun(f"{flag} {source} has another architecture than this run: {theirs}, not {ours}.")
        if _border(world.spec) != _border(model.spec):
            raise InvalidRun(
                f"{flag} {source} has other colours or another context than this run: {_border(world.spec)}, not "
                f"{_border(model.spec)} (channels, context length)."
            )
        start_network(objective.network, world.get_submodule(name_of(objective.network, model)))


def start_network(network: nn.Module, source: nn.Module) -> None:
    """Copy the tensors of `source` into `network`, but for those that have another shape there, and stay.

    Actions, rewards and the size of the frames decide some shapes; between equals it is an exact copy. Convolutions
    fit frames of any size.
    """
    ours = network.state_dict()
    fitting = {name: value for name, value in source.state_dict().items() if value.shape == ours[name].shape}
    network.load_state_dict({**ours, **fitting})


def _border(spec: WorldSpec) -> tuple[int, int]:
    return spec.channels, spec.context_length


def name_of(part: nn.Module, whole: nn.Module) -> str:
    """The name under which `part` stands in `whole`."""
    return next(name for name, module in whole.named_modules() if module is part)
