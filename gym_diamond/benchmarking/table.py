"""What was measured as Markdown, for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from gym_diamond.evaluation.markdown import number, table

Row = Mapping[str, Any]

BUSY = 0.5  # a load from which speeds are not those of the machine
SETTINGS = ("dreams", "precision", "mode", "steps")  # the columns that every table of dreams begins with
FLOOR = ("GFLOP", "MiB moved", "floor, ms")
PARTS = {"denoiser": "denoiser", "reward_end": "reward/end", "noise": "noise", "copies": "copies", "python": "Python"}


def speed_table(rows: Sequence[Row]) -> str:
    """Speed, latency and memory of each row."""
    head = ("env-steps/s", "NumPy env-steps/s", "latency, ms (p95)", "first step, s", "memory, MiB")
    return table([[*SETTINGS, *head], *([*_settings(row), *_speed(row)] for row in rows)])


def floor_table(rows: Sequence[Row]) -> str:
    """What a step needs, the least time that it could take on this machine, and the time that it takes."""
    lines = ([*_settings(row), *_floor(row["floor"], row["step_ms"])] for row in rows)
    return table([[*SETTINGS, *FLOOR, "step, ms", "times the floor"], *lines])


def reference_table(rows: Sequence[Row]) -> str:
    """Dreams beside the reference in each of its modes."""
    head = ("env-steps/s", "reference, eager", "compiled", "ratio to its best")
    return table([[*SETTINGS, *head], *([*_settings(row), *_reference(row)] for row in rows)])


def parts_table(rows: Sequence[Row]) -> str:
    """Milliseconds of each part of a step through the NumPy vector env, and its share of their sum."""
    return table([[*SETTINGS, *PARTS.values()], *([*_settings(row), *_parts(row)] for row in rows)])


def fit_table(speeds: Sequence[Row]) -> str:
    """Updates a second of each objective, what one needs, and the least time that it could take on this machine."""
    told = ("objective", "precision", "mode", "batch_size")
    head = ("objective", "precision", "mode", "batch", "updates/s", *FLOOR, "update, ms", "times the floor")
    lines = [
        [*(str(one[key]) for key in told), speed(one["updates_per_second"]), *_floor(one["floor"], one["update_ms"])]
        for one in speeds
    ]
    return table([head, *lines])


def _settings(row: Row) -> list[str]:
    return [str(row["num_envs"]), row["precision"], row["mode"], str(row["num_denoising_steps"])]


def _speed(row: Row) -> list[str]:
    latency = row["latency_ms"]
    return [
        speed(row["env_steps_per_second"]),
        speed(row["vector_env_steps_per_second"]),
        f"{number(latency['median'], '{:,.1f}')} ({number(latency['p95'], '{:,.1f}')})",
        number(row["first_step_seconds"], "{:.1f}"),
        number(row["peak_memory_mib"], "{:,.0f}"),
    ]


def _floor(least: Row, ms: float) -> list[str]:
    return [
        number(least["gflop"], "{:,.1f}"),
        number(least["mib"], "{:,.0f}"),
        number(least["ms"], "{:,.1f}"),
        number(ms, "{:,.1f}"),
        number(least["ratio_to_floor"], "{:.1f}"),
    ]


def _reference(row: Row) -> list[str]:
    found = [row["reference"].get(mode, {}) for mode in ("eager", "compile")]
    theirs = ["does not run" if "failed" in mode else speed(mode.get("env_steps_per_second")) for mode in found]
    return [speed(row["env_steps_per_second"]), *theirs, number(row["ratio_to_reference"])]


def _parts(row: Row) -> list[str]:
    parts = [row["parts"][name] for name in PARTS]
    return [f"{number(part['ms'], '{:,.1f}')} ms ({number(100 * part['share'], '{:.0f}')}%)" for part in parts]


def peak_sentence(precision: str, peak: Mapping[str, float]) -> str:
    """What the machine does at most, in words."""
    return (
        f"At most this machine does, in {precision}, {peak['matmul'] / 1e9:,.0f} GFLOP/s in a matrix product and "
        f"{peak['conv'] / 1e9:,.0f} in a convolution, and copies {peak['bytes_per_second'] / 1e9:,.1f} GB/s."
    )


def load_sentence(load: float | None) -> str | None:
    """A warning, if the machine was not free; None if it was."""
    if load is None or load < BUSY:
        return None
    return (
        f"Other programs kept this machine busy (a load of {load:.1f} at the start), so it can do more than this, and "
        "small differences mean nothing. Run it again when nothing else runs."
    )


def summary(document: Mapping[str, Any]) -> str:
    """All that was measured, in Markdown."""
    rows, hardware = document["rows"], document["hardware"]
    subject = f"preset {rows[0]['preset']}, random weights" if rows[0]["preset"] else f"world {rows[0]['world']}"
    busy = load_sentence(document["load"])
    parts = [
        f"{hardware['model']}, {hardware['device']}, {rows[0]['threads']} threads, torch {document['torch']}, "
        f"{document['date'][:10]}: {subject}",
        *([busy] if busy else []),
        *(peak_sentence(precision, peak) for precision, peak in document["peaks"].items()),
        speed_table(rows),
        floor_table(rows),
    ]
    if any(row["reference"] for row in rows):
        parts.append(reference_table([row for row in rows if row["reference"]]))
    if any(row["parts"] for row in rows):
        parts.append(parts_table([row for row in rows if row["parts"]]))
    if document["fit"]:
        parts.append(fit_table(document["fit"]))
    return "\n\n".join(parts)


def speed(value: float | None) -> str:
    """Three digits that count: 1,234 or 56.7 or 8.90; "-" for None."""
    if value is None:
        return "-"
    return number(value, "{:,.0f}" if value >= 100 else "{:,.1f}" if value >= 10 else "{:,.2f}")
