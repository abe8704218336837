"""The log of a recording: its actions, and its rewards and ends where something tells them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gym_diamond.collection.log_arrays import read_actions, read_ends, read_rewards
from gym_diamond.collection.log_csv import END, REWARD, read_csv
from gym_diamond.collection.recordings import Recording
from gym_diamond.errors import InvalidDataset


class Log(NamedTuple):
    """All steps of a recording."""

    actions: np.ndarray  # (T, A) int64; A = 1 where actions have one part
    rewards: np.ndarray | None  # (T,) float64; None where nothing tells them
    ends: np.ndarray | None  # (T,) bool: the game ended with that step


def read_log(recording: Recording, limits: Sequence[int] | None) -> Log:
    """The steps of `recording`.

    Args:
        recording: its files.
        limits: how many actions there are in each part; None if that is not known.

    Raises:
        InvalidDataset: a file cannot be read, or a value in it is not what it must be.
    """
    if recording.actions.suffix.lower() == ".csv":
        log = Log(*read_csv(recording.actions, limits))
    else:
        log = Log(read_actions(recording.actions, limits), None, None)
    for name, path, read in ((REWARD, recording.rewards, read_rewards), (END, recording.ends, read_ends)):
        if path is None:
            continue
        if getattr(log, f"{name}s") is not None:
            raise InvalidDataset(f"{recording.actions} has a column {name}, and {path} says it too. Leave one away.")
        values = read(path)
        if len(values) != len(log.actions):
            raise InvalidDataset(
                f"{path} holds {len(values)} {name}s, and {recording.actions} {len(log.actions)} actions. There must "
                "be as many."
            )
        log = log._replace(**{f"{name}s": values})
    return log
