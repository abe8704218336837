"""Real play that goes on: a store of frames that grows while an agent plays and a fit samples from it.

Room is made ahead on the training device and filled in place, so growing by a hundred steps costs a copy of these, not
of the hundred thousand before them.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.data.recency import recency_weights
from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidArgument, InvalidDataset


class Played(NamedTuple):
    """n frames of play in the order in which they were seen, and what led to each. Parts can be laid end to end."""

    frames: np.ndarray  # (n, H, W, C) uint8
    is_first: np.ndarray  # (n,) bool: an episode begins with this frame, so nothing led to it
    actions: np.ndarray  # (n,) int64: led from the frame before to this one; 0 where it is the first
    rewards: np.ndarray  # (n,) float32, unclipped: what that brought
    terminated: np.ndarray  # (n,) bool: the episode ended with it, by a lost life or the game's end
    game_over: np.ndarray  # (n,) bool: the game itself ended

    @property
    def num_transitions(self) -> int:
        """The number of actions."""
        return int((~self.is_first).sum())


def end_to_end(parts: list[Played]) -> Played:
    """All `parts`, at least one, as one."""
    return Played(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


class GrowingStore:
    """Frames of one game on a device, with room for more. The last episode may still be running.

    Args:
        frame_shape: (H, W, C).
        capacity: frames to make room for; half as much again is added whenever it is full.
        device: where the frames are kept and sampled.
    """

    def __init__(self, frame_shape: tuple[int, int, int], capacity: int, device: torch.device | str = "cpu") -> None:
        height, width, channels = frame_shape
        self._frames = torch.empty((capacity, channels, height, width), dtype=torch.uint8, device=device)
        self._act = torch.zeros(capacity, dtype=torch.int64, device=device)
        self._rew = torch.zeros(capacity, dtype=torch.float32, device=device)
        self._end = torch.zeros(capacity, dtype=torch.bool, device=device)
        self._size = 0
        self._first: list[int] = []  # the place of each episode's first frame
        self._overs: set[int] = set()  # the places of the last frames of games

    @property
    def num_frames(self) -> int:
        """The frames that are held."""
        return self._size

    @property
    def num_transitions(self) -> int:
        """The actions that were played."""
        return self._size - len(self._first)

    def append(self, played: Played) -> None:
        """Hold `played` too. Views and episodes given before are no longer to be used.

        Raises:
            InvalidArgument: the very first frame begins no episode.
        """
        n = len(played.frames)
        if self._size == 0 and n and not played.is_first[0]:
            raise InvalidArgument("The first frame of a store must be the first of an episode.")
        self._make_room(self._size + n)
        device = self._frames.device
        self._frames[self._size : self._size + n] = torch.from_numpy(played.frames).permute(0, 3, 1, 2)  # NHWC -> NCHW
        led = np.flatnonzero(~played.is_first)
        source = torch.from_numpy(self._size + led - 1).to(device)  # an action belongs to the frame that it leaves
        self._act[source] = torch.from_numpy(played.actions[led]).to(device)
        self._rew[source] = torch.from_numpy(played.rewards[led]).to(device)
        self._end[source] = torch.from_numpy(played.terminated[led]).to(device)
        self._first += (self._size + np.flatnonzero(played.is_first)).tolist()
        self._overs |= set((self._size + np.flatnonzero(played.game_over)).tolist())
        self._size += n

    def view(self, shares: tuple[float, ...] = ()) -> SegmentStore:
        """What is held, without a copy: to be used until the next `append`.

        Args:
            shares: of the samples, that each of so many equal stretches of time gets, the oldest first; () = all play
                alike. See `recency_weights`.

        Raises:
            InvalidDataset: there is no episode with an action.
        """
        first, size = self._bounds()
        if not first:
            raise InvalidDataset("Nothing has been played yet, so there is nothing to sample from.")
        weights = recency_weights(len(first), shares)
        device = self._frames.device
        return SegmentStore(
            self._frames[:size],
            self._act[:size],
            self._rew[:size],
            self._end[:size],
            torch.tensor([*first, size], device=device),
            None if weights is None else weights.to(device),
        )

    def episodes(self, policy: str) -> list[Episode]:
        """All episodes with an action; on the CPU their frames are views, elsewhere copies.

        Args:
            policy: the name of who played.
        """
        first, size = self._bounds()
        return [self._episode(start, stop, policy) for start, stop in zip(first, [*first[1:], size], strict=True)]

    def rewards(self) -> Tensor:
        """The rewards `(steps,)` float32 of all transitions, unclipped, in no special order."""
        is_last = torch.zeros(self._size, dtype=torch.bool, device=self._rew.device)
        is_last[torch.tensor([*self._first, self._size][1:], dtype=torch.int64, device=is_last.device) - 1] = True
        return self._rew[: self._size][~is_last]

    def _bounds(self) -> tuple[list[int], int]:
        """The first frames of the episodes that have an action, and the end of the last one."""
        if self._first and self._first[-1] == self._size - 1:
            return self._first[:-1], self._size - 1
        return self._first, self._size

    def _episode(self, start: int, stop: int, policy: str) -> Episode:
        terminated = bool(self._end[stop - 2])
        return Episode(
            frames=self._frames[start:stop].permute(0, 2, 3, 1).cpu().numpy(),  # TCHW -> THWC
            actions=self._act[start : stop - 1].cpu().numpy(),
            rewards=self._rew[start : stop - 1].cpu().numpy(),
            terminated=terminated,
            truncated=not terminated,
            game_over=stop - 1 in self._overs,
            policy=policy,
        )

    def _make_room(self, size: int) -> None:
        capacity = len(self._frames)
        if size <= capacity:
            return
        extra = max(size, capacity + capacity // 2) - capacity
        self._frames = torch.cat([self._frames, self._frames.new_empty((extra, *self._frames.shape[1:]))])
        self._act, self._rew, self._end = (
            torch.cat([part, part.new_zeros(extra)]) for part in (self._act, self._rew, self._end)
        )
