"""Everything a run of `agents.atari100k` works on, made from its config: what learns, what plays, what was played."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from agents.actor_learner import ActorLearner, make_learner
from agents.atari100k_config import BACKEND, CONTEXT_LENGTH, Atari100kConfig
from agents.collector import Collector
from agents.playing import Play
from agents.policy import make_policy
from agents.real_rows import RealRows
from agents.replay import GivenPlay, Replay
from agents.rollout import first_memory
from agents.seeded_games import SeededGames
from gym_diamond import world_models
from gym_diamond.collection.roster import atari_info
from gym_diamond.data.dataset_info import DatasetInfo
from gym_diamond.data.drawn_contexts import draw_contexts
from gym_diamond.data.rewards import SIGNS
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import StepFunction
from gym_diamond.errors import InvalidDataset
from gym_diamond.fitting.learner import Learner, stream_seed
from gym_diamond.fitting.setup import make_learners
from gym_diamond.hardware import ComputePrecision
from gym_diamond.world_models.protocol import WorldSpec


class World(NamedTuple):
    """A world model that is learned while the agent learns in it."""

    average: Any  # with the averaged weights: what is saved
    learners: tuple[Learner, ...]
    dreamer: Any  # in the precision of dreams; it gets the averaged weights when an epoch's dreams begin
    step: StepFunction  # of the dreamer, perhaps compiled
    replay: Replay | GivenPlay
    collector: Collector | None  # None: the play was given


class Parts(NamedTuple):
    """What a run works on: in a world, or in real games."""

    actor: ActorLearner
    world: World | None
    rows: RealRows | None

    @property
    def num_steps(self) -> int:
        """Real steps that were collected or given."""
        return self.world.replay.num_steps if self.world else 0


def make_parts(config: Atari100kConfig, folder: Path, device: torch.device, precision: ComputePrecision) -> Parts:
    """A run at its start.

    Args:
        config: complete.
        folder: of the replay's shards.
        device: where the networks and the replay are.
        precision: what dreams are computed in.

    Raises:
        MissingExtra: the emulator, or for a static dataset Minari, is not installed.
        InvalidDataset: the static dataset is absent or not of this game.
    """
    name = str(config.game)
    games = RealAtari(name, config.num_dreams if config.model_free else 1)
    spec = world_spec(atari_info(games))
    policy = make_policy(spec, config.channels, config.lstm_dim, config.seed, config.normalize).to(device)
    actor = make_learner(policy, config.adam)
    if config.model_free:
        return Parts(actor, None, RealRows(SeededGames(games, config.seed, "train"), device))
    average, learners = make_learners(config.fit, spec, device)
    dreamer = _dreamer(config, spec, precision).to(device)
    step = torch.compile(dreamer.step) if config.compile else dreamer.step
    if config.static_dataset:
        given = GivenPlay(_given_episodes(config, spec), device)
        return Parts(actor, World(average, learners, dreamer, step, given, None), None)
    real_steps = config.schedule.budget.real_steps
    capacity = real_steps + real_steps // 8  # an episode has a frame more than steps, and most have eight steps or more
    replay = Replay(folder, (spec.height, spec.width, spec.channels), capacity, device)
    train = SeededGames(games, config.seed, "train")
    collector = Collector(train, policy, config.epsilon, stream_seed(config.seed, "collector", 0))
    return Parts(actor, World(average, learners, dreamer, step, replay, collector), None)


def begin_play(parts: Parts, config: Atari100kConfig, epoch: int) -> Play:
    """The agent's games at the beginning of epoch number `epoch`: new dreams of the world as it is by now.

    They start at moments that are drawn anew, and the world's memory of these is that of its present weights. (The
    reference's dreams go on from epoch to epoch, and its memories may be older.) Real games just go on.
    """
    device, policy = next(parts.actor.policy.parameters()).device, parts.actor.policy
    actions = torch.Generator(device).manual_seed(stream_seed(config.seed, "actions", epoch))
    if parts.rows is not None:
        return Play(parts.rows, first_memory(parts.rows, policy), actions)
    assert parts.world is not None
    world = parts.world
    store = world.replay.view(config.recency)
    drawing = torch.Generator(device).manual_seed(stream_seed(config.seed, "starts", epoch))
    starts = draw_contexts(store, config.dream_starts, CONTEXT_LENGTH, drawing)
    world.dreamer.load_state_dict(world.average.state_dict())
    dream = Dream(
        world.dreamer,
        starts,
        config.num_dreams,
        max_episode_steps=config.dream_steps,
        autoreset_mode="SameStep",
        step=world.step,
    )
    dream.reset(seed=stream_seed(config.seed, "dreams", epoch))
    return Play(dream, first_memory(dream, policy), actions)


def learner_tensors(parts: Parts) -> dict[str, Tensor]:
    """All that the networks and the collector need to go on exactly, by name."""
    named = {f"actor.{name}": value for name, value in parts.actor.tensors().items()}
    if parts.world is not None:
        for learner in parts.world.learners:
            named |= {f"{learner.objective.name}.{name}": value for name, value in learner.tensors().items()}
        if parts.world.collector is not None:
            named |= {f"collector.{name}": value for name, value in parts.world.collector.tensors().items()}
    return named


def world_spec(info: DatasetInfo) -> WorldSpec:
    """The border of a world of an Atari game: it dreams rewards' signs, as the reference's does."""
    return WorldSpec(
        game=info.game,
        height=info.height,
        width=info.width,
        channels=info.channels,
        num_actions=info.num_actions,
        action_meanings=info.action_meanings,
        context_length=CONTEXT_LENGTH,
        reward_values=SIGNS,
        fps=info.fps,
    )


def _dreamer(config: Atari100kConfig, spec: WorldSpec, precision: ComputePrecision) -> Any:
    """The world model that dreams; its first weights are replaced before they are used."""
    backend, preset = world_models.backend(BACKEND), config.fit.model
    with torch.random.fork_rng(devices=[]):
        return backend.build(preset, spec, config.sampling, precision).requires_grad_(False).eval()


def _given_episodes(config: Atari100kConfig, spec: WorldSpec) -> list[Any]:
    from gym_diamond.fitting.material import load_material  # here, and only now: it needs the extra `train`

    material = load_material(config.static_dataset, CONTEXT_LENGTH)
    if material.spec != spec:
        names, theirs = ", ".join(config.static_dataset), material.spec
        raise InvalidDataset(
            f"--static-dataset {names} is of {theirs.game} with {theirs.num_actions} actions and frames of "
            f"{theirs.height}x{theirs.width}x{theirs.channels}; this run is of {spec.game} with {spec.num_actions} "
            f"actions and frames of {spec.height}x{spec.width}x{spec.channels}, rewards and ends told."
        )
    return material.episodes
