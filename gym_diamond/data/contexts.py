"""Start states: short slices of real play from which dreams begin, small enough to travel with a world.

A bank holds uint8 arrays, because that is what is stored, shown to people and given back by them as a context of their
own; networks get tensors from it. Padding stands on the left only, before the episode began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.archive import DAMAGED, MAX_UNPACKED_BYTES, check_archive
from gym_diamond.data.episode import Episode
from gym_diamond.data.rewards import usual
from gym_diamond.errors import InvalidArgument, InvalidDataset, InvalidWorld
from gym_diamond.files import replacing
from gym_diamond.frames import to_obs

HEADERS = 2**12  # bytes, and more than those of three arrays
LOOKAHEAD = 10  # a context "before a reward" ends 1 to 10 steps before it

_DTYPES = {"frames": np.dtype(np.uint8), "actions": np.dtype(np.int64), "is_real": np.dtype(np.bool_)}


@dataclass(frozen=True)
class ContextBank:
    """N slices of real play of T frames each, oldest frame first, as NumPy arrays."""

    frames: np.ndarray  # (N, T, H, W, C) uint8, 0 where it is padding
    actions: np.ndarray  # (N, T-1) or (N, T-1, A) int64; actions[:, t] led to frames[:, t+1]; 0 where padding
    is_real: np.ndarray  # (N, T) bool; False = padding before the episode began; the last is always real

    def __post_init__(self) -> None:
        arrays = {"frames": self.frames, "actions": self.actions, "is_real": self.is_real}
        for name, array in arrays.items():
            if array.dtype != _DTYPES[name]:
                raise InvalidArgument(f"{name} of a context bank is {array.dtype}; it must be {_DTYPES[name]}.")
        num, length = self.frames.shape[:2]
        fits = self.actions.shape[:2] == (num, length - 1) and self.is_real.shape == (num, length)
        if self.frames.ndim != 5 or self.actions.ndim not in (2, 3) or num < 1 or not fits:
            raise InvalidArgument(
                "A context bank needs frames (N, T, H, W, C), actions (N, T-1) or (N, T-1, A) and is_real (N, T) with "
                f"N at least 1, not {self.frames.shape}, {self.actions.shape} and {self.is_real.shape}."
            )
        if not self.is_real[:, -1].all() or (self.is_real[:, :-1] & ~self.is_real[:, 1:]).any():
            raise InvalidArgument("Padding must stand before the real frames, and the last frame must be real.")

    def __len__(self) -> int:
        return len(self.frames)

    def tensors(
        self, index: Sequence[int] | np.ndarray | None = None, device: torch.device | str = "cpu"
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Obs `(B, T, C, H, W)` float32, act `(B, T-1)` or `(B, T-1, A)` int64 and is_real `(B, T)` bool, on `device`.

        Args:
            index: which contexts, in which order, `(B,)`; None = all.
            device: where to.
        """
        chosen = slice(None) if index is None else np.asarray(index, np.int64)
        is_real = torch.from_numpy(self.is_real[chosen].copy()).to(device)
        obs = to_obs(torch.from_numpy(self.frames[chosen].copy()).to(device))
        act = torch.from_numpy(self.actions[chosen].copy()).to(device)
        return obs * is_real[:, :, None, None, None], act, is_real

    def save(self, path: Path | str) -> None:
        """Write the bank to `path` (.npz), compressed, all or nothing.

        Raises:
            InvalidArgument: there are more than `load` would read back.
            OSError: the folder is not writable, or the disk is full.
        """
        size = self.frames.nbytes + self.actions.nbytes + self.is_real.nbytes + HEADERS
        if size > MAX_UNPACKED_BYTES:
            raise InvalidArgument(
                f"{len(self):,} start states take {size:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read back, so "
                f"keep at most {len(self) * MAX_UNPACKED_BYTES // size:,}."
            )
        with replacing(Path(path)) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, frames=self.frames, actions=self.actions, is_real=self.is_real)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """The bank at `path`; nothing in the file is executed.

        Raises:
            InvalidWorld: the file is missing, damaged, or its arrays have wrong shapes or dtypes.
        """
        try:
            check_archive(Path(path), _DTYPES)
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return cls(**{name: arrays[name] for name in _DTYPES})
        except FileNotFoundError as error:
            raise InvalidWorld(f"The start states {path} are missing; the world is not complete.") from error
        except InvalidArgument as error:
            raise InvalidWorld(f"The start states {path} do not fit together: {error}") from error
        except DAMAGED as error:
            if isinstance(error, InvalidWorld):
                raise
            raise InvalidWorld(
                f"The start states {path} cannot be read ({error}); get them anew, or make them again."
            ) from error


def cut(episodes: Sequence[Episode], num: int, length: int, rng: np.random.Generator) -> ContextBank:
    """A varied bank: a quarter beginnings of episodes (padded), a quarter just before a reward, the rest anywhere.

    No context ends with the last frame of an episode: a dream has to have somewhere to go.

    Args:
        episodes: real play.
        num: N contexts.
        length: T frames each.
        rng: decides which.

    Raises:
        InvalidDataset: there are no episodes with an action.
    """
    if num < 1 or length < 1:
        raise InvalidArgument(f"{num} contexts of {length} frames cannot be cut; both must be at least 1.")
    owner, last = moments(episodes)
    if len(owner) == 0:
        raise InvalidDataset("There is no play to cut start states from.")
    kinds = (last < length - 1, before_reward(episodes), np.ones(len(owner), np.bool_))
    counts = (num // 4, num // 4, num - 2 * (num // 4))
    picks: list[int] = []
    for kind, count in zip(kinds, counts, strict=True):
        candidates = np.flatnonzero(kind if kind.any() else kinds[-1])
        picks += rng.choice(candidates, count, replace=count > len(candidates)).tolist()
    slices = [_slice(episodes[owner[pick]], int(last[pick]), length) for pick in picks]
    frames, actions, is_real = (np.stack(arrays) for arrays in zip(*slices, strict=True))
    return ContextBank(frames, actions, is_real)


def moments(episodes: Sequence[Episode]) -> tuple[np.ndarray, np.ndarray]:
    """All frames that have a successor, `(steps,)` int64 each: the index of their episode, and their place in it."""
    lengths = np.array([len(episode.actions) for episode in episodes], np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return owner, np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)


def before_reward(episodes: Sequence[Episode]) -> np.ndarray:
    """Which of all `moments` a reward follows, 1 to `LOOKAHEAD` steps later in the same episode: `(steps,)` bool.

    What a game pays or takes at most steps is no such reward.
    """
    owner, _ = moments(episodes)
    rewards = np.concatenate([episode.rewards for episode in episodes])
    rewarded = rewards != usual(rewards)
    found = np.zeros_like(rewarded)
    for ahead in range(min(LOOKAHEAD, len(rewarded))):
        stop = len(rewarded) - ahead
        found[:stop] |= rewarded[ahead:] & (owner[ahead:] == owner[:stop])
    return found


def _slice(episode: Episode, last: int, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    num_real = min(length, last + 1)
    first = last + 1 - num_real
    frames = np.zeros((length, *episode.frames.shape[1:]), np.uint8)
    frames[length - num_real :] = episode.frames[first : last + 1]
    actions = np.zeros((length - 1, *episode.actions.shape[1:]), np.int64)
    actions[length - num_real :] = episode.actions[first:last]
    return frames, actions, np.arange(length) >= length - num_real
