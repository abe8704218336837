"""Where a world comes from, in numbers: provenance.json."""

import platform
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
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


def origin(
    config: RunConfig,
    episodes: Sequence[Episode],
    command: Sequence[str],
    device: torch.device,
    precision: ComputePrecision,
    processes: int = 1,
) -> dict[str, Any]:
    """All of a world's provenance that does not change while it is fitted, as JSON values.

    Every episode is named by the digest of its content, so that held-out play can be proven to be held out; those that
    only earlier fits have seen once for all of them.
    """
    digests, before = [digest(episode) for episode in episodes], ancestry(config)
    return {
        "datasets": list(config.dataset),
        "episodes": digests,
        "earlier_episodes": sorted(set(before["earlier_episodes"]).difference(digests)),
        "transitions": sum(len(episode.actions) for episode in episodes),
        "transitions_by_policy": dict(_count_policies(episodes)),
        "command": shlex.join(command),
        "start_from": before["start_from"],
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


def resumed(before: Mapping[str, Any], now: dict[str, Any], step: int) -> dict[str, Any]:
    """The provenance of a fit that goes on from `step`: how it began, from `before`, and a list of how it went on."""
    how = {key: now[key] for key in ("command", "precision", "versions", "hardware", "processes")}
    kept = {key: before[key] for key in (*how, "start_from", "earlier_episodes") if key in before}
    return {**now, **kept, "resumed": [*before.get("resumed", ()), {"from_step": step, **how}]}


def resolved(config: RunConfig) -> dict[str, Any]:
    """Every number of the run, its defaults included, as JSON: they may be others in a later version.

    Worlds to start from go by the names of their folders: where those were made concerns nobody.
    """
    values = schema.encode(config)
    for optim in (values["denoiser"], values["reward_end"]):
        if optim["start_from"] is not None:
            optim["start_from"] = Path(optim["start_from"]).name
    return values


def ancestry(config: RunConfig) -> dict[str, Any]:
    """What the worlds that a fit starts from pass on: the episodes that they have seen, and where they come from."""
    sources = start_worlds(config)
    return {
        "earlier_episodes": sorted(set().union(*map(fitted_episodes, sources.values()))),
        "start_from": {network: line(network, source) for network, source in sources.items()},
    }


def start_worlds(config: RunConfig) -> dict[str, dict[str, Any]]:
    """The provenance of the worlds that the networks of `config` start from, by network."""
    starts = {"denoiser": config.denoiser.start_from, "reward_end": config.reward_end.start_from}
    return {
        network: read_json(Path(start) / "provenance.json", InvalidRun)
        for network, start in starts.items()
        if start is not None
    }


def line(network: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance `source` as far as it tells of `network` and of the worlds that this one began from.

    Whatever befell the other network there is left out, and so are episodes: with them a world of a dozen fits, each
    of which began from two, takes megabytes to tell where it comes from.
    """
    told = {key: value for key, value in source.items() if key not in ("episodes", "earlier_episodes")}
    before = source.get("start_from", {}).get(network)
    return {**told, "start_from": {} if before is None else {network: line(network, before)}}


def fitted_episodes(provenance: Mapping[str, Any]) -> set[str]:
    """The digests of all episodes that a world has learned from, those of the worlds it started from included."""
    seen = {*provenance.get("episodes", ()), *provenance.get("earlier_episodes", ())}
    for ancestor in provenance.get("start_from", {}).values():  # older worlds name them there
        seen |= fitted_episodes(ancestor)
    return seen


def names_all_episodes(provenance: Mapping[str, Any]) -> bool:
    """Whether `fitted_episodes` are all that a world has learned from: not if others made it, or one it began from."""
    known = "source" not in provenance and ("episodes" in provenance or "earlier_episodes" in provenance)
    return known and not any(_made_elsewhere(ancestor) for ancestor in provenance.get("start_from", {}).values())


def _made_elsewhere(provenance: Mapping[str, Any]) -> bool:
    return "source" in provenance or any(map(_made_elsewhere, provenance.get("start_from", {}).values()))


def at(origin: dict[str, Any], position: Position) -> dict[str, Any]:
    """The provenance of the world as it is at `position`."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {**origin, "steps": position.step, "minutes": round(position.elapsed / 60, 2), "date": now}


def _count_policies(episodes: Sequence[Episode]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for episode in episodes:
        counts[episode.policy] += len(episode.actions)
    return counts
