"""Where a world comes from, in words: its README.md, the dream card, before anything was measured."""

import shlex
from collections.abc import Iterator
from typing import Any

from gym_diamond.world_models.protocol import WorldSpec

NETWORKS = ("denoiser", "reward_end")  # as their sections in a fit's config


def card(spec: WorldSpec, provenance: dict[str, Any]) -> str:
    """The text of a dream card before anything was measured."""
    datasets = ", ".join(f"`{name}`" for name in provenance["datasets"])
    players = ", ".join(f"{name} {count:,}" for name, count in provenance["transitions_by_policy"].items())
    return (
        f"# {spec.game}, dreamt\n\n"
        f"A world for the Python package `gym-diamond`: {spec.game} as a diffusion model remembers it. "
        f"Frames are {spec.height} x {spec.width}{' in grey' if spec.channels == 1 else ''}, {spec.fps} a second; "
        f"{_actions(spec)}; {_rewards(spec)}{_ends(spec)}.\n\n"
        f"- Fitted on {provenance['transitions']:,} transitions of real play from {datasets} ({players}).\n"
        f"- {_training(provenance)}, preset `{provenance['preset']}`, seed {provenance['seed']}:\n"
        f"  `{provenance['command']}`\n"
        "\nHow far it can be trusted has not been measured yet: `gym-diamond evaluate` does that, on play that was "
        "held out, and writes the result here.\n"
        f"{lineage(provenance)}"
    )


def _rewards(spec: WorldSpec) -> str:
    values = [f"{value:g}" for value in spec.reward_values]
    if not spec.has_rewards:
        return "the play held no rewards, so a dream always gives reward 0"
    if spec.reward_coding == "classes":
        return f"a dream can give the rewards {', '.join(values)}"
    return (
        f"a dream gives rewards from {values[0]} to {values[-1]}, the mean over {len(values)} bins (symlog two-hot: "
        "the game's own take more values than a dream can tell apart)"
    )


def _ends(spec: WorldSpec) -> str:
    return "" if spec.has_ends else "; the play did not tell when the game ended, so a dream never ends"


def _actions(spec: WorldSpec) -> str:
    names, parts = spec.choices.describe(spec.action_meanings), len(spec.action_sizes)
    return f"its actions have {parts} parts ({names})" if parts else f"it has {spec.num_actions} actions ({names})"


def _training(provenance: dict[str, Any]) -> str:
    learners, earlier = [name for name in NETWORKS if _learned(name, provenance)], lineage(provenance)
    if not learners and earlier:
        return "Its networks are those of the fits below, joined and not trained any further"
    if not learners:
        return "Its networks were not trained"
    threads, processes = provenance["hardware"]["threads"], provenance.get("processes", 1)  # older worlds: one
    share = f"{threads} thread{'' if threads == 1 else 's'}"
    machine = f"{provenance['hardware']['model']} ({share if processes == 1 else f'{processes} processes of {share}'})"
    whose = "both networks" if len(learners) == len(NETWORKS) else f"{learners[0]} alone"
    return f"{_amount(provenance)} of {whose}{', after the fits below,' if earlier else ''} on {machine}"


def _amount(provenance: dict[str, Any]) -> str:
    steps = provenance["steps"]
    return f"{steps:,} step{'' if steps == 1 else 's'} in {provenance['minutes']:g} minutes"


def lineage(provenance: dict[str, Any]) -> str:
    """The section that tells which fits each network went through before this one; empty for a first fit."""
    started: dict[str, dict[str, Any]] = provenance.get("start_from", {})
    lines = [line for network, source in started.items() for line in _ancestry(network, source)]
    return "\n## Earlier fits\n\n" + "\n".join(lines) + "\n" if lines else ""


def _ancestry(network: str, source: dict[str, Any]) -> Iterator[str]:
    """A line for each fit in which `network` learned, the last first, whatever befell that world's other one."""
    if "source" in source:
        yield f"- {network}: `{source['source']['file']}` of {source['source']['repository']}"
    elif _learned(network, source):
        machine = source["hardware"]["model"]
        yield f"- {network}: {_amount(source)}, until {source['date'][:10]}, on {machine}: `{source['command']}`"
    before = source.get("start_from", {}).get(network)
    if before is not None:
        yield from _ancestry(network, before)


def _learned(network: str, provenance: dict[str, Any]) -> bool:
    """Whether `network` was trained at all in the fit with this `provenance`."""
    if "config" in provenance:
        return provenance["config"][network]["every"] > 0
    words = shlex.split(provenance["command"])  # of an older world
    flag = f"--{network.replace('_', '-')}.every"
    return flag not in words or words[words.index(flag) + 1] != "0"
