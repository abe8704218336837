"""Recordings that a person brings, pictures and a log of actions each, as episodes of real play.

T actions need T+1 pictures. A recorder that stops with the last action leaves T; then that action leads to nothing that
was seen. It is dropped, and its reward and its end are counted for the step before: they would be lost otherwise.

A step that ends the game ends an episode; the next begins with the picture that this step led to.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gym_diamond.collection.frame_files import read_pictures
from gym_diamond.collection.logs import Log
from gym_diamond.collection.recordings import Recording
from gym_diamond.data.episode import Episode
from gym_diamond.data.resize import Framing, reframe
from gym_diamond.errors import InvalidArgument, InvalidDataset

PLAYER = "recorded"  # who played, as far as we know


class Imported(NamedTuple):
    """A recording, read."""

    episodes: list[Episode]
    facts: "Facts"


class Facts(NamedTuple):
    """What a recording holds, for people."""

    pictures: int
    size: tuple[int, ...]  # (H, W, C) of its pictures
    frame: tuple[int, ...]  # (h, w, c) of its frames
    dropped: bool  # the last action led to no picture
    steps: int  # after frames were skipped
    episodes: int
    ends: int
    actions: Counter[tuple[int, ...]]
    rewards: Counter[float]


def read_recording(
    recording: Recording, log: Log, framing: Framing, frame_skip: int, advance: Callable[[int], object]
) -> Imported:
    """The episodes in `recording`, and what they hold.

    Args:
        recording: its files.
        log: its T steps.
        framing: what is done to every picture.
        frame_skip: K: every K-th picture is kept, with the action that was taken there and the sum of the rewards
            until the next; the picture at which a game ends is kept too.
        advance: told how many pictures were read.

    Raises:
        InvalidDataset: the pictures cannot be read, or are neither T+1 nor T.
        InvalidArgument: the framing does not fit the pictures.
    """
    whole, shortened = cuts(log, frame_skip), cuts(without_last(log), frame_skip)
    wanted = {int(index) for cut in (*whole, *shortened) for index in cut}
    kept: dict[int, np.ndarray] = {}
    num, size = 0, ()
    for picture in read_pictures(recording.frames):
        if num in wanted:
            try:
                kept[num] = reframe(picture, framing)
            except InvalidArgument as error:
                raise InvalidDataset(f"{recording.frames}: {error}") from error
        num, size = num + 1, picture.shape
        advance(1)
    dropped = num == len(log.actions)
    if num < 2 or (not dropped and num != len(log.actions) + 1):
        raise InvalidDataset(_miscounted(recording, num, len(log.actions)))
    steps = without_last(log) if dropped else log
    episodes = [_episode(cut, kept, steps) for cut in (shortened if dropped else whole) if len(cut) > 1]
    return Imported(episodes, _facts(episodes, num, size, dropped))


def without_last(log: Log) -> Log:
    """`log` without its last action, whose reward and end are those of the step before, unless that ended a game."""
    actions, rewards, ends = log
    if len(actions) < 2 or (ends is not None and ends[-2]):  # nothing to add it to, or a step of the next game
        return Log(actions[:-1], None if rewards is None else rewards[:-1], None if ends is None else ends[:-1])
    if rewards is not None:
        rewards = np.append(rewards[:-2], rewards[-2:].sum())
    if ends is not None:
        ends = np.append(ends[:-2], ends[-2:].any())
    return Log(actions[:-1], rewards, ends)


def cuts(log: Log, frame_skip: int) -> list[np.ndarray]:
    """For each episode of `log` the indices of the pictures that are kept.

    They begin with its first picture. Where the game ended, the last is the one it ended with; what is left over of an
    episode that was cut off is left out.
    """
    num, found, first = len(log.actions), [], 0
    ends = np.zeros(num, np.bool_) if log.ends is None else log.ends
    for last in [*(np.flatnonzero(ends) + 1).tolist(), num]:
        kept = np.arange(first, last + 1, frame_skip)
        ended = last > first and ends[last - 1]
        found.append(np.append(kept, last) if ended and kept[-1] != last else kept)
        first = last
    return found


def _episode(cut: np.ndarray, kept: dict[int, np.ndarray], log: Log) -> Episode:
    first, last = cut[:-1], int(cut[-1])
    rewards = np.zeros(len(first)) if log.rewards is None else np.add.reduceat(log.rewards[:last], first)
    ended = log.ends is not None and bool(log.ends[last - 1])
    actions = log.actions[first]  # (n, A)
    return Episode(
        frames=np.stack([kept[index] for index in cut.tolist()]),
        actions=actions[:, 0] if actions.shape[1] == 1 else actions,  # (n, 1) -> (n,)
        rewards=rewards.astype(np.float32),
        terminated=ended,
        truncated=not ended,
        game_over=ended,
        policy=PLAYER,
    )


def _facts(episodes: Sequence[Episode], pictures: int, size: tuple[int, ...], dropped: bool) -> Facts:
    return Facts(
        pictures=pictures,
        size=size,
        frame=episodes[0].frames.shape[1:] if episodes else (),
        dropped=dropped,
        steps=sum(len(episode.actions) for episode in episodes),
        episodes=len(episodes),
        ends=sum(episode.terminated for episode in episodes),
        actions=Counter(action for episode in episodes for action in _tuples(episode.actions)),
        rewards=Counter(reward for episode in episodes for reward in episode.rewards.tolist()),
    )


def _tuples(actions: np.ndarray) -> Iterator[tuple[int, ...]]:
    table = actions if actions.ndim == 2 else actions[:, None]  # (n,) -> (n, 1)
    return map(tuple, table.tolist())


def _miscounted(recording: Recording, pictures: int, actions: int) -> str:
    allowed = (
        f"there must be {actions + 1} pictures, one before each action and one after the last, or {actions} if the "
        "recorder stopped with the last action"
    )
    found = f"{recording.frames} holds {pictures} pictures, and {recording.actions} {actions} actions"
    return f"{found}; {allowed}, and at least 2."
