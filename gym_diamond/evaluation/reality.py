"""Moments of the real game that many rows share: there every row can go its own way, and a dream can start.

The emulator's vector env cannot copy a game, and need not: rows of one seed stay identical until their actions differ.
So a driver plays the same actions in all rows up to some moment. What it saw last is the dream's context.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from gym_diamond.collection.policies import Policy, RandomPolicy, StickyPolicy
from gym_diamond.collection.scripted import COURTS, ScriptedPolicy
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.atari import FRAME_SIZE, RealAtari
from gym_diamond.errors import MissingExtra
from gym_diamond.evaluation.dreaming import Step
from gym_diamond.games import GAMES
from gym_diamond.world_models.protocol import WorldSpec

FIRST_SEED = 2**30  # a measurement with seed s is made in games seeded 2**30 + s: not those that `collect` plays
MAX_STEPS = 200  # a moment is at most so many steps (13 s) after the game began


class Moment(NamedTuple):
    """What was seen last of a life that goes on: the slice of real play from which a dream of it starts."""

    frames: np.ndarray  # (T, H, W, C) uint8, oldest first; 0 where it is padding
    actions: np.ndarray  # (T-1,) int64
    is_real: np.ndarray  # (T,) bool; False = padding before the life began
    driver: str  # who played up to it


class RealGames:
    """R copies of one real game; whenever they begin a game it is the same in all, until their actions differ.

    Args:
        env: the R copies.
        seed: of all of them, from 0 to 2**30 - 1; its games are seeded `FIRST_SEED + seed`.
    """

    def __init__(self, env: RealAtari, seed: int) -> None:
        self.num_rows = env.num_envs
        self._env = env
        self._seed = FIRST_SEED + seed % FIRST_SEED
        self._begun = np.zeros(env.num_envs, np.int64)  # games of each row; the k-th is the same in every row

    def begin(self) -> np.ndarray:
        """The first frame `(H, W, C)` uint8 of the next game, which all rows begin now."""
        if not self._begun.any():
            frames, _ = self._env.reset(seed=[self._seed] * self.num_rows)  # ten times as slow as without a seed
        else:
            while (behind := self._begun < self._begun.max()).any():  # a row whose game ended has begun one more
                self._env.reset(options={"reset_mask": behind})
                self._begun += behind
            frames, _ = self._env.reset()
        self._begun += 1
        return frames[0]

    def step(self, actions: np.ndarray) -> Step:
        """What the actions `(R,)` brought. The rows that are over play on, in their next life or game."""
        frames, rewards, terminated, truncated, info = self._env.step(actions)
        done = terminated | truncated
        self._begun += done
        return Step(frames, np.sign(rewards), done | info["life_lost"])


def obstacle(spec: WorldSpec) -> str | None:
    """Why no real game can be held against a world with this `spec`, as a sentence; None if one can."""
    if spec.game not in GAMES:
        return f"it is measured beside the real game, and only Atari's can be: {spec.game} is none of those."
    try:
        env = RealAtari(spec.game)
    except MissingExtra as error:
        return str(error)
    if (env.game.action_meanings, ()) != (spec.action_meanings, spec.action_sizes):
        theirs, ours = ", ".join(env.game.action_meanings), spec.choices.describe(spec.action_meanings)
        return f"The real {spec.game} has the actions {theirs}; this world has {ours}."
    if env.frame_shape != (spec.height, spec.width, spec.channels):
        size = (spec.height, spec.width, spec.channels)
        return f"Real games are shown in {FRAME_SIZE}x{FRAME_SIZE} RGB; this world dreams {size} frames."
    return None


def real_games(spec: WorldSpec, num_rows: int, seed: int) -> RealGames:
    """`num_rows` copies of the game of a world with this `spec`.

    Raises:
        UnknownGame: ALE has no such game.
        MissingExtra: the emulator is not installed.
    """
    return RealGames(RealAtari(spec.game, num_rows, num_threads=torch.get_num_threads()), seed)


def drivers(spec: WorldSpec) -> tuple[Policy, ...]:
    """Who plays up to the moments, in turn, one row each: random, sticky and, where there is one, scripted play."""
    aimless = RandomPolicy(spec.num_actions), StickyPolicy(spec.num_actions, 1)
    return (*aimless, ScriptedPolicy(spec.game, 1)) if spec.game in COURTS else aimless


def moments(
    games: RealGames, cast: Sequence[Policy], context: int, seed: int, max_steps: int = MAX_STEPS
) -> Iterator[Moment]:
    """Moments without end. Whenever one is handed out, all rows of `games` stand there and can be stepped.

    Each is a random number of steps, at most `max_steps`, after a game began, however many lives that took.

    Args:
        games: all rows play the same actions.
        cast: who plays, in turn.
        context: T frames to remember.
        seed: of the actions and of the numbers of steps.
        max_steps: in a game before the moment.
    """
    rng = np.random.default_rng((FIRST_SEED, seed))
    while True:
        for driver in cast:
            yield _drive(games, driver, int(rng.integers(max_steps + 1)), context, rng)


def contexts(chosen: Sequence[Moment]) -> ContextBank:
    """The slices of play before the `chosen` moments, in order."""
    frames, actions, is_real = (np.stack([moment[i] for moment in chosen]) for i in range(3))
    return ContextBank(frames, actions, is_real)


def _drive(games: RealGames, driver: Policy, num_steps: int, context: int, rng: np.random.Generator) -> Moment:
    row = np.zeros(1, np.int64)
    frames, actions = [games.begin()], []  # of this life
    driver.begin(row)
    for _ in range(num_steps):
        action = driver.act(row, frames[-1][None], rng)  # (H, W, C) -> (1, H, W, C)
        step = games.step(np.repeat(action, games.num_rows))
        if step.over[0]:
            frames, actions = [step.frames[0]], []
            driver.begin(row)
        else:
            frames, actions = [*frames, step.frames[0]][-context:], [*actions, int(action[0])]
    return _moment(frames, actions, context, driver.name)


def _moment(frames: Sequence[np.ndarray], actions: Sequence[int], context: int, driver: str) -> Moment:
    missing = context - len(frames)
    is_real = np.arange(context) >= missing
    seen = np.stack([*[np.zeros_like(frames[0])] * missing, *frames])
    taken = np.zeros(context - 1, np.int64)
    taken[missing:] = actions[len(actions) - (len(frames) - 1) :]
    return Moment(seen, taken, is_real, driver)
