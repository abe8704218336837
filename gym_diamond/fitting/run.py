"""The folder of a run: its config and its checkpoint, beside the world that it keeps up to date.

    OUT/config.json ...            the world, with the averaged weights: loads like any other at any moment
    OUT/fit/config.json            every value that decided the run
    OUT/fit/checkpoint.safetensors networks, averages and optimizer moments; step and elapsed time in its metadata

One process writes it at a time. Each file is replaced whole. The config is written before the first step, the
checkpoint after that, so a run that was killed at any moment either has a checkpoint or starts again from its first
step.
"""

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from gym_diamond import schema
from gym_diamond.checkpoint import CONFIG as WORLD_CONFIG
from gym_diamond.checkpoint import PROVENANCE
from gym_diamond.errors import InvalidArgument, InvalidRun
from gym_diamond.files import PARTS, locked, make_writable, read_json, read_tensors, write_json, write_tensors
from gym_diamond.fitting.config import RunConfig
from gym_diamond.fitting.learner import Learner
from gym_diamond.fitting.loop import Position

T = TypeVar("T")

CONFIG, CHECKPOINT = Path("fit", "config.json"), Path("fit", "checkpoint.safetensors")
LOCK = ".lock"
STALE_SECONDS = 3600
FIXED = ("dataset", "backend", "context_length", "model", "loss")  # what --resume may not change


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Within it no other process writes a run into the folder `out`, which is made; if it stays empty, it goes again.

    Parts of files that a killed process left there an hour ago are removed.

    Raises:
        InvalidRun: another process does.
        OSError: the folder cannot be made, or not be written to: told before hours of work, not after.
    """
    is_new = not out.exists()
    make_writable(out)
    try:
        with locked(out / LOCK, 0, InvalidRun(f"another process writes the run in {out}; wait for it, or stop it.")):
            for part in out.rglob(PARTS):
                with suppress(FileNotFoundError):  # it is being written, and has its place now
                    if time.time() - part.stat().st_mtime > STALE_SECONDS:
                        part.unlink()
            yield
    finally:
        if is_new and not any(out.iterdir()):
            out.rmdir()


def check_is_free(out: Path) -> None:
    """Nothing, if a new run may be written to `out`.

    Raises:
        InvalidRun: something is there already.
    """
    if out.exists() and not out.is_dir():
        raise InvalidRun(f"{out} is a file; give --out a folder that does not exist yet.")
    found = [path for path in out.rglob("*") if path.is_file() and path.name[0] != "."]  # dots: leftovers
    if found:
        hint = "add --resume to go on with it, or " if (out / CONFIG).exists() else ""
        what = "holds a run already" if (out / CONFIG).exists() else "is not empty"
        raise InvalidRun(f"{out} {what}; {hint}give --out a folder that does not exist yet.")


def read_config(out: Path) -> RunConfig:
    """The config of the run in `out`.

    Raises:
        InvalidRun: there is no run, or its config is damaged.
    """
    return read_saved(RunConfig, out, CONFIG)


def read_saved(kind: type[T], out: Path, place: Path) -> T:
    """The config of the run in `out`, of whatever program.

    Args:
        kind: the dataclass of the config.
        out: the run's folder.
        place: of the config in that folder.

    Raises:
        InvalidRun: there is no run, or its config is damaged.
    """
    if not (out / place).exists():
        raise InvalidRun(f"there is no run to resume in {out} ({out / place} is missing); leave out --resume.")
    values = read_json(out / place, InvalidRun)
    for name in ("loss", "world_loss"):
        if isinstance(loss := values.get(name), dict) and isinstance(denoiser := loss.get("denoiser"), dict):
            denoiser.setdefault("motion_from", "play")  # how it was before there was a choice
    try:
        return schema.decode(kind, values, str(out / place))
    except InvalidArgument as error:
        raise InvalidRun(str(error)) from error


def write_config(out: Path, config: RunConfig) -> None:
    """Save the config of the run in `out`, whose folders are made."""
    (out / CONFIG).parent.mkdir(parents=True, exist_ok=True)
    write_json(out / CONFIG, schema.encode(config))


def check_can_resume(saved: RunConfig, wanted: RunConfig) -> None:
    """Nothing, if a run with the config `saved` can go on with the config `wanted`.

    Raises:
        InvalidRun: data, architecture, loss, seed, where networks begin or how often they are updated differ; the
            message names the field.
    """
    for name in FIXED:
        _check_same(getattr(saved, name), getattr(wanted, name), name)
    _check_same(saved.fit.seed, wanted.fit.seed, "seed")
    for name in ("denoiser", "reward_end"):
        began, asked = getattr(saved, name), getattr(wanted, name)
        _check_same(began.start_from, asked.start_from, f"{name}.start_from")
        # Its warm-up and the decay of its average go by the updates so far, which are told from the steps and this.
        _check_same(began.every, asked.every, f"{name}.every")


def check_same_episodes(out: Path, before: Mapping[str, Any], digests: list[str]) -> None:
    """Nothing, if the run in `out`, whose provenance is `before`, was fitted to the episodes with these digests.

    Raises:
        InvalidRun: the data has changed since.
    """
    if before.get("episodes") != digests:
        raise InvalidRun(
            f"the dataset is not the one that the run in {out} was fitted to: its episodes differ. "
            "Restore it, or start a new run in another folder."
        )


def check_same_program(out: Path, before: Mapping[str, Any], program: Sequence[str]) -> None:
    """Nothing, if the run in `out`, whose provenance is `before`, was begun by `program`: others look elsewhere.

    Raises:
        InvalidRun: it was begun by another.
    """
    began = before.get("command", [])
    began = shlex.split(began) if isinstance(began, str) else list(began)
    if began[: len(program)] != list(program):
        raise InvalidRun(f"the run in {out} was begun by `{shlex.join(began[:4])} ...`; go on with it by that command.")


def save_checkpoint(out: Path, learners: Sequence[Learner], position: Position) -> None:
    """Write the checkpoint of the run in `out`."""
    tensors = {f"{ln.objective.name}.{key}": value for ln in learners for key, value in ln.tensors().items()}
    write_tensors(out / CHECKPOINT, tensors, {"step": str(position.step), "elapsed": repr(position.elapsed)})


def load_checkpoint(out: Path, learners: Sequence[Learner]) -> Position:
    """The position of the run in `out`, whose checkpoint is loaded into `learners`; the start if it has none yet.

    Raises:
        InvalidRun: the checkpoint is damaged or of another architecture, or lost: the world in `out` has learned.
    """
    if not (out / CHECKPOINT).exists():
        if steps := written_steps(out):
            raise InvalidRun(
                f"{out / CHECKPOINT} is missing, and without it the {steps:,} steps of the world in {out} would begin "
                "anew. Put it back, or fit on from that world in a new folder: --denoiser.start-from and "
                "--reward-end.start-from."
            )
        return Position()
    tensors, metadata = read_tensors(out / CHECKPOINT, InvalidRun)
    for learner in learners:
        prefix = f"{learner.objective.name}."
        learner.load_tensors({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    try:
        return Position(int(metadata["step"]), float(metadata["elapsed"]))
    except (KeyError, ValueError) as error:
        raise InvalidRun(f"{out / CHECKPOINT} does not say how far it came; it is not a checkpoint.") from error


def written_steps(out: Path) -> int | None:
    """How many steps the world in `out` has learned; None if there is no whole one."""
    if not (out / WORLD_CONFIG).exists() or not (out / PROVENANCE).exists():
        return None
    return read_json(out / PROVENANCE, InvalidRun).get("steps")  # written after the weights


def _check_same(saved: object, wanted: object, where: str) -> None:
    if is_dataclass(saved):
        for field in fields(saved):
            _check_same(getattr(saved, field.name), getattr(wanted, field.name), f"{where}.{field.name}")
    elif saved != wanted:
        raise InvalidRun(
            f"--resume cannot change {where}: the run has {saved!r}, {wanted!r} was asked for. "
            "Leave it as it is, or start a new run in another folder."
        )
