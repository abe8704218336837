"""Whether to trust a world, and for how long: what a person reads of a dream card who has ten seconds.

One bar serves all shares and correlations: nine of ten. A question is answered "yes" only where the whole 95% interval
is beyond its bar, "no" where all of it is short of it, and "unsure" where the bar lies within. No answer is "yes" on
fewer than `ENOUGH` cases: with fewer, not even a flawless record shows that less than one in ten goes wrong (3 / n is
the 95% bound on the rate of what never happened in n cases).
"""

from collections.abc import Mapping, Sequence
from typing import Any

Estimate = Mapping[str, Any]
Requirement = tuple[Mapping[str, Estimate], float]  # estimates by frame ("15"), and what each must reach

BAR = 0.9  # of shares, F1 and correlations
GAIN = 3.0  # dB over repeating the last frame: half its squared error
MADE_UP = 2.0  # rewards in 1,000 steps, more than the real game gives
ENOUGH = 30  # cases
NO_PROOF = "unsure"


def horizon(metrics: Mapping[str, Any]) -> int:
    """The frames for which a world can be trusted; one of those at which its drift was measured, or 0.

    They last until the first at which the PSNR is not surely `GAIN` dB above that of repeating the last frame, or
    what moves is not surely there in `BAR` of the dreams: the ball, where a detector knows it, else moving pixels.
    """
    return reach([right_frames(metrics), presence(metrics)])


def right_frames(metrics: Mapping[str, Any]) -> Requirement:
    """The gain in PSNR over repeating the last frame, by frame, and its bar."""
    return metrics["drift"]["psnr_gain"], GAIN


def presence(metrics: Mapping[str, Any]) -> Requirement:
    """The share of what moves that is in the dream, by frame, and its bar."""
    return metrics["ball"]["by_mark"]["recall"] if "ball" in metrics else metrics["drift"]["recall"], BAR


def reach(requirements: Sequence[Requirement]) -> int:
    """The last frame up to which all estimates surely reach their bars; 0 if they do not at the first."""
    last = 0
    for mark in marks(requirements[0][0]):
        if not all(judge(table[mark], bar) == "yes" for table, bar in requirements):
            break
        last = int(mark)
    return last


def marks(table: Mapping[str, Estimate]) -> list[str]:
    """The frames of a table which also holds spans of frames ("6-15")."""
    return [key for key in table if key.isdecimal()]


def judge(estimate: Estimate, bar: float) -> str:
    """Whether what was estimated is at least `bar`: "yes", "no" or "unsure"."""
    if estimate["low"] is None:
        return NO_PROOF
    if estimate["high"] < bar:
        return "no"
    return "yes" if estimate["low"] >= bar and estimate["n"] >= ENOUGH else NO_PROOF


def judge_at_most(estimate: Estimate, bar: float) -> str:
    """Whether what was estimated is at most `bar`: "yes", "no" or "unsure"."""
    if estimate["low"] is None:
        return NO_PROOF
    return judge({"low": -estimate["high"], "high": -estimate["low"], "n": estimate["n"]}, -bar)


def sentence(metrics: Mapping[str, Any]) -> str:
    """The horizon in words, with the rule that it follows, in Markdown."""
    trusted = horizon(metrics)
    at = marks(metrics["drift"]["psnr_gain"])
    rule = (
        f"the frames are at least {GAIN:g} dB closer to reality than the last frame repeated, and "
        f"{'the ball is' if 'ball' in metrics else 'what moves is'} there in {BAR:.0%} of all cases, each with the "
        f"whole of its 95% interval and over at least {ENOUGH} dreams"
    )
    if trusted == 0:
        found = [judge(table[at[0]], bar) for table, bar in (right_frames(metrics), presence(metrics))]
        if "no" in found:
            return f"**Trust it for no frame.** Already at frame {at[0]} it is not so that {rule}."
        return (
            f"**It is unsure whether to trust it at all.** Already at frame {at[0]} it is not shown that {rule}; more "
            "dreams (`--num-starts`) may tell."
        )
    limit = ", which is as long as it was measured" if trusted == int(at[-1]) else ""
    return (
        f"**Trust it for {trusted} frame{'s' if trusted > 1 else ''}** ({trusted / metrics['fps']:.1f} s; "
        f"`max_episode_steps={trusted}`){limit}. Up to there, judged at frames {', '.join(at)}, {rule}."
    )
