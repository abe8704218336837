"""Who plays when data is collected.

A policy sees frames and nothing else, many rows at once. Every kind of play that a dream should be right about has to
be in the data: aimless play meets few situations, so `sticky` and `scripted` reach those that matter, and what was
trained in a dream goes where that dream has to be right.
"""

import json
import random
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from gym_diamond.choices import choices_of
from gym_diamond.errors import InvalidArgument, MissingExtra


class Policy(Protocol):
    """Someone who plays many rows. What it remembers of a row, it forgets when an episode begins there."""

    name: str

    def begin(self, rows: np.ndarray) -> None:
        """Forget `rows` `(n,)` int: an episode begins there."""
        ...

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The actions `(n,)` or `(n, A)` int64 in `rows` `(n,)` int, where `frames` `(n, H, W, C)` uint8 are seen."""
        ...


Limits = int | tuple[int, ...]  # n actions, or those of each part of an action of several parts


class RandomPolicy:
    """Every action is as likely as any other."""

    def __init__(self, limits: Limits) -> None:
        self.name = "random"
        self._limits = limits

    def begin(self, rows: np.ndarray) -> None:
        """Nothing to forget."""

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Uniform actions."""
        return _draw(self._limits, len(rows), rng)


class StickyPolicy:
    """A random action, held for a random while of `mean_hold` steps on average (geometric): it gets around.

    Each part of an action of several parts is held for a while of its own.
    """

    def __init__(self, limits: Limits, num_rows: int, mean_hold: float = 8.0) -> None:
        self.name = "sticky"
        self._limits = limits
        self._release = 1 / mean_hold
        self._held = np.full((num_rows, *np.shape(limits)), -1)  # (num_rows,) or (num_rows, A); -1 = nothing is held

    def begin(self, rows: np.ndarray) -> None:
        """Let go of the actions held in `rows`."""
        self._held[rows] = -1

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The held actions, some of them drawn anew."""
        held = self._held[rows]
        renew = (held < 0) | (rng.random(held.shape) < self._release)
        drawn = _draw(self._limits, len(rows), rng)
        self._held[rows] = np.where(renew, drawn, held)
        return self._held[rows]


class ConstantPolicy:
    """One action for ever, a number or one for each part."""

    def __init__(self, action: int | tuple[int, ...], meaning: str) -> None:
        self.name = f"always:{meaning}"
        self._action = action

    def begin(self, rows: np.ndarray) -> None:
        """Nothing to forget."""

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The action, in each row."""
        return np.full((len(rows), *np.shape(self._action)), self._action)


class EpsilonPolicy:
    """Another policy, of whose actions a share `epsilon` is replaced by uniform ones; `name` is the other's unless
    given."""

    def __init__(self, policy: Policy, limits: Limits, epsilon: float, name: str | None = None) -> None:
        if not 0 <= epsilon <= 1:
            raise InvalidArgument(f"epsilon is {epsilon}; it is the share of random actions, from 0 to 1.")
        self.name = name or policy.name
        self._policy, self._limits, self._epsilon = policy, limits, epsilon

    def begin(self, rows: np.ndarray) -> None:
        """What the other policy forgets."""
        self._policy.begin(rows)

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The other policy's actions, some replaced."""
        chosen = self._policy.act(rows, frames, rng)
        drawn = _draw(self._limits, len(rows), rng)
        replaced = rng.random(len(rows)) < self._epsilon  # all parts of an action, or none
        return np.where(replaced.reshape(-1, *[1] * (drawn.ndim - 1)), drawn, chosen)


@contextmanager
def _streams_kept() -> Iterator[None]:
    """The global streams of random numbers are afterwards what they were: somebody may be training meanwhile."""
    here, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []):
            yield
    finally:
        random.setstate(here)
        np.random.set_state(numpy)  # noqa: NPY002


class SB3Policy:
    """What stable-baselines3 (PPO, A2C, DQN) or sb3-contrib (RecurrentPPO) trained and saved as a .zip.

    Stochastic policies are sampled from; DQN is greedy. A stack of k frames is filled with the first one when an
    episode begins. Loading such a file runs code that is in it: load only what you trust.
    """

    def __init__(self, path: Path, limits: Limits, num_rows: int, frame_shape: tuple[int, int, int]) -> None:
        self.name = path.stem
        algorithm = _sb3_algorithm(path)
        with _streams_kept():  # loading seeds them all
            self._model = _load_sb3(algorithm, path)
        self._deterministic = algorithm.__name__ == "DQN"
        height, width, channels = frame_shape
        seen = self._model.observation_space.shape  # (k*C, H, W) or (H, W, k*C)
        stacks = {(*order,): k for k in range(1, 17) for order in _image_orders(height, width, k * channels)}
        choices = choices_of(self._model.action_space)
        if seen not in stacks or choices is None or choices.limits != limits:
            raise InvalidArgument(
                f"{path} was trained on observations {seen} with actions {self._model.action_space}; "
                f"it must see {frame_shape} frames, or a stack of them, and have {limits} actions."
            )
        self._stack = np.zeros((num_rows, stacks[seen], *frame_shape), np.uint8)  # oldest first
        self._channels_first = seen[1:] == (height, width)
        self._fresh = np.ones(num_rows, np.bool_)
        self._memory: tuple[np.ndarray, ...] | None = None  # each (layers, num_rows, D)

    def begin(self, rows: np.ndarray) -> None:
        """Forget the frames and the memory of `rows`."""
        self._fresh[rows] = True

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the trained policy does, drawn from a random stream that `rng` seeds."""
        fresh = self._fresh[rows]
        self._stack[rows] = np.roll(self._stack[rows], -1, axis=1)
        self._stack[rows, -1] = frames
        self._stack[rows[fresh]] = frames[fresh][:, None]
        self._fresh[rows] = False
        n, k, height, width, channels = self._stack[rows].shape
        obs = self._stack[rows].transpose(0, 2, 3, 1, 4).reshape(n, height, width, k * channels)
        if self._channels_first:
            obs = obs.transpose(0, 3, 1, 2)  # (n, H, W, k*C) -> (n, k*C, H, W)
        memory = None if self._memory is None else tuple(part[:, rows] for part in self._memory)
        with torch.random.fork_rng(devices=[]):  # the library samples from the global stream: give it one of its own
            torch.default_generator.manual_seed(int(rng.integers(2**63)))  # `torch.manual_seed` would seed GPUs as well
            actions, memory = self._model.predict(
                obs, state=memory, episode_start=fresh, deterministic=self._deterministic
            )
        self._remember(rows, memory)
        return np.asarray(actions, np.int64)

    def _remember(self, rows: np.ndarray, memory: tuple[np.ndarray, ...] | None) -> None:
        if memory is None:
            return
        if self._memory is None:
            num_rows = len(self._fresh)
            self._memory = tuple(np.zeros((len(part), num_rows, part.shape[-1]), part.dtype) for part in memory)
        for kept, part in zip(self._memory, memory, strict=True):
            kept[:, rows] = part


def _draw(limits: Limits, num: int, rng: np.random.Generator) -> np.ndarray:
    """`num` uniform actions, `(num,)` or `(num, A)`."""
    return rng.integers(0, limits, (num, *np.shape(limits)))


def _image_orders(height: int, width: int, channels: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (channels, height, width), (height, width, channels)


def _load_sb3(algorithm: Any, path: Path) -> Any:
    """The agent in `path`; what it was made of has to be at hand."""
    try:
        return algorithm.load(path, device="cpu")
    except (ModuleNotFoundError, AttributeError) as error:
        raise InvalidArgument(
            f"{path} was trained with classes that cannot be found here ({error}); run this where they can be "
            "imported. Those of this project's examples can be, from a checkout of it."
        ) from error


def _sb3_algorithm(path: Path) -> Any:
    """The class that saved `path`, told from the settings in it; the file does not name its class."""
    try:
        from sb3_contrib import RecurrentPPO
        from stable_baselines3 import A2C, DQN, PPO
    except ImportError as error:
        raise MissingExtra(
            'Policies of stable-baselines3 need: pip install "gym-diamond[sb3]" (it brings sb3-contrib as well).'
        ) from error
    try:
        with zipfile.ZipFile(path) as file:
            settings = json.loads(file.read("data"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidArgument(f"{path} is not a .zip that stable-baselines3 saved: {error}") from error
    module = settings.get("policy_class", {}).get("__module__", "")
    if module.startswith("sb3_contrib.common.recurrent"):
        return RecurrentPPO
    if module.startswith("stable_baselines3.dqn"):
        return DQN
    if module.startswith("stable_baselines3.common.policies"):
        return PPO if "clip_range" in settings else A2C
    raise InvalidArgument(f"{path} was saved by {module or 'an unknown class'}; known are PPO, A2C, DQN, RecurrentPPO.")
