"""Real play as flat tensors on the training device, from which batches of windows are gathered by index.

Frames stay uint8 until they are gathered, so 100,000 Atari frames cost 1.2 GB. No sample costs a Python loop, and what
lies before an episode's first frame or after its last is marked by a mask, never by a special value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.appearances import Finder, appearances
from gym_diamond.data.episode import Episode
from gym_diamond.data.rewards import unusual
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.frames import frames_chw_to_obs


class Window(NamedTuple):
    """Which stretches of an episode of n frames may be sampled: starts -pad_before .. n - length + pad_after."""

    length: int  # T frames
    pad_before: int
    pad_after: int
    event_share: float = 0.0  # of the windows, that are laid around a reward or an end instead of anywhere
    appearance_share: float = 0.0  # of the windows, that are laid around an appearance; these come before events


class Segment(NamedTuple):
    """A batch of windows. Padding frames have obs 0; transition t is real iff both its frames are."""

    obs: Tensor  # (B, T, C, H, W) float32 in [-1, 1]
    act: Tensor  # (B, T-1) or (B, T-1, A) int64
    rew: Tensor  # (B, T-1) float32, unclipped
    end: Tensor  # (B, T-1) bool: the episode terminated with that transition
    is_real: Tensor  # (B, T) bool


@dataclass(frozen=True)
class SegmentStore:
    """All frames of many episodes, end to end. `act`, `rew` and `end` belong to the transition that leaves a frame."""

    frames: Tensor  # (N, C, H, W) uint8
    act: Tensor  # (N,) or (N, A) int64, 0 at the last frame of an episode
    rew: Tensor  # (N,) float32, 0 there
    end: Tensor  # (N,) bool, False there
    offsets: Tensor  # (E+1,) int64: episode e has the frames offsets[e] .. offsets[e+1] - 1
    weights: Tensor | None = None  # (E,) float32: how often an episode is drawn; None = as often as it has starts
    appears: Tensor | None = None  # (N,) bool: something appears with that transition; None = nobody looked

    @classmethod
    def from_episodes(cls, episodes: Sequence[Episode], device: torch.device | str = "cpu") -> Self:
        """The store of `episodes`, filled one by one, so that no second copy of all frames is ever made.

        Raises:
            InvalidDataset: there are no episodes, or their frames or actions differ in shape.
        """
        if not episodes:
            raise InvalidDataset("There are no episodes to sample from; collect some with `gym-diamond collect`.")
        shapes = {episode.frames.shape[1:] for episode in episodes}
        if len(shapes) > 1:
            raise InvalidDataset(f"All frames must have one size; these episodes have {sorted(shapes)}.")
        parts = {episode.actions.shape[1:] for episode in episodes}
        if len(parts) > 1:
            raise InvalidDataset(f"All actions must have the same parts; these episodes have {sorted(parts)}.")
        height, width, channels = shapes.pop()
        lengths = [len(episode.frames) for episode in episodes]
        offsets = np.cumsum([0, *lengths])
        frames = torch.empty((int(offsets[-1]), channels, height, width), dtype=torch.uint8, device=device)
        act = np.zeros((offsets[-1], *parts.pop()), np.int64)
        rew, end = np.zeros(offsets[-1], np.float32), np.zeros(offsets[-1], np.bool_)
        for episode, start in zip(episodes, offsets[:-1].tolist(), strict=True):
            last = start + len(episode.actions)
            frames[start : last + 1] = torch.from_numpy(episode.frames).permute(0, 3, 1, 2)  # THWC -> TCHW
            act[start:last], rew[start:last] = episode.actions, episode.rewards
            end[start:last][-1:] = episode.terminated
        small = (torch.from_numpy(array).to(device) for array in (act, rew, end, offsets.astype(np.int64)))
        return cls(frames, *small)

    def with_appearances(self, find: Finder = appearances) -> Self:
        """This store with the transitions marked that `find` finds: by default those with which something appears."""
        return replace(self, appears=find(self.frames, self.offsets))

    @cached_property
    def lengths(self) -> np.ndarray:
        """The number of frames of each episode, `(E,)` int64, where reading it does not wait for the device again."""
        return self.offsets.diff().cpu().numpy()

    @property
    def num_transitions(self) -> int:
        """The number of actions that were played."""
        return self.frames.shape[0] - self.offsets.shape[0] + 1

    def sample(self, window: Window, batch_size: int, generator: torch.Generator, rows: slice = slice(None)) -> Segment:
        """A batch drawn uniformly, with replacement, from all admissible pairs of episode and start.

        Where episodes have weights, these are the chances of those that are long enough, and the starts within one are
        equally likely. A share of `window.event_share` has an event at a random place in it instead, anywhere in the
        store. Positive rewards, negative rewards and ends take equal parts in these, as far as there are any, however
        rare each is. A share of `window.appearance_share` has an appearance there.

        Args:
            window: which starts are admissible.
            batch_size: B.
            generator: on any device; the same state gives the same batch whatever the store's device.
            rows: which of the B windows are wanted; the others are drawn and not gathered.

        Raises:
            InvalidArgument: no episode is long enough for `window`, or nobody looked for the appearances it asks for.
        """
        more = window.pad_before + window.pad_after + 1 - window.length  # starts than frames
        total = int((self.lengths + more).clip(min=0).sum())
        if total == 0:
            raise InvalidArgument(
                f"No episode has the {window.length} frames of {window}; the longest has {self.lengths.max()}."
            )
        num_starts = (self.offsets.diff() + more).clamp(min=0)  # (E,)
        if self.weights is None:
            pair = torch.randint(total, (batch_size,), generator=generator, device=generator.device)
            pair = pair.to(self.offsets.device)
            last_pair = num_starts.cumsum(0)  # (E,) one past the last pair of each episode
            episode = torch.searchsorted(last_pair, pair, right=True)  # (B,)
            place = pair - (last_pair - num_starts)[episode]
        else:
            episode, place = _draw_by_weight(self.weights, num_starts, batch_size, generator)
        start = place - window.pad_before
        for share, marks in (
            (window.event_share, lambda: self.events),
            (window.appearance_share, self._appearances),
        ):
            if share:
                around, first = self._around(marks(), window, batch_size, generator)
                chosen = torch.rand(batch_size, generator=generator, device=generator.device).to(start.device)
                chosen = (chosen < share) & (num_starts[around] > 0)
                episode, start = torch.where(chosen, around, episode), torch.where(chosen, first, start)
        return self.gather(episode[rows], start[rows], window.length)

    @cached_property
    def events(self) -> Tensor:
        """How often windows are laid around each transition `(N,)`, if around events: the kinds in equal parts.

        A reward is more or less than the usual one: a game that takes a tenth for each step has no event in that.
        """
        played = torch.ones_like(self.end)
        played[self.offsets[1:] - 1] = False  # nothing leaves an episode's last frame
        extra = torch.zeros_like(self.rew)
        extra[played] = torch.from_numpy(unusual(self.rew[played].cpu().numpy())).to(extra)
        kinds = torch.stack([extra > 0, extra < 0, self.end]).float()  # (3, N)
        return (kinds / kinds.sum(dim=1, keepdim=True).clamp(min=1)).sum(dim=0)

    def _appearances(self) -> Tensor:
        """The same, if around appearances.

        Raises:
            InvalidArgument: nobody looked for them.
        """
        if self.appears is None:
            raise InvalidArgument(
                "appearance_share is above 0, but in this play nobody looked for appearances; set it to 0."
            )
        return self.appears.float()

    def _around(
        self, weights: Tensor, window: Window, batch_size: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Episode and start of windows `(B,)` that hold a transition drawn by `weights`; any, if all of these are 0."""
        weights = torch.where(weights.sum() > 0, weights, 1.0).to(generator.device)  # (N,)
        event = torch.multinomial(weights, batch_size, replacement=True, generator=generator)
        place = torch.rand(batch_size, generator=generator, device=generator.device)
        event, place = event.to(self.offsets.device), place.to(self.offsets.device)
        episode = torch.searchsorted(self.offsets, event, right=True) - 1
        after = ((window.length - 1) * place).long()  # the frames of the window before the event's first
        start = event - self.offsets[episode] - after
        latest = self.offsets.diff()[episode] - window.length + window.pad_after
        return episode, torch.minimum(start, latest).clamp(min=-window.pad_before)

    def gather(self, episode: Tensor, start: Tensor, length: int) -> Segment:
        """The windows of `length` frames that begin at frame `start` of `episode`; padded outside the episode.

        Args:
            episode: `(B,)` int64.
            start: `(B,)` int64, may be negative.
            length: T.
        """
        first, stop = self.offsets[episode, None], self.offsets[episode + 1, None]  # (B, 1)
        index = first + start[:, None] + torch.arange(length, device=start.device)  # (B, T)
        is_real = (index >= first) & (index < stop)
        index = torch.minimum(index.maximum(first), stop - 1)
        frames = self.frames.index_select(0, index.flatten())  # twenty times as fast as self.frames[index]
        frames = frames.unflatten(0, index.shape)  # (B*T, C, H, W) -> (B, T, C, H, W)
        obs = frames_chw_to_obs(frames).mul_(is_real[:, :, None, None, None])
        source, is_transition = index[:, :-1], is_real[:, :-1] & is_real[:, 1:]  # (B, T-1)
        return Segment(
            obs=obs,
            act=self.act[source] * is_transition.view(*is_transition.shape, *[1] * (self.act.dim() - 1)),
            rew=self.rew[source] * is_transition,
            end=self.end[source] & is_transition,
            is_real=is_real,
        )


def _draw_by_weight(
    weights: Tensor, num_starts: Tensor, batch_size: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Episodes drawn by their `weights` `(E,)`, and one of the `num_starts` `(E,)` of each: `(B,)` int64, twice.

    An episode without a start is never drawn; where only such have a weight, all others are equally likely.
    """
    possible = num_starts > 0
    weights = torch.where(possible, weights, 0.0)
    weights = torch.where(weights.sum() > 0, weights, possible.float()).to(generator.device)
    episode = torch.multinomial(weights, batch_size, replacement=True, generator=generator)
    place = torch.rand(batch_size, generator=generator, device=generator.device, dtype=torch.float64)
    episode, place = episode.to(num_starts.device), place.to(num_starts.device)
    return episode, (place * num_starts[episode]).long()
