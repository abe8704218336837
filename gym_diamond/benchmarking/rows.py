"""What was measured as rows of plain JSON values: one for each batch, precision, mode and number of denoising steps."""

from typing import Any, NamedTuple

from gym_diamond.benchmarking.flops import floor
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
        "floor": against_floor(ours, peak),
        "parts": parts(ours),
        **against_reference(ours, result),
    }


def against_floor(ours: Ours, peak: Peak) -> dict[str, float]:
    """The least time that a step could take on this machine, and how many times as long it takes."""
    least = floor(ours.cost, peak)
    return {
        "gflop": ours.cost.flops / 1e9,
        "mib": ours.cost.bytes / MIB,
        "compute_ms": 1e3 * least.compute,
        "memory_ms": 1e3 * least.memory,
        "ms": 1e3 * least.seconds,
        "ratio_to_floor": ours.step_seconds / least.seconds,
        "gflop_per_second": ours.cost.flops / ours.step_seconds / 1e9,
    }


def parts(ours: Ours) -> dict[str, dict[str, float]] | None:
    """Milliseconds and shares of a step of the vector env; the denoiser is what the others leave. None: not timed."""
    if ours.parts is None:
        return None
    whole, part = ours.vector_step_seconds, ours.parts
    seconds = {
        "denoiser": ours.step_seconds - sum(part),
        "reward_end": part.reward_end,
        "noise": part.noise,
        "copies": whole - ours.step_seconds,
        "python": part.shell,
    }
    return {name: {"ms": 1e3 * value, "share": value / whole} for name, value in seconds.items()}


def against_reference(ours: Ours, result: Result) -> dict[str, Any]:
    """The speed of the reference's best mode and of each of them, and how many times as fast dreams are."""
    if not result.theirs:
        return {"reference_env_steps_per_second": None, "ratio_to_reference": None, "reference": None}
    num, best = ours.settings.num_envs, min(result.theirs, key=lambda theirs: theirs.step_seconds)
    return {
        "reference_env_steps_per_second": num / best.step_seconds,
        "ratio_to_reference": best.step_seconds / ours.step_seconds,
        "reference": {
            "precision": "fp32",
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
