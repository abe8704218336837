"""Measurements in words: the table at the terminal, and the section of a world's README.md, its dream card."""

from collections.abc import Mapping
from typing import Any

from gym_diamond.evaluation import pixels
from gym_diamond.evaluation.judging import BURN_IN

HEADING = "## Measured"
UNMEASURED = "has not been measured yet"  # words of the paragraph that a measurement makes untrue


def with_measurements(card: str, metrics: Mapping[str, Any]) -> str:
    """`card` with its section "Measured" replaced by `metrics`, or with one at its end; all else stays."""
    before, found, rest = card.partition(f"{HEADING}\n")
    _, another, after = rest.partition("\n## ") if found else ("", "", "")
    kept = [part for part in before.strip().split("\n\n") if UNMEASURED not in part]
    sections = ["\n\n".join(kept), measured(metrics), f"## {after}" if another else ""]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def measured(metrics: Mapping[str, Any]) -> str:
    """The section "Measured" in Markdown, which also says what each number means."""
    held_out, drift, speed = metrics["held_out"], metrics["drift"], metrics["speed"]
    players = ", ".join(f"{name} {count}" for name, count in drift["starts_by_policy"].items())
    proven = "none of which it was fitted to" if held_out["checked"] else "which nothing proves it was not fitted to"
    return "\n\n".join(
        [
            HEADING,
            f"On {held_out['episodes']:,} episodes ({held_out['transitions']:,} transitions) of `{held_out['dataset']}`"
            f", {proven}; {metrics['date'][:10]}, `{metrics['command']}`. Brackets hold 95% intervals.",
            f"**Drift**: {drift['num_starts']} dreams ({players}) from inside {drift['episodes']} episodes of at least "
            f"{drift['min_episode_steps']} steps, {metrics['num_denoising_steps']} denoising steps a frame, under the "
            "actions that were played, never corrected. PSNR is the mean over dreams of that of each frame; *copy* "
            "repeats the last real frame. Pixels move if they differ from the frame before or from the episode's "
            f"median frame by more than {pixels.MOVING_LEVELS} grey levels. Recall is the share of the real moving "
            f"pixels that have their like in the dream, at most {pixels.REACH} pixel away and {pixels.TOLERANCE:.0%} "
            "of the range off; precision is the share of the dream's moving pixels that have it in reality.",
            drift_table(drift),
            f"**Reward and end**: of each real transition, given it and at least {BURN_IN} before it (fewer at the "
            "beginning of an episode); and in the dreams above. Predicted is what is likeliest. F1 ± 1 lets an event "
            "come one frame early or late.",
            reward_end_table(metrics["reward_end"]),
            f"**Speed**: {speed['env_steps_per_second']:.0f} env-steps/s with {speed['rows']} dreams at a time, "
            f"{metrics['precision']}, on {metrics['hardware']['model']} ({metrics['hardware']['threads']} threads).",
        ]
    )


def drift_table(drift: Mapping[str, Any]) -> str:
    """The drift by frames and spans of frames after the start, in Markdown."""
    rows: list[tuple[str, ...]] = [("frame", "PSNR dB", "copy", "moving recall", "copy", "moving precision")]
    for mark in drift["psnr"]:
        levels = [_with_interval(drift[name][mark], "{:.1f}") for name in ("psnr", "psnr_copy")]
        shares = [_with_interval(drift[name][mark], "{:.2f}") for name in ("recall", "recall_copy", "precision")]
        rows.append((mark, *levels, *shares))
    return _table(rows)


def reward_end_table(reward_end: Mapping[str, Any]) -> str:
    """The scores of each reward and of the end, in Markdown."""
    rows: list[tuple[str, ...]] = [("event", "played", "predicted", "precision", "recall", "F1", "F1 ± 1")]
    for where, rewards in (("", reward_end["reward"]), (" in dreams", reward_end["dreamt_reward"])):
        classes = [name for name in rewards if name not in ("any", "brier", "ece", "0")]
        rows += [_scores(f"reward {name}{where}", rewards[name]) for name in classes if _happened(rewards[name])]
    return _table([*rows, _scores("end", reward_end["end"])])


def _happened(scores: Mapping[str, Any]) -> bool:
    return scores["played"] + scores["predicted"] > 0


def _scores(name: str, scores: Mapping[str, Any]) -> tuple[str, ...]:
    exact, near = scores["within_0"], scores["within_1"]
    shares = [_number(exact[key]) for key in ("precision", "recall")]
    f1s = [_with_interval({"mean": s["f1"], "low": s["f1_low"], "high": s["f1_high"]}, "{:.2f}") for s in (exact, near)]
    return (name, f"{scores['played']:,}", f"{scores['predicted']:,}", *shares, *f1s)


def _with_interval(estimate: Mapping[str, Any], form: str) -> str:
    mean = _number(estimate["mean"], form)
    if estimate["low"] is None:
        return mean
    return f"{mean} [{form.format(estimate['low'])}, {form.format(estimate['high'])}]"


def _number(value: float | None, form: str = "{:.2f}") -> str:
    return "-" if value is None else form.format(value)


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
