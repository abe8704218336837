"""Rewards that nobody earned: what a dream pays for doing nothing, and for doing anything, beside what the game pays.

From the same moments the same actions are taken in the game and in the dream. Steps count as long as the real life
lasts: what the game would pay afterwards is not known. A dream goes on after an end that it dreamt, so that it gains
nothing by ending early.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.dreaming import Dreams, follow
from gym_diamond.evaluation.estimate import estimate_ratio
from gym_diamond.evaluation.reality import Moment, RealGames, contexts, drivers, moments, real_games
from gym_diamond.evaluation.rollout import MAX_ROWS
from gym_diamond.world_models.protocol import WorldModel

PLAYERS = ("noop", "random")  # a row each
PER = 1000  # steps


class Played(NamedTuple):
    """A moment and what was done and paid after it in the real game, by each of `PLAYERS`."""

    moment: Moment
    actions: np.ndarray  # (2, K) int64
    rewards: np.ndarray  # (2, K) float64
    alive: np.ndarray  # (2, K) bool: no life was lost before this step


def hallucination(
    world: WorldModel[Any, Any],
    context: int,
    num_starts: int = 64,
    horizon: int = 50,
    seed: int = 0,
    advance: Callable[[int], object] = lambda steps: None,
) -> dict[str, Any]:
    """The section "hallucinated" of metrics.json: nonzero rewards per 1,000 steps.

    Args:
        world: what dreams; its game is played in the emulator.
        context: frames of play that a dream is shown.
        num_starts: moments at which the dreams and the games begin.
        horizon: K steps.
        seed: of the games, the players and the noise.
        advance: told the dreamt steps; in all 2 x `num_starts` x `horizon`.

    Raises:
        InvalidArgument: a number is below 1.
        UnknownGame: ALE has no such game.
        MissingExtra: the emulator is not installed.
    """
    for name, value in (("num_starts", num_starts), ("horizon", horizon)):
        if value < 1:
            raise InvalidArgument(f"{name} is {value}; it must be at least 1.")
    games = real_games(world.spec, len(PLAYERS), seed)
    starts = islice(moments(games, drivers(world.spec), context, seed), num_starts)
    return measure(world, games, starts, horizon, seed, advance)


def measure(
    world: WorldModel[Any, Any],
    games: RealGames,
    starts: Iterator[Moment],
    horizon: int,
    seed: int,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    """As `hallucination`, with `games`, a row for each of `PLAYERS`, that come to stand at each of the `starts`."""
    played = play(games, starts, world.spec.num_actions, horizon, np.random.default_rng(seed))
    parts: list[Played] = []
    dreamt: list[np.ndarray] = []
    while part := list(islice(played, MAX_ROWS // len(PLAYERS))):
        dreamt.append(dream_rewards(world, part, seed + len(parts), advance))
        parts += part
    real, alive = np.stack([each.rewards for each in parts]), np.stack([each.alive for each in parts])
    return {**summary(np.concatenate(dreamt), real, alive), "horizon": horizon, "starts": len(parts)}


def play(
    games: RealGames, starts: Iterable[Moment], num_actions: int, horizon: int, rng: np.random.Generator
) -> Iterator[Played]:
    """What the real game pays from each of the `starts` at which the two rows of `games` come to stand.

    Action 0 is NOOP in every game of ALE but Backgammon and VideoCheckers, which have none; there it is FIRE.
    """
    for moment in starts:
        actions = np.stack([np.zeros(horizon, np.int64), rng.integers(num_actions, size=horizon)])
        course = follow(games, actions)
        yield Played(moment, actions, course.rewards, course.alive)


def dream_rewards(
    world: WorldModel[Any, Any], played: Sequence[Played], seed: int, advance: Callable[[int], object]
) -> np.ndarray:
    """What `world` pays `(S', 2, K)` for the actions `played`; the dreams of start i have the noise of `seed + i`."""
    both = [i for i in range(len(played)) for _ in PLAYERS]
    dreams = Dreams(world, contexts([played[i].moment for i in both]), [seed + i for i in both])
    actions = np.concatenate([each.actions for each in played])  # (S'*2, K)
    rewards = []
    for taken in actions.T:
        rewards.append(dreams.step(taken).rewards)
        advance(len(both))
    return np.stack(rewards, axis=1).reshape(len(played), len(PLAYERS), -1)  # (S'*2, K) -> (S', 2, K)


def summary(dreamt: np.ndarray, real: np.ndarray, alive: np.ndarray) -> dict[str, Any]:
    """Rewards per 1,000 steps in dreams and in games, and how many more the dreams give, of each of `PLAYERS`, as JSON.

    Args:
        dreamt, real: `(S, 2, K)` rewards.
        alive: `(S, 2, K)` bool, the steps that count.
    """
    table = {}
    steps = alive.sum(axis=2)  # (S, 2)
    paid, earned = (PER * ((rewards != 0) & alive).sum(axis=2) for rewards in (dreamt, real))
    for i, player in enumerate(PLAYERS):
        counts = {"dream": paid[:, i], "real": earned[:, i], "excess": paid[:, i] - earned[:, i]}
        table[player] = {name: estimate_ratio(count, steps[:, i]) for name, count in counts.items()}
    return table
