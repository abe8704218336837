"""From dataset names to what a fit is made of: the episodes, checked, and the border of the world to be."""

from collections.abc import Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.data.images import View
from gym_diamond.data.rewards import SIGNS, RewardCoding, choose_values
from gym_diamond.errors import InvalidDataset
from gym_diamond.games import GAMES
from gym_diamond.world_models.protocol import WorldSpec

NO_REWARDS: tuple[tuple[float, ...], RewardCoding] = ((0.0,), "classes")  # of play that told none


class Material(NamedTuple):
    """What a world is fitted to."""

    spec: WorldSpec
    episodes: list[Episode]


def load_material(names: Sequence[str], context_length: int, view: View = View()) -> Material:  # noqa: B008 - frozen
    """The episodes of all datasets in `names`, in order, and the spec of a world fitted to them.

    Args:
        names: of Minari datasets.
        context_length: L of the world.
        view: which image of the observations, and of which size.

    Raises:
        InvalidDataset: a dataset is absent or empty, or they do not fit each other.
    """
    infos, episodes = [], []
    for name in names:
        info, found = dataset.load(name, view)
        infos.append(info)
        episodes += found
    first = infos[0]
    for name, info in zip(names, infos, strict=True):
        for field in fields(info):
            ours, theirs = getattr(first, field.name), getattr(info, field.name)
            if ours != theirs:
                raise InvalidDataset(
                    f"datasets {names[0]!r} and {name!r} cannot be fitted together: {field.name} is {ours!r} in the "
                    f"first and {theirs!r} in the second."
                )
    values, coding = reward_values(first.game, episodes) if first.has_rewards else NO_REWARDS
    spec = WorldSpec(
        game=first.game,
        height=first.height,
        width=first.width,
        channels=first.channels,
        num_actions=first.num_actions,
        action_meanings=first.action_meanings,
        context_length=context_length,
        reward_values=values,
        fps=first.fps,
        action_sizes=first.action_sizes,
        reward_coding=coding,
        has_rewards=first.has_rewards,
        has_ends=first.has_ends,
    )
    check_actions(episodes, spec)
    return Material(spec, episodes)


def reward_values(game: str, episodes: Sequence[Episode]) -> tuple[tuple[float, ...], RewardCoding]:
    """The rewards that dreams of `game` can give, and how: signs for Atari as in the reference, else the data's own.

    Raises:
        InvalidDataset: a reward is not a finite number.
    """
    rewards = np.concatenate([episode.rewards for episode in episodes])
    if not np.isfinite(rewards).all():
        raise InvalidDataset(
            f"{np.count_nonzero(~np.isfinite(rewards))} rewards of {game!r} are infinite or no number."
        )
    return (SIGNS, "classes") if game in GAMES else choose_values(rewards)


def check_actions(episodes: Sequence[Episode], spec: WorldSpec) -> None:
    """Nothing, if every action in `episodes` is one of the world's.

    Raises:
        InvalidDataset: one is not.
    """
    for i, episode in enumerate(episodes):
        actions = episode.actions
        if len(actions) and not spec.choices.contains(actions):
            raise InvalidDataset(
                f"episode {i} has actions from {actions.min()} to {actions.max()}, of shape {actions.shape[1:]}; "
                f"those of {spec.game} are {spec.choices.range}."
            )
