"""The dream card: the section of a world's README.md that says how far it can be trusted."""

from collections.abc import Mapping
from typing import Any

from gym_diamond.evaluation import sections, tables
from gym_diamond.evaluation.markdown import image
from gym_diamond.evaluation.verdict import BAR, ENOUGH, sentence

HEADING = "## Measured"
UNMEASURED = "has not been measured yet"  # words of the paragraph that a measurement makes untrue
ORDER = {  # by their names in metrics.json; a card has those that were measured
    "drift": sections.drift,
    "ball": sections.ball,
    "hits": sections.hits,
    "reward_end": sections.reward_end,
    "hallucinated": sections.hallucinated,
    "controllability": sections.controllability,
    "ranking": sections.ranking,
    "spread": sections.spread,
    "speed": sections.speed,
    "not_measured": sections.not_measured,
}


def with_measurements(card: str, metrics: Mapping[str, Any]) -> str:
    """`card` with its section "Measured" replaced by `metrics`, or with one as its first; all else stays."""
    before, found, rest = card.partition(f"{HEADING}\n")
    if found:
        _, another, after = rest.partition("\n## ")
    else:
        before, another, after = card.partition("\n## ")
    kept = [part for part in before.strip().split("\n\n") if UNMEASURED not in part]
    parts = ["\n\n".join(kept), measured(metrics), f"## {after}" if another else ""]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def measured(metrics: Mapping[str, Any]) -> str:
    """The section "Measured" in Markdown: the verdict, then each measurement with what its numbers mean."""
    parts = [HEADING, sentence(metrics), tables.verdict_table(metrics), LEGEND, origin(metrics)]
    parts.append(image("Real play beside its dreams", "dream.gif"))
    parts += [section(metrics) for name, section in ORDER.items() if name in metrics]
    return "\n\n".join(part for part in parts if part)


LEGEND = (
    "Brackets hold 95% intervals, for which whole episodes are resampled; n is how many cases they rest on. *Yes* "
    f"means that the whole interval is beyond the bar, {BAR:g} if not said otherwise, over at least {ENOUGH} cases; "
    "*no*, that all of it falls short; *unsure*, that the bar lies within or the cases are too few."
)


def origin(metrics: Mapping[str, Any]) -> str:
    """On which play, when and by which command everything was measured, in Markdown."""
    held_out = metrics["held_out"]
    proven = "none of which it was fitted to" if held_out["checked"] else "which nothing proves it was not fitted to"
    players = ", ".join(f"{name} {count:,}" for name, count in held_out["transitions_by_policy"].items())
    return (
        f"Measured on {held_out['episodes']:,} episodes of `{held_out['dataset']}`, {proven} "
        f"({held_out['transitions']:,} transitions: {players}); {metrics['date'][:10]}, seed {metrics['seed']}, "
        f"`{metrics['command']}`. All numbers stand in [metrics.json](metrics.json)."
    )
