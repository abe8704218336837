"""The folder of a run of `agents.atari100k`: a world directory with its policy, and what the run goes on from.

    OUT/config.json ...                  the world as it is by now; none without a world model
    OUT/policy.safetensors               the policy as it is by now
    OUT/scores.json                      the games at the end
    OUT/atari100k/config.json            every value that decided the run
    OUT/atari100k/checkpoint.safetensors networks, optimizers, averages, dreams, real game and random numbers; how far
                                         in its metadata
    OUT/atari100k/replay/*.npz           what was played, in shards that are never changed

Each file is replaced whole. The checkpoint says how many frames of the replay are its own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from agents.atari100k_config import CONTEXT_LENGTH, Atari100kConfig, started
from agents.atari100k_loop import Moment
from agents.atari100k_parts import Parts, World, begin_play, learner_tensors
from agents.budget import NETWORKS, Position
from agents.playing import play_tensors, restored
from agents.replay import Replay
from gym_diamond import schema
from gym_diamond.checkpoint import CONFIG as WORLD_CONFIG
from gym_diamond.checkpoint import POLICY, PROVENANCE, save_world
from gym_diamond.data.contexts import cut
from gym_diamond.errors import GymDiamondError, InvalidRun
from gym_diamond.files import read_json, read_tensors, write_json, write_tensors
from gym_diamond.fitting import provenance
from gym_diamond.fitting.loop import Position as FitPosition
from gym_diamond.fitting.optim import below
from gym_diamond.fitting.run import read_saved
from gym_diamond.hardware import ComputePrecision

FOLDER = Path("atari100k")
CONFIG, CHECKPOINT, REPLAY = FOLDER / "config.json", FOLDER / "checkpoint.safetensors", FOLDER / "replay"


def check_is_free(out: Path) -> None:
    """Nothing, if a new run may be written to `out`: a folder without files, or none yet.

    Raises:
        InvalidRun: something is there already.
    """
    if out.exists() and not out.is_dir():
        raise InvalidRun(f"{out} is a file; give --out a folder that does not exist yet.")
    if (out / CONFIG).exists():
        raise InvalidRun(f"{out} holds a run already; add --resume to go on with it, or give --out another folder.")
    if any(path.is_file() and path.name[0] != "." for path in out.rglob("*")):
        raise InvalidRun(f"{out} is not empty; give --out a folder that does not exist yet.")


def read_config(out: Path) -> Atari100kConfig:
    """The config of the run in `out`.

    Raises:
        InvalidRun: there is no run, or its config is damaged.
    """
    return read_saved(Atari100kConfig, out, CONFIG)


def begin(out: Path, config: Atari100kConfig) -> None:
    """Make the folder of a run, or note its new config."""
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(out / CONFIG, schema.encode(config))


def save(out: Path, parts: Parts, now: Moment) -> None:
    """Write what the run goes on from: the replay's new shard, then the checkpoint that counts it."""
    metadata = {name: repr(value) for name, value in now.position._asdict().items()}
    if parts.world is not None and isinstance(parts.world.replay, Replay):
        parts.world.replay.save()
        metadata["frames"] = str(parts.world.replay.num_frames)
    tensors = learner_tensors(parts)
    if now.play is not None:
        tensors |= {f"play.{name}": value for name, value in play_tensors(now.play).items()}
    write_tensors(out / CHECKPOINT, tensors, metadata)


def load(out: Path, parts: Parts, config: Atari100kConfig) -> Moment:
    """Where the run in `out` stands: everything in `parts` is put back there. Before a first checkpoint: its start.

    Raises:
        InvalidRun: the checkpoint or the replay is damaged, lost or of another run, or the game cannot be brought back.
    """
    if not (out / CHECKPOINT).exists():
        if (out / POLICY).exists():  # it is written after the checkpoint
            raise InvalidRun(
                f"{out / CHECKPOINT} is missing, and without it the run in {out} would begin anew over what it has "
                "learned. Put it back, or give --out another folder."
            )
        return Moment(Position(), None)
    tensors, metadata = read_tensors(out / CHECKPOINT, InvalidRun)
    try:
        position = _position(metadata)
        parts.actor.load_tensors(below("actor.", tensors))
        if parts.world is not None:
            _load_world(parts.world, tensors, metadata)
        playing = below("play.", tensors)
        play = restored(begin_play(parts, config, position.epoch + 1), playing) if playing else None
    except (KeyError, ValueError) as error:
        if isinstance(error, GymDiamondError):
            raise
        raise InvalidRun(f"{out / CHECKPOINT} is not a checkpoint of this run: {error} is wrong or missing.") from error
    return Moment(position, play)


class Origin(NamedTuple):
    """Where the world of a run comes from, as far as it does not change."""

    command: Sequence[str]  # what was typed
    precision: ComputePrecision  # what the world is fitted in
    ancestry: dict[str, Any]  # of the worlds that it started from: `provenance.ancestry`


def ancestry(out: Path, config: Atari100kConfig) -> dict[str, Any]:
    """What the worlds that a run starts from pass on; of one that goes on in `out`, as its own world tells it."""
    if not (out / PROVENANCE).exists():
        return provenance.ancestry(config.fit)
    before = read_json(out / PROVENANCE, InvalidRun)
    return {name: before.get(name, empty) for name, empty in (("earlier_episodes", []), ("start_from", {}))}


def save_as_world(out: Path, world: World, config: Atari100kConfig, position: Position, origin: Origin) -> None:
    """Write the world model as it is by now, with moments of its play to start from and where it comes from.

    Args:
        out: the run's folder.
        world: some of whose play was collected or given.
        config: of the run.
        position: how far it has come.
        origin: where it comes from.
    """
    episodes, fit = world.replay.episodes(), config.fit
    contexts = cut(episodes, fit.fit.num_contexts, CONTEXT_LENGTH, np.random.default_rng(config.seed))
    device = next(world.average.parameters()).device
    here = provenance.origin(started(config).fit, episodes, origin.command, device, origin.precision)
    about = {
        **provenance.at(here, FitPosition(position.denoiser, position.elapsed)),
        **origin.ancestry,
        "earlier_episodes": sorted(set(origin.ancestry["earlier_episodes"]).difference(here["episodes"])),
        "config": provenance.resolved(fit),
        **_amounts(config, position),
    }
    save_world(
        out,
        model=world.average,
        state_dict=world.average.state_dict(),
        contexts=contexts,
        provenance=about,
        card=_card(config, about),
    )


def has_world_of(out: Path, config: Atari100kConfig, position: Position) -> bool:
    """Whether the world in `out` is the one that a run had at `position`."""
    if not (out / PROVENANCE).exists() or not (out / WORLD_CONFIG).exists():  # the last two that are written
        return False
    about = read_json(out / PROVENANCE, InvalidRun)
    return all(about.get(name) == value for name, value in _amounts(config, position).items() if name != "agent")


def _amounts(config: Atari100kConfig, position: Position) -> dict[str, Any]:
    updates = {name: getattr(position, name) for name in NETWORKS}
    return {"agent": schema.encode(config), "updates": updates, "epochs": position.epoch}


def _card(config: Atari100kConfig, about: Mapping[str, Any]) -> str:
    """The text of a dream card before anything was measured."""
    updates = about["updates"]
    source = ", ".join(f"`{name}`" for name in config.static_dataset) or "the play of the agent that learns in it"
    return (
        f"# {config.game}, dreamt\n\n"
        f"A world for the Python package `gym-diamond`, learned together with an agent (`python -m agents.atari100k`, "
        f"scale {config.scale:g}): {config.game} as a diffusion model remembers it.\n\n"
        f"- Fitted on {about['transitions']:,} real steps: {source}.\n"
        f"- {about['epochs']:,} epochs in {about['minutes']:g} minutes: {updates['denoiser']:,} updates of the "
        f"denoiser, {updates['reward_end']:,} of reward and end, {updates['actor']:,} of the agent, preset "
        f"`{config.preset}`, seed {config.seed}.\n"
        "\nHow far it can be trusted has not been measured yet: `gym-diamond evaluate` does that, on play that was "
        "held out, and writes the result here.\n"
    )


def _load_world(world: World, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    for learner in world.learners:
        learner.load_tensors(below(f"{learner.objective.name}.", tensors))
    if isinstance(world.replay, Replay):
        world.replay.load(int(metadata["frames"]))
    if world.collector is not None:
        world.collector.load_tensors(below("collector.", tensors))


def _position(metadata: Mapping[str, str]) -> Position:
    counts = {name: int(metadata[name]) for name in Position._fields if name != "elapsed"}
    return Position(**counts, elapsed=float(metadata["elapsed"]))
