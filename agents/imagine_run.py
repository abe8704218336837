"""The folder of a run of `agents.imagine`: a world directory with its policy, and what the run goes on from.

    OUT/config.json ...                the world, copied, unless OUT is that world
    OUT/policy.safetensors             the policy as it is by now
    OUT/imagine/config.json            every value that decided the run
    OUT/imagine/contexts.npz           where dreams begin, copied, if --contexts named other moments than its own
    OUT/imagine/checkpoint.safetensors policy, optimizer, dreams, memories and random numbers; how far in its metadata

Each file is replaced whole.
"""

import filecmp
import shutil
from pathlib import Path
from typing import NamedTuple

from agents.actor_learner import ActorLearner
from agents.imagine_config import ImagineConfig
from agents.playing import Play, play_tensors, restored
from agents.policy import save_policy
from gym_diamond import schema
from gym_diamond.banks import contexts_path
from gym_diamond.checkpoint import LIMITS, POLICY, WEIGHTS
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_tensors, replacing, sha256, write_json, write_tensors
from gym_diamond.fitting.run import read_saved

CONFIG, CHECKPOINT = Path("imagine", "config.json"), Path("imagine", "checkpoint.safetensors")
OTHER_CONTEXTS = Path("imagine", "contexts.npz")


class Position(NamedTuple):
    """How far a run has come."""

    updates: int = 0
    elapsed: float = 0.0  # seconds of training, those before a resume included

    def progress(self, config: ImagineConfig) -> float:
        """The fraction of the budget that is used up, at most 1: of the steps or of the time, whichever is more."""
        of_steps = self.updates * config.steps_per_update / config.steps if config.steps else 0.0
        of_time = self.elapsed / (60 * config.max_minutes) if config.max_minutes else 0.0
        return min(1.0, max(of_steps, of_time))


def check_is_free(out: Path, world: Path) -> None:
    """Nothing, if a new run in `world` may be written to `out`: a folder without run, policy and other world, or none.

    Raises:
        InvalidRun: something is there already.
    """
    if out.exists() and not out.is_dir():
        raise InvalidRun(f"{out} is a file; give --out a folder.")
    if (out / CONFIG).exists():
        raise InvalidRun(f"{out} holds a run already; add --resume to go on with it, or give --out another folder.")
    if (out / POLICY).exists():
        raise InvalidRun(f"{out} holds a policy already, which is not overwritten; give --out another folder.")
    if (out / WEIGHTS).exists() and not filecmp.cmp(out / WEIGHTS, world / WEIGHTS, shallow=False):
        raise InvalidRun(f"{out} holds another world than {world}; give --out another folder.")


def read_config(out: Path) -> ImagineConfig:
    """The config of the run in `out`.

    Raises:
        InvalidRun: there is no run, or its config is damaged.
    """
    return read_saved(ImagineConfig, out, CONFIG)


def begin(out: Path, config: ImagineConfig, world: Path) -> None:
    """Make the folder of a run, or complete it: the files of `world`, but for a policy of its own, and the config."""
    (out / CONFIG).parent.mkdir(parents=True, exist_ok=True)
    copies = {world / name: out / name for name in LIMITS if name != POLICY and (world / name).is_file()}
    if config.dream.contexts is not None and not (out / OTHER_CONTEXTS).exists():
        copies[contexts_path(world, config.dream.contexts)] = out / OTHER_CONTEXTS
    for source, copy in copies.items():
        if not copy.exists():
            with replacing(copy) as temporary:
                shutil.copyfile(source, temporary)
    write_json(out / CONFIG, schema.encode(config))


def contexts_of(out: Path, config: ImagineConfig) -> str | None:
    """Where the dreams of the run in `out` begin, as `load_dream` takes it: in its own copy of what was named once."""
    return None if config.dream.contexts is None else str(out / OTHER_CONTEXTS)


def save(out: Path, learner: ActorLearner, play: Play, position: Position) -> None:
    """Write what the run goes on from, then the policy."""
    metadata = {"updates": str(position.updates), "elapsed": repr(position.elapsed), "world": _digest(out)}
    write_tensors(out / CHECKPOINT, learner.tensors() | play_tensors(play), metadata)
    save_policy(out, learner.policy)


def load(out: Path, learner: ActorLearner, play: Play) -> tuple[Play, Position]:
    """Where the run in `out` stands: `learner`, the dreams and the random numbers of `play` are put back there.

    Before its first checkpoint a run stands at the start, as `play` does.

    Raises:
        InvalidRun: the checkpoint is damaged, of another network or world, or lost: there is a policy.
    """
    if not (out / CHECKPOINT).exists():
        if (out / POLICY).exists():  # it is written after the checkpoint
            raise InvalidRun(
                f"{out / CHECKPOINT} is missing, and without it {out / POLICY} would be overwritten by a policy that "
                "begins anew. Put it back, or give --out another folder."
            )
        return play, Position()
    tensors, metadata = read_tensors(out / CHECKPOINT, InvalidRun)
    if metadata.get("world", here := _digest(out)) != here:
        raise InvalidRun(f"the world in {out} is not the one that this run began with: it was fitted or copied since.")
    learner.load_tensors(tensors)
    try:
        return restored(play, tensors), Position(int(metadata["updates"]), float(metadata["elapsed"]))
    except (KeyError, ValueError) as error:
        raise InvalidRun(f"{out / CHECKPOINT} is not a checkpoint of this run: {error} is wrong or missing.") from error


def _digest(out: Path) -> str:
    """Of the weights of the world in `out`, of which the run's dreams are; "" if it is kept elsewhere."""
    return sha256(out / WEIGHTS) if (out / WEIGHTS).exists() else ""
