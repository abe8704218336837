"""Where a world comes from, in numbers: provenance.json."""

import platform
import shlex
from collections import Counter
from collections.abc import Sequence
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


def _count_policies(episodes: Sequence[Episode]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for episode in episodes:
        counts[episode.policy] += len(episode.actions)
    return counts
