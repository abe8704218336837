"""Whether a dream does what it is told: from one real moment each action is held, in the game and in the dream.

An action is obeyed where, among the real outcomes of all actions, its own is the nearest to its dream: the mean squared
error over all frames for which it was held is the smallest. A ball that strays costs nothing here, because it strays as
far from every outcome; only what the actions change decides.

Actions that do the same (NOOP and FIRE while the ball flies) have one outcome, and each outcome of a state counts the
same. So a world that is deaf to its actions scores one over the number of outcomes, which is the chance level.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.dreaming import Dreams, follow
from gym_diamond.evaluation.estimate import estimate
from gym_diamond.evaluation.reality import Moment, RealGames, contexts, drivers, moments, real_games
from gym_diamond.evaluation.rollout import MAX_ROWS
from gym_diamond.world_models.protocol import WorldModel

HOLD = 4  # frames
TRIES = 4  # moments looked at for each state that is asked for


class State(NamedTuple):
    """A moment at which the actions matter, and what each of them brought in reality."""

    moment: Moment
    real: np.ndarray  # (A, k, H, W, C) uint8


class Obedience(NamedTuple):
    """How the dreams of one state obey."""

    nearest: np.ndarray  # (A, A) how much the dream of a row's action is that of a column's; rows sum to 1
    distinct: int  # outcomes
    share: float  # of the outcomes that were obeyed


def controllability(
    world: WorldModel[Any, Any],
    context: int,
    num_states: int = 64,
    hold: int = HOLD,
    seed: int = 0,
    advance: Callable[[int], object] = lambda steps: None,
) -> dict[str, Any]:
    """The section "controllability" of metrics.json.

    Args:
        world: what dreams; its game is played in the emulator.
        context: frames of play that a dream is shown.
        num_states: moments that count: no life ends within `hold` frames, and not all actions do the same. Fewer are
            found where such moments are rare.
        hold: k, the frames for which each action is held.
        seed: of the games, the players and the noise.
        advance: told the dreamt steps; in all `num_states` x actions x `hold`.

    Raises:
        InvalidArgument: a number is below 1.
        UnknownGame: ALE has no such game.
        MissingExtra: the emulator is not installed.
    """
    for name, value in (("num_states", num_states), ("hold", hold)):
        if value < 1:
            raise InvalidArgument(f"{name} is {value}; it must be at least 1.")
    games = real_games(world.spec, world.spec.num_actions, seed)
    return measure(world, games, moments(games, drivers(world.spec), context, seed), num_states, hold, seed, advance)


def measure(
    world: WorldModel[Any, Any],
    games: RealGames,
    tries: Iterator[Moment],
    num_states: int,
    hold: int,
    seed: int,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    """As `controllability`, with `games`, a row for each action, that come to stand at each of the moments `tries`."""
    found = islice(states(games, islice(tries, TRIES * num_states), hold), num_states)
    results: list[Obedience] = []
    while part := list(islice(found, max(1, MAX_ROWS // world.spec.num_actions))):
        results += obey(world, part, seed + len(results))
        advance(len(part) * world.spec.num_actions * hold)
    return summary(results, world.spec.action_meanings, hold)


def states(games: RealGames, tries: Iterator[Moment], hold: int) -> Iterator[State]:
    """Those of the moments `tries` from which all actions leave a life alone and not all lead to the same.

    Args:
        games: a row for each action; they stand at each moment that comes.
        tries: the moments.
        hold: frames for which each action is held.
    """
    for moment in tries:
        course = follow(games, _held(np.arange(games.num_rows), hold))
        if not course.over.any() and (course.frames != course.frames[0]).any():
            yield State(moment, course.frames)


def obey(world: WorldModel[Any, Any], chosen: Sequence[State], seed: int) -> list[Obedience]:
    """How the dreams of `world` obey in each of the `chosen` states; those of state i have the noise of seed + i."""
    A, hold = chosen[0].real.shape[:2]
    bank = contexts([state.moment for state in chosen for _ in range(A)])
    dreams = Dreams(world, bank, [seed + i for i in range(len(chosen)) for _ in range(A)])
    actions = np.tile(np.arange(A), len(chosen))
    dreamt = follow(dreams, _held(actions, hold)).frames
    return [obedience(state.real, part) for state, part in zip(chosen, np.split(dreamt, len(chosen)), strict=True)]


def obedience(real: np.ndarray, dreamt: np.ndarray) -> Obedience:
    """Which real outcome each dream is nearest to.

    Args:
        real, dreamt: `(A, k, H, W, C)` uint8, what action a brought, or brings in its dream.
    """
    A = len(real)
    outcomes, dreams = (frames.reshape(A, -1).astype(np.float64) for frames in (real, dreamt))  # (A, k*H*W*C)
    same = _squared_distances(outcomes, outcomes) == 0
    distances = _squared_distances(dreams, outcomes)
    weight = 1 / same.sum(axis=1)  # (A,) actions with one outcome share its weight
    votes = (distances == distances.min(axis=1, keepdims=True)) * weight  # a dream halfway between two is half of each
    votes = votes / votes.sum(axis=1, keepdims=True)
    right = (votes * same).sum(axis=1)  # (A,)
    nearest = np.where(same, np.diag(right), votes)
    return Obedience(nearest, round(weight.sum()), float((right * weight).sum() / weight.sum()))


def summary(results: Sequence[Obedience], meanings: Sequence[str], hold: int) -> dict[str, Any]:
    """The shares over states with intervals, by action too, and which action was taken for which, as JSON."""
    A = len(meanings)
    nearest = np.array([result.nearest for result in results]).reshape(-1, A, A)
    return {
        "states": len(results),
        "frames": hold,
        "share": estimate(np.array([result.share for result in results])),
        "chance": estimate(np.array([1 / result.distinct for result in results])),
        "by_action": {meaning: estimate(nearest[:, a, a]) for a, meaning in enumerate(meanings)},
        "confusion": nearest.sum(axis=0).tolist(),
        "actions": list(meanings),
    }


def _held(actions: np.ndarray, hold: int) -> np.ndarray:
    return np.repeat(actions[:, None], hold, axis=1)  # (R,) -> (R, k)


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`(A, B)` between all rows of `a` and `b`. Levels are whole numbers, so the sums are exact, and ties are ties."""
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
