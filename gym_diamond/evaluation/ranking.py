"""Whether a dream tells good policies from bad ones, as the game does: what a world has to do to be trained in.

Frozen policies of many levels of skill take over at the same moments in the game and in the dream. A lost life or a
dreamt end ends the play of a row, the horizon does at the latest; rewards count by their sign on both sides. What is
compared is the mean return of each policy: a dream may be too generous, if it is so to all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.collection.policies import Policy
from gym_diamond.collection.roster import make_policy
from gym_diamond.collection.scripted import COURTS
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.correlation import pearson, spearman
from gym_diamond.evaluation.dreaming import Dreams, Playable
from gym_diamond.evaluation.estimate import estimate, interval, resamples
from gym_diamond.evaluation.reality import Moment, RealGames, contexts, drivers, moments, real_games
from gym_diamond.evaluation.rollout import MAX_ROWS
from gym_diamond.world_models.protocol import WorldModel, WorldSpec

LADDER = (  # where there is a script: from a player in a corner to one who hardly ever lapses
    "always:RIGHT@0.1",
    "always:LEFT@0.1",
    "always:NOOP@0.1",
    "random",
    "sticky",
    "scripted:5",
    "scripted:15",
    "scripted:40",
    "scripted",
    "scripted:1000",
    "scripted@0.6",
    "scripted@0.3",
)


class Seat(NamedTuple):
    """A policy in the place of one row, with a random stream of its own: what it does depends on no other row."""

    policy: Policy
    row: np.ndarray  # (1,) int64, its row of the policy's memory
    rng: np.random.Generator

    def act(self, frame: np.ndarray) -> int:
        """The action where `frame` `(H, W, C)` uint8 is seen."""
        return int(self.policy.act(self.row, frame[None], self.rng)[0])


def lineup(spec: WorldSpec) -> tuple[str, ...]:
    """The policies that are ranked by default: a ladder of scripts for Breakout and Pong, else random, sticky and each
    action for ever, which trained policies should be added to."""
    if spec.game in COURTS:
        return LADDER
    return "random", "sticky", *(f"always:{meaning}" for meaning in spec.action_meanings)


def enlist(names: Sequence[str], spec: WorldSpec, num_starts: int) -> list[Policy]:
    """The policies called `names` (see `collection/roster.py`), ready for `ranking` over `num_starts`.

    Raises:
        InvalidArgument: there is no such policy, or it does not fit the game; or there are fewer than three.
        InvalidWorld: a world directory holds no policy, or one that does not fit the game.
        MissingExtra: a .zip is given and stable-baselines3 is not installed.
    """
    if len(names) < 3:
        raise InvalidArgument(f"The policies to be ranked are {', '.join(names)}; there must be at least 3.")
    return [make_policy(name, spec, 2 * num_starts) for name in names]


def ranking(
    world: WorldModel[Any, Any],
    policies: Sequence[Policy],
    context: int,
    num_starts: int = 32,
    horizon: int = 50,
    seed: int = 0,
    advance: Callable[[int], object] = lambda steps: None,
) -> dict[str, Any]:
    """The section "ranking" of metrics.json.

    Args:
        world: what dreams; its game is played in the emulator.
        policies: P of them, as `enlist` gives them for as many starts.
        context: frames of play that a dream is shown.
        num_starts: S moments; every policy takes over at each of them.
        horizon: steps, at most.
        seed: of the games, the players and the noise.
        advance: told the dreamt steps; in all P x S x `horizon`, dreams that end early included.

    Raises:
        InvalidArgument: a number is below 1.
        UnknownGame: ALE has no such game.
        MissingExtra: the emulator is not installed.
    """
    for name, value in (("num_starts", num_starts), ("horizon", horizon)):
        if value < 1:
            raise InvalidArgument(f"{name} is {value}; it must be at least 1.")
    games = real_games(world.spec, len(policies), seed)
    starts = moments(games, drivers(world.spec), context, seed)
    return measure(world, games, starts, policies, num_starts, horizon, seed, advance)


def measure(
    world: WorldModel[Any, Any],
    games: RealGames,
    starts: Iterator[Moment],
    policies: Sequence[Policy],
    num_starts: int,
    horizon: int,
    seed: int,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    """As `ranking`, with `games`, a row for each policy, that come to stand at each of the `starts`."""
    played = real_play(games, policies, islice(starts, num_starts), horizon, seed)
    real, dreamt = np.zeros((2, num_starts, len(policies)))
    first = 0
    while part := list(islice(played, max(1, MAX_ROWS // len(policies)))):
        rows = slice(first, first + len(part))
        real[rows] = [returns for _, returns in part]
        dreamt[rows] = dreamt_play(world, policies, [m for m, _ in part], first, num_starts, horizon, seed, advance)
        first = rows.stop
    return {**summary([policy.name for policy in policies], real.T, dreamt.T), "horizon": horizon}


def real_play(
    games: RealGames, policies: Sequence[Policy], starts: Iterable[Moment], horizon: int, seed: int
) -> Iterator[tuple[Moment, np.ndarray]]:
    """Each of the `starts` at which `games` come to stand, with the returns `(P,)` of the policies from there."""
    for start, moment in enumerate(starts):
        seats = [take_seat(policy, start, (seed, p, start), moment) for p, policy in enumerate(policies)]
        frames = np.stack([moment.frames[-1]] * len(policies))
        yield moment, play_out(games, seats, frames, horizon, lambda steps: None)


def dreamt_play(
    world: WorldModel[Any, Any],
    policies: Sequence[Policy],
    starts: Sequence[Moment],
    first: int,
    num_starts: int,
    horizon: int,
    seed: int,
    advance: Callable[[int], object],
) -> np.ndarray:
    """The returns `(S', P)` that the policies make in dreams from `starts`, the first of which has the number `first`.

    All dreams from start i have the noise of `seed + i`. Policies remember in rows from `num_starts` on, because in
    those below it they remember the real games.
    """
    places = [(start, p) for start in range(first, first + len(starts)) for p in range(len(policies))]
    bank = contexts([starts[start - first] for start, _ in places])
    dreams = Dreams(world, bank, [seed + start for start, _ in places])
    seats = [take_seat(policies[p], num_starts + start, (seed, p, start), starts[start - first]) for start, p in places]
    returns = play_out(dreams, seats, bank.frames[:, -1], horizon, advance)
    return returns.reshape(len(starts), len(policies))  # (S'*P,) -> (S', P)


def take_seat(policy: Policy, row: int, stream: tuple[int, ...], moment: Moment) -> Seat:
    """`policy` in its `row`, ready for the last frame of `moment`: it has seen those before it, and chosen in vain."""
    seat = Seat(policy, np.array([row]), np.random.default_rng(stream))
    policy.begin(seat.row)
    for frame in moment.frames[moment.is_real][:-1]:
        seat.act(frame)
    return seat


def play_out(
    rows: Playable, seats: Sequence[Seat], frames: np.ndarray, horizon: int, advance: Callable[[int], object]
) -> np.ndarray:
    """The sums `(R,)` of the rewards that each seat gets before its row is over, and with that step.

    Args:
        rows: R real games, or dreams.
        seats: R.
        frames: `(R, H, W, C)` uint8, what is seen at first.
        horizon: steps, at most.
        advance: told R after each step, and at the end what was spared.
    """
    returns, alive = np.zeros(len(seats)), np.ones(len(seats), np.bool_)
    for left in reversed(range(horizon)):
        step = rows.step(np.array([seat.act(frame) for seat, frame in zip(seats, frames, strict=True)]))
        returns += step.rewards * alive
        alive &= ~step.over
        frames = step.frames
        advance(len(seats))
        if not alive.any():
            advance(len(seats) * left)
            break
    return returns


def summary(names: Sequence[str], real: np.ndarray, dreamt: np.ndarray) -> dict[str, Any]:
    """The returns of each policy and how they correlate over policies, as JSON.

    The 95% intervals are those over resampled starts: all policies began at the same, so they are resampled together.
    A coefficient is None where all policies fare the same.

    Args:
        names: of the P policies.
        real, dreamt: `(P, S)`, their returns from each start.
    """
    picks = resamples(real.shape[1])  # (R, S)
    resampled = [np.moveaxis(returns[:, picks].mean(axis=2), 0, 1) for returns in (real, dreamt)]  # (P, R, S) -> (R, P)
    coefficients = {}
    for name, correlate in (("pearson", pearson), ("spearman", spearman)):
        mean, values = float(correlate(real.mean(axis=1), dreamt.mean(axis=1))), correlate(*resampled)
        values = values[~np.isnan(values)]
        sure = len(values) and not np.isnan(mean) and real.shape[1] > 1  # one start resampled is always itself
        low, high = interval(values) if sure else (None, None)
        coefficients[name] = {"mean": None if np.isnan(mean) else mean, "low": low, "high": high, "n": len(names)}
    rows = zip(names, real, dreamt, strict=True)
    return {
        "policies": [{"name": name, "real": estimate(a), "dream": estimate(b)} for name, a, b in rows],
        **coefficients,
        "starts": real.shape[1],
    }
