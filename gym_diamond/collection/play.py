"""A real game and a mixture of policies, played into a stream of episodes.

A training episode ends when a life is lost, while the game goes on and the next episode, perhaps with another policy,
begins in the middle of it: so every kind of play meets every stage of the game.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from gym_diamond.collection.policies import Policy
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument


class Games(Protocol):
    """N rows of a real game, as a vector env with SAME_STEP autoreset: `RealAtari`, or `PixelGames`.

    The infos of a step may hold `life_lost` `(N,)` bool, where an episode ends though the game goes on.
    """

    num_envs: int

    def reset(self, *, seed: int) -> tuple[np.ndarray, dict[str, Any]]: ...

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]: ...


def play(
    env: Games,
    policies: Sequence[Policy],
    weights: Sequence[float],
    num_steps: int,
    seed: int,
    proceed: Callable[[int], bool],
) -> Iterator[Episode]:
    """Episodes, each when it ends; those still running at the end come last, as truncated.

    Args:
        env: N games.
        policies: who plays; each is given whole episodes.
        weights: the share of all *steps* that each policy is to play (they need not sum to 1).
        num_steps: to play in all games together, rounded up to a multiple of N.
        seed: of the games and of the policies; together with N it determines everything.
        proceed: is called with N after each step of all games; when it returns False, play ends there.
    """
    if len(policies) != len(weights) or min(weights, default=0) < 0 or not 0 < sum(weights) < math.inf:
        raise InvalidArgument(f"There must be a weight of at least 0 for each policy, and one above 0, not {weights}.")
    rng = np.random.default_rng(seed)
    share = np.asarray(weights, np.float64) / sum(weights)
    played = np.zeros(len(policies), np.int64)  # steps by policy
    frames, _ = env.reset(seed=seed)
    player = np.full(env.num_envs, -1)  # row -> policy
    running = [_Running(frame) for frame in frames]
    _begin(np.arange(env.num_envs), player, policies, share, played)
    for _ in range(-(-num_steps // env.num_envs)):
        actions = _choose(policies, player, frames, rng)
        frames, rewards, terminated, truncated, info = env.step(actions)
        played += np.bincount(player, minlength=len(policies))
        ended = terminated | truncated | info.get("life_lost", False)
        for row, episode in enumerate(running):
            over = terminated[row] or truncated[row]
            episode.add(actions[row], rewards[row], info["final_obs"][row] if over else frames[row])
        for row in np.flatnonzero(ended):
            name = policies[player[row]].name
            game_over = bool(terminated[row])
            yield running[row].finish(name, terminated=game_over or not truncated[row], game_over=game_over)
            running[row] = _Running(frames[row])
        if ended.any():
            _begin(np.flatnonzero(ended), player, policies, share, played)
        if not proceed(env.num_envs):
            break
    for row, episode in enumerate(running):
        if episode.actions:
            yield episode.finish(policies[player[row]].name, terminated=False, game_over=False)


class _Running:
    """An episode that is being played."""

    def __init__(self, frame: np.ndarray) -> None:
        self.frames, self.actions, self.rewards = [frame], [], []

    def add(self, action: np.ndarray, reward: float, frame: np.ndarray) -> None:
        self.actions.append(action)
        self.rewards.append(reward)
        self.frames.append(frame)

    def finish(self, policy: str, *, terminated: bool, game_over: bool) -> Episode:
        return Episode(
            frames=np.stack(self.frames),
            actions=np.array(self.actions, np.int64),
            rewards=np.array(self.rewards, np.float32),
            terminated=terminated,
            truncated=not terminated,
            game_over=game_over,
            policy=policy,
        )


def _begin(
    rows: np.ndarray, player: np.ndarray, policies: Sequence[Policy], share: np.ndarray, played: np.ndarray
) -> None:
    """Give each of `rows`, in place, to the policy that is furthest behind its share of the steps."""
    for row in rows:
        playing = np.bincount(player[player >= 0], minlength=len(policies))
        behind = share * (played.sum() + len(player)) - played - playing
        chosen = int(np.argmax(np.where(share > 0, behind, -np.inf)))
        policies[chosen].begin(np.array([row]))
        player[row] = chosen


def _choose(policies: Sequence[Policy], player: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chosen: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for index, policy in enumerate(policies):
        rows = np.flatnonzero(player == index)
        if len(rows) > 0:
            chosen[index] = rows, policy.act(rows, frames[rows], rng)
    order = np.argsort(np.concatenate([rows for rows, _ in chosen.values()]))
    return np.concatenate([actions for _, actions in chosen.values()])[order]  # (N,) or (N, A)
