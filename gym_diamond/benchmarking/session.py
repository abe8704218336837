"""A whole benchmark: the machine, every batch, the fit; after each of them the document that holds all so far."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import torch

import gym_diamond
from gym_diamond.benchmarking.checkout import can_load, check_checkout
from gym_diamond.benchmarking.dreams import MODES, DreamSettings, Mode
from gym_diamond.benchmarking.fit_speed import FitSettings, fit_speeds
from gym_diamond.benchmarking.origin import commit, instructions
from gym_diamond.benchmarking.probe import SECONDS, Peak, ProbeSettings, probe
from gym_diamond.benchmarking.race import Pace, Tell, num_tellings, race
from gym_diamond.benchmarking.reference import ReferenceSettings, check_comparable
from gym_diamond.benchmarking.rows import Subject, fit_row, rows
from gym_diamond.benchmarking.worker import isolated
from gym_diamond.checkpoint import load_world
from gym_diamond.hardware import describe, resolve_device, resolve_precision


class Batch(NamedTuple):
    """One race."""

    precision: str  # fp32 or bf16
    num_denoising_steps: int | None  # None = the world's own
    num_envs: int


class Plan(NamedTuple):
    """What is measured."""

    directory: Path  # of the world
    device: str
    threads: int | None
    batches: Sequence[Batch]
    modes: Sequence[Mode]
    pace: Pace
    fit: bool
    reference: str | None  # a checkout

    @property
    def precisions(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(batch.precision for batch in self.batches))

    @property
    def fits(self) -> list[tuple[str, Mode]]:
        """The precision and mode of each fit that is timed. On a CPU none is compiled: minutes, for nothing gained."""
        modes = ("eager",) if self.device == "cpu" else self.modes
        return [(precision, mode) for precision in self.precisions for mode in modes] if self.fit else []

    @property
    def num_tellings(self) -> int:
        """How often `measure` tells what it does next, if nothing fails."""
        of_each = num_tellings(len(self.modes), len(MODES) if self.reference else 0, self.pace)
        return len(self.precisions) + len(self.fits) + len(self.batches) * of_each + (self.reference is not None)


def measure(subject: Subject, plan: Plan, command: str, tell: Tell) -> Iterator[dict[str, Any]]:
    """All that was measured so far, as JSON values: after each batch and after the fits.

    Args:
        subject: whose speed it is, as the rows name it.
        plan: what is measured.
        command: what was typed, for the document.
        tell: is told what is done next.

    Raises:
        GymDiamondError: dreams or the reference cannot be had with these settings on this machine.
    """
    load = others_load()
    if plan.reference is not None:
        check_checkout(Path(plan.reference))
    rivals = [rival_settings(plan, batch) for batch in plan.batches]
    if plan.reference is not None:
        tell("reference, imports")
        isolated("reference", can_load, plan.reference)  # before minutes of work, not after
    peaks = {precision: measure_peak(plan, precision, tell) for precision in plan.precisions}
    device = resolve_device(plan.device)
    document: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "version": gym_diamond.__version__,
        "commit": commit(),
        "torch": torch.__version__,
        "hardware": {**describe(device), "instructions": instructions(device)},
        "load": load,
        "peaks": {p: {**peak._asdict(), "flops_per_second": peak.flops_per_second} for p, peak in peaks.items()},
        "rows": [],
        "fit": [],
    }
    for batch, settings in zip(plan.batches, rivals, strict=True):
        result = race(dream_settings(plan, batch), settings, plan.pace, tell)
        document["rows"] += rows(subject, result, peaks[batch.precision])
        yield document
    for precision, mode in plan.fits:
        tell(f"fit, {precision}, {mode}")
        fit = FitSettings(str(plan.directory), plan.device, precision, mode, plan.threads, plan.pace.seconds)
        document["fit"] += [fit_row(speed, peaks[precision]) for speed in isolated("fit", fit_speeds, fit)]
        yield document


def others_load() -> float | None:
    """How many threads of other programs wanted a core in the last minute; None where the platform does not tell."""
    return None if sys.platform == "win32" else os.getloadavg()[0]


def measure_peak(plan: Plan, precision: str, tell: Tell) -> Peak:
    """What the machine does at most in a precision."""
    tell(f"the machine's peak, {precision}")
    return isolated(
        "probe", probe, ProbeSettings(plan.device, precision, plan.threads, min(SECONDS, plan.pace.seconds))
    )


def dream_settings(plan: Plan, batch: Batch) -> list[DreamSettings]:
    """The dreams of a batch, one for each mode."""
    precision, steps, num_envs = batch
    world = str(plan.directory)
    return [DreamSettings(world, plan.device, precision, m, num_envs, steps, plan.threads) for m in plan.modes]


def rival_settings(plan: Plan, batch: Batch) -> list[ReferenceSettings]:
    """The reference in both modes on the same batch; nothing, if it is not asked for.

    Raises:
        InvalidArgument: the reference has no such architecture.
    """
    if plan.reference is None:
        return []
    given = {} if batch.num_denoising_steps is None else {"num_denoising_steps": batch.num_denoising_steps}
    model: Any = load_world(plan.directory, precision="fp32", sampling=given).model
    check_comparable(model.config, model.spec, model.sampling)
    device = str(resolve_device(plan.device))
    return [
        ReferenceSettings(
            plan.reference, model.config, model.spec, model.sampling, mode, batch.num_envs, device, plan.threads
        )
        for mode in MODES
    ]


def all_batches(
    precisions: Sequence[str], steps: Sequence[int | None], nums: Sequence[int], device: str
) -> list[Batch]:
    """Every combination, precisions outermost; "auto" is what it means on `device`.

    Raises:
        InvalidArgument: there is no such device or precision.
    """
    resolved = dict.fromkeys(resolve_precision(precision, resolve_device(device)) for precision in precisions)
    return [Batch(precision, n, num_envs) for precision in resolved for n in steps for num_envs in nums]
