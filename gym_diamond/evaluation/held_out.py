"""Real play that a world has not seen, and the moments in it from which its dreams are judged.

A world judged on play that it was fitted to looks better than it is. So every episode of a fit is named in the world's
provenance by the digest of its content, and here one that is named there is refused.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.data import dataset
from gym_diamond.data.dataset import DatasetInfo
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.world_models.protocol import WorldSpec


class Start(NamedTuple):
    """A moment from which a dream is held against what happened."""

    episode: int  # its index
    frame: int  # the last frame that the dream is shown


def load_held_out(name: str, spec: WorldSpec, provenance: Mapping[str, Any]) -> list[Episode]:
    """The episodes of the dataset `name`, on which a world with this `spec` and `provenance` can be judged.

    Raises:
        InvalidDataset: it has other frames or actions than the world, or an episode that the world was fitted to.
    """
    info, episodes = dataset.load(name)
    check_fits(name, info, spec)
    seen = fitted_episodes(provenance)
    known = [index for index, episode in enumerate(episodes) if digest(episode) in seen]
    if known:
        raise InvalidDataset(
            f"{len(known)} of the {len(episodes)} episodes of dataset {name!r} were used to fit this world (the first "
            f"is episode {known[0]}), so it says nothing about new play. Collect play with another seed, for example "
            f"`gym-diamond collect {spec.game} --seed 1000 --dataset {spec.game.lower()}/heldout-v0`."
        )
    return episodes


def fitted_episodes(provenance: Mapping[str, Any]) -> set[str]:
    """The digests of all episodes that a world has learned from, those of the worlds it started from included."""
    seen = set(provenance.get("episodes", ()))
    for ancestor in provenance.get("start_from", {}).values():
        seen |= fitted_episodes(ancestor)
    return seen


def check_fits(name: str, info: DatasetInfo, spec: WorldSpec) -> None:
    """Nothing, if play described by `info` can be compared with dreams of a world with this `spec`.

    Raises:
        InvalidDataset: its frames or actions are others.
    """
    found, asked = (info.height, info.width, info.channels), (spec.height, spec.width, spec.channels)
    if found != asked:
        raise InvalidDataset(
            f"The frames of dataset {name!r} are {found}; this world dreams {asked} (height, width, channels). "
            "Collect held-out play just as the play that the world was fitted to."
        )
    if info.action_meanings != spec.action_meanings:
        raise InvalidDataset(
            f"The actions of dataset {name!r} are {', '.join(info.action_meanings)}; this world of {spec.game} has "
            f"{', '.join(spec.action_meanings)}. Choose a dataset of the same game and the same actions."
        )


def pick_starts(
    episodes: Sequence[Episode], num: int, context: int, horizon: int, min_steps: int, rng: np.random.Generator
) -> list[Start]:
    """`num` moments with `context` frames up to them and `horizon` frames after them in their episode.

    The policies that played take turns, so that equally many starts are of each, as long as each has fresh episodes;
    no episode is used a second time before all were used once.

    Args:
        episodes: real play.
        num: how many; the same few episodes serve many times where there are no others.
        context: frames a dream is shown.
        horizon: frames it is compared on.
        min_steps: shorter episodes are left out.
        rng: decides which.

    Raises:
        InvalidDataset: no episode is long enough.
    """
    for option, value in (("num_starts", num), ("horizon", horizon)):
        if value < 1:
            raise InvalidArgument(f"{option} is {value}; it must be at least 1.")
    needed = max(min_steps, context - 1 + horizon)
    lengths = [len(episode.actions) for episode in episodes]
    by_policy: dict[str, list[int]] = {}
    for index, length in enumerate(lengths):
        if length >= needed:
            by_policy.setdefault(episodes[index].policy, []).append(index)
    if not by_policy:
        raise InvalidDataset(
            f"No held-out episode has the {needed} steps that a horizon of {horizon} frames and episodes of at least "
            f"{min_steps} steps ask for; the longest has {max(lengths)}. Lower --horizon or --min-episode-steps, or "
            "collect play by a policy that lives longer."
        )
    starts: list[Start] = []
    while len(starts) < num:
        for index in _take_turns(by_policy, rng):
            starts.append(Start(index, int(rng.integers(context - 1, lengths[index] - horizon + 1))))
    return starts[:num]


def _take_turns(by_policy: Mapping[str, list[int]], rng: np.random.Generator) -> list[int]:
    """All episodes once, the policies in turn, those of each in random order."""
    waiting = {policy: rng.permutation(by_policy[policy]).tolist() for policy in sorted(by_policy)}
    order = []
    for policy in cycle(sorted(waiting)):
        if waiting[policy]:
            order.append(waiting[policy].pop())
        elif not any(waiting.values()):
            return order
    return order
