"""`gym-diamond fit`: fit a world model to real play and write it as a world directory, with one process or several."""

import os

# Before torch is loaded: by default its threads spin while they wait for each other, and then a second busy program
# on the machine slows a fit down ten times over; asleep they cost nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import io
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro

from gym_diamond import schema, world_models
from gym_diamond.cli import say, without_folders
from gym_diamond.data.appearances import Finder, appearances
from gym_diamond.data.images import View
from gym_diamond.errors import InvalidArgument, InvalidRun
from gym_diamond.files import read_json
from gym_diamond.fitting import provenance, run
from gym_diamond.fitting.config import RunConfig, without_start
from gym_diamond.fitting.distributed import Team, joined
from gym_diamond.fitting.loop import Position, fit
from gym_diamond.fitting.material import load_material
from gym_diamond.fitting.reporters import Bar, Reporter, TensorBoardReporter, WandbReporter
from gym_diamond.fitting.session import Follower, Session
from gym_diamond.fitting.setup import Setup, make_setup
from gym_diamond.hardware import ComputePrecision, check_can_compile, resolve_device, resolve_precision
from gym_diamond.hub.datasets import fetch_missing


@dataclass(frozen=True)
class Arguments:
    """Fit a world model to real play and write it as a world directory.

    On several GPUs, or several processes of one machine: torchrun --nproc-per-node 2 -m gym_diamond fit ..."""

    out: Path
    """Where the run and its world are written."""
    resume: tyro.conf.FlagCreatePairsOff[bool] = False
    """Go on with the run in --out exactly where its last checkpoint stands."""
    config: Path | None = None
    """A .json or .toml file with any of these values, in the form of a run's fit/config.json."""
    download: tyro.conf.FlagCreatePairsOff[bool] = False
    """Fetch the datasets that are not here from where Minari keeps public ones (https://minari.farama.org)."""
    wandb: str | None = None
    """Also report to this Weights & Biases project."""
    run: Annotated[RunConfig, tyro.conf.arg(name="")] = field(default_factory=RunConfig)


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond fit`."""
    with joined() as team:
        return fit_together(argv, team)


def fit_together(
    argv: list[str], team: Team, find: Finder = appearances, program: Sequence[str] = ("gym-diamond", "fit")
) -> int:
    """The exit status of one of the processes that fit together: the first writes, the others only read.

    Args:
        argv: the command line.
        team: the processes.
        find: what windows are laid around by `appearance_share`.
        program: whose command line it is.
    """
    arguments = parse(argv) if team.leads else silently(parse, argv)
    check(arguments, team)
    with run.alone_in(arguments.out) if team.leads else nullcontext():
        fit_alone(arguments, argv, team, find, program)
    return 0


def fit_alone(arguments: Arguments, argv: Sequence[str], team: Team, find: Finder, program: Sequence[str]) -> None:
    """Fit as `arguments` say, while nobody else writes into the run's folder."""
    out, config = arguments.out, arguments.run
    if config.fit.threads is not None:
        torch.set_num_threads(config.fit.threads)
    device = team.own_device(resolve_device(config.fit.device))
    precision = resolve_precision(config.fit.precision, device)
    if config.fit.compile:
        check_can_compile(device)

    told = out / "provenance.json"
    before = read_json(told, InvalidRun) if arguments.resume and told.exists() else None
    sources = config
    if before is not None:  # such a run has all it needs in its own folder
        denoiser, reward_end = without_start(config.denoiser), without_start(config.reward_end)
        sources = replace(config, denoiser=denoiser, reward_end=reward_end)
    if arguments.download and team.leads:
        fetch_missing(config.dataset, say)
    team.wait()
    material = load_material(config.dataset, config.context_length, View(config.image_key, config.resize))
    setup = make_setup(sources, material, device, find)
    command = without_folders((*program, *argv), paths_of(arguments))
    origin = provenance.origin(sources, material.episodes, command, device, precision, team.size)
    del material  # of which the store has copies: frames are not to be kept twice
    start = run.load_checkpoint(out, setup.learners)
    if before is not None:
        run.check_same_episodes(out, before, origin["episodes"])
        run.check_same_program(out, before, program)
        origin = provenance.resumed(before, origin | {"config": provenance.resolved(config)}, start.step)
    team.wait()  # all have read what is there, so the first may write
    if team.leads:
        lead(arguments, setup, origin, start, precision, team)
    else:
        fit(setup.learners, setup.store, config.fit, start, Follower(), team)


def lead(
    arguments: Arguments,
    setup: Setup,
    origin: dict[str, Any],
    start: Position,
    precision: ComputePrecision,
    team: Team,
) -> None:
    """Fit from `start` on, and write and report what comes of it."""
    out, config = arguments.out, arguments.run
    told = reporters(arguments, start)  # may lack an extra: before anything is written
    run.write_config(out, config)
    where = str(setup.store.frames.device) if team.size == 1 else f"{team.size} processes"
    say(f"{len(origin['episodes']):,} episodes, {setup.store.num_transitions:,} transitions; {where}, {precision}")
    session = Session(out, config.fit, setup, origin, told)
    try:
        if run.written_steps(out) != start.step:  # from here on, whatever happens leaves the world of the checkpoint
            session.checkpoint(start)
        end = fit(setup.learners, setup.store, config.fit, start, session, team)
    finally:
        session.close()
    say(f"{end.step:,} steps in {end.elapsed / 60:.1f} minutes; the world is in {out}")


def silently(parse: Callable[[list[str]], Arguments], argv: list[str]) -> Arguments:
    """The arguments; what the parser says, help or a mistake, another process says as well."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return parse(argv)


def parse(argv: Sequence[str]) -> Arguments:
    """The arguments: command line over --config file over the resumed run or the preset."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--resume", action="store_true")
    for name in ("--out", "--config", "--preset"):
        early.add_argument(name)
    known, _ = early.parse_known_args(argv)
    values = read_config_file(Path(known.config)) if known.config else {}
    if known.preset not in (None, values.get("preset", known.preset)):
        values = {name: value for name, value in values.items() if name != "model"}  # it is that of another preset
    preset = known.preset or values.get("preset")
    if not isinstance(preset, str | None):
        raise InvalidArgument(f"preset in {known.config} is {preset!r}; it must be a name, as in --preset small.")
    if known.resume and known.out:
        config = run.read_config(Path(known.out))
        config = with_preset(config, preset) if preset not in (None, config.preset) else config
    else:
        config = with_preset(RunConfig(), preset or RunConfig.preset)
    config = schema.decode(RunConfig, overlay(schema.encode(config), values), known.config or "config")
    default = Arguments(out=tyro.MISSING, run=config)
    return tyro.cli(Arguments, default=default, args=list(argv), prog="gym-diamond fit")


def with_preset(config: RunConfig, preset: str) -> RunConfig:
    """`config` with the architecture of `preset`.

    Raises:
        InvalidArgument: there is no such preset.
    """
    presets = world_models.backend(config.backend).presets
    if preset not in presets:
        raise InvalidArgument(f"there is no preset {preset!r}; {config.backend} has {', '.join(presets)}.")
    return replace(config, preset=preset, model=presets[preset])


def read_config_file(path: Path) -> dict[str, Any]:
    """The values in a .json or .toml file.

    Raises:
        InvalidArgument: the file is missing, of another kind, or damaged.
    """
    if path.suffix not in (".json", ".toml"):
        raise InvalidArgument(f"--config {path} must be a .json or .toml file.")
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise InvalidArgument(f"--config {path} does not exist.") from None
    except ValueError as error:
        raise InvalidArgument(f"--config {path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise InvalidArgument(f"--config {path} must hold an object of named fields.")
    return values


def overlay(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with those of `changes` in their place, section by section."""
    merged = dict(values)
    for name, change in changes.items():
        inside = isinstance(change, Mapping) and isinstance(values.get(name), Mapping)
        merged[name] = overlay(values[name], change) if inside else change
    return merged


def check(arguments: Arguments, team: Team) -> None:
    """Nothing, if the run may begin or go on as `arguments` say.

    Raises:
        InvalidRun: something is in its place, or it would be another run than the one to resume.
        InvalidArgument: something is missing, or a batch is too small for all processes.
    """
    out, config = arguments.out, arguments.run
    if arguments.resume:
        run.check_can_resume(run.read_config(out), config)
    else:
        run.check_is_free(out)
    check_is_complete(config)
    team.check_batch("denoiser", config.denoiser.batch_size)
    team.check_batch("reward-end", config.reward_end.batch_size)


def check_is_complete(config: RunConfig) -> None:
    """Nothing, if `config` says what to fit to and for how long.

    Raises:
        InvalidArgument: it does not.
    """
    if not config.dataset:
        raise InvalidArgument(
            "no data to fit to: give --dataset NAME, a Minari dataset such as `gym-diamond collect` writes."
        )
    if config.fit.steps is None and config.fit.max_minutes is None:
        raise InvalidArgument("no end to the fit: give --steps N or --max-minutes M (both: whichever comes first).")


def paths_of(arguments: Arguments) -> list[Path]:
    """The files and folders that were given."""
    run = arguments.run
    given = (arguments.out, arguments.config, run.denoiser.start_from, run.reward_end.start_from)
    return [Path(path) for path in given if path]


def reporters(arguments: Arguments, start: Position) -> list[Reporter]:
    """Where a run reports to."""
    folder = arguments.out / "fit"
    chosen: list[Reporter] = []
    if arguments.wandb:
        chosen.append(WandbReporter(arguments.wandb, folder, schema.encode(arguments.run), arguments.resume))
    return [*chosen, TensorBoardReporter(folder / "tensorboard"), Bar(start.progress(arguments.run.fit))]
