"""What was measured as rows of plain JSON values: one for each batch, precision, mode and number of denoising steps,
and one for each objective of a fit.
"""

from typing import Any, NamedTuple

from gym_diamond.benchmarking.fit_speed import FitSpeed
from gym_diamond.benchmarking.flops import Cost, floor
from gym_diamond.benchmarking.probe import Peak
from gym_diamond.benchmarking.race import Ours, Result, Theirs
from gym_diamond.benchmarking.timing import percentile

MIB = 2**20


class Subject(NamedTuple):
    """Whose speed is measured."""

    preset: str | None  # None for a world that was given
    world: str | None  # None for random weights


def rows(subject: Subject, result: Result, peak: Peak) -> list[dict[str, Any]]:
    """A row for each mode in which dreams were timed; times are medians over the rounds."""
    return [row(subject, ours, result, peak) for ours in result.ours]


def row(subject: Subject, ours: Ours, result: Result, peak: Peak) -> dict[str, Any]:
    """All that was measured of `ours`, beside the reference's best."""
    num, facts = ours.settings.num_envs, ours.facts
    return {
        **subject._asdict(),
        "device": facts.device,
        "precision": facts.precision,
        "mode": ours.settings.mode,
        "num_envs": num,
        "num_denoising_steps": facts.num_denoising_steps,
        "threads": facts.threads,
        "env_steps_per_second": num / ours.step_seconds,
        "vector_env_steps_per_second": num / ours.vector_step_seconds,
        "step_ms": 1e3 * ours.step_seconds,
        "latency_ms": {
            "median": 1e3 * percentile(ours.latencies, 0.5),
            "p95": 1e3 * percentile(ours.latencies, 0.95),
        },
        "first_step_seconds": facts.first_step_seconds,
        "peak_memory_mib": mib(ours.peak_bytes),
        "rounds": len(ours.turns),
        "steps_per_round": ours.turns[0].num_steps,
        "round_step_ms": [1e3 * turn.step_seconds for turn in ours.turns],
        "floor": against_floor(ours.cost, ours.step_seconds, peak),
        "parts": parts(ours),
        **against_reference(ours, result),
    }


def fit_row(speed: FitSpeed, peak: Peak) -> dict[str, Any]:
    """All that was measured of one objective of a fit."""
    return {
        "objective": speed.objective,
        "precision": speed.precision,
        "mode": speed.mode,
        "batch_size": speed.batch_size,
        "updates_per_second": 1 / speed.update_seconds,
        "update_ms": 1e3 * speed.update_seconds,
        "floor": against_floor(speed.cost, speed.update_seconds, peak),
    }


def against_floor(cost: Cost, seconds: float, peak: Peak) -> dict[str, float]:
    """The least time that work of this `cost` could take on this machine, and how many times as long it took."""
    least = floor(cost, peak)
    return {
        "gflop": cost.flops / 1e9,
        "mib": cost.bytes / MIB,
        "compute_ms": 1e3 * least.compute,
        "memory_ms": 1e3 * least.memory,
        "ms": 1e3 * least.seconds,
        "ratio_to_floor": seconds / least.seconds,
        "gflop_per_second": cost.flops / seconds / 1e9,
    }


def parts(ours: Ours) -> dict[str, dict[str, float]] | None:
    """Milliseconds of the parts of a step of the vector env, and their shares of their sum. None: not timed."""
    if ours.parts is None:
        return None
    whole = sum(ours.parts)
    return {name: {"ms": 1e3 * value, "share": value / whole} for name, value in ours.parts._asdict().items()}


def against_reference(ours: Ours, result: Result) -> dict[str, Any]:
    """The speed of the reference's best mode and of each of them, and how many times as fast dreams are."""
    if not result.theirs:
        return {"reference_env_steps_per_second": None, "ratio_to_reference": None, "reference": None}
    num, best = ours.settings.num_envs, min(result.theirs, key=lambda theirs: theirs.step_seconds)
    return {
        "reference_env_steps_per_second": num / best.step_seconds,
        "ratio_to_reference": best.step_seconds / ours.step_seconds,
        "reference": {
            "precision": best.precision,
            "best_mode": best.mode,
            **{theirs.mode: of_reference(theirs, num) for theirs in result.theirs},
            **{mode: {"failed": reason} for mode, reason in result.failed.items()},
        },
    }


def of_reference(theirs: Theirs, num_envs: int) -> dict[str, Any]:
    """What was measured of the reference in one mode."""
    return {
        "env_steps_per_second": num_envs / theirs.step_seconds,
        "step_ms": 1e3 * theirs.step_seconds,
        "first_step_seconds": theirs.first_step_seconds,
        "peak_memory_mib": mib(theirs.peak_bytes),
        "steps_per_round": theirs.turns[0].num_steps,
        "round_step_ms": [1e3 * turn.step_seconds for turn in theirs.turns],
    }


def mib(size: int | None) -> float | None:
    """Bytes in MiB."""
    return None if size is None else size / MIB
