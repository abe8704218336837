"""Where a world comes from, in numbers (provenance.json) and in words (the first README.md, its dream card)."""

import platform
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gym_diamond
from gym_diamond import schema
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_json
from gym_diamond.fitting.config import RunConfig
from gym_diamond.fitting.loop import Position
from gym_diamond.hardware import ComputePrecision, describe
from gym_diamond.world_models.protocol import WorldSpec

NETWORKS = ("denoiser", "reward_end")  # as their sections in a fit's config


def origin(
    config: RunConfig,
    episodes: Sequence[Episode],
    command: Sequence[str],
    device: torch.device,
    precision: ComputePrecision,
    processes: int = 1,
) -> dict[str, Any]:
    """All of a world's provenance that does not change while it is fitted, as JSON values.

    Every episode is named by the digest of its content, so that held-out play can be proven to be held out.
    """
    digests = [digest(episode) for episode in episodes]
    return {
        "datasets": list(config.dataset),
        "episodes": digests,
        "transitions": sum(len(episode.actions) for episode in episodes),
        "transitions_by_policy": dict(_count_policies(episodes)),
        "command": shlex.join(command),
        "start_from": ancestors(config, digests),
        "backend": config.backend,
        "preset": config.preset,
        "seed": config.fit.seed,
        "config": resolved(config),
        "precision": precision,
        "versions": {
            "gym-diamond": gym_diamond.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "hardware": describe(device),
        "processes": processes,
    }


def resolved(config: RunConfig) -> dict[str, Any]:
    """Every number of the run, its defaults included, as JSON: they may be others in a later version.

    Worlds to start from go by the names of their folders: where those were made concerns nobody.
    """
    values = schema.encode(config)
    for optim in (values["denoiser"], values["reward_end"]):
        if optim["start_from"] is not None:
            optim["start_from"] = Path(optim["start_from"]).name
    return values


def ancestors(config: RunConfig, digests: Sequence[str]) -> dict[str, Any]:
    """The provenance of the worlds that the networks of `config` start from, by network.

    Episodes that are among `digests` too are not named again; the others are, for this world has learned from them.
    """
    known, found = set(digests), {}
    for name, optim in (("denoiser", config.denoiser), ("reward_end", config.reward_end)):
        if optim.start_from is not None:
            source = read_json(Path(optim.start_from) / "provenance.json", InvalidRun)
            others = [other for other in source.get("episodes", []) if other not in known]
            found[name] = {**source, "episodes": others}
    return found


def at(origin: dict[str, Any], position: Position) -> dict[str, Any]:
    """The provenance of the world as it is at `position`."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {**origin, "steps": position.step, "minutes": round(position.elapsed / 60, 2), "date": now}


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
    if _learned(network, source):
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


def _count_policies(episodes: Sequence[Episode]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for episode in episodes:
        counts[episode.policy] += len(episode.actions)
    return counts
