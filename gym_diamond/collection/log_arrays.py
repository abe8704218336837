"""What was done at each step of a recording, and what it brought, in NPY files: one for each of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gym_diamond.collection.log_csv import MAX_UNNAMED, check_parts, too_large
from gym_diamond.errors import InvalidDataset


def read_actions(path: Path, limits: Sequence[int] | None) -> np.ndarray:
    """The actions `(T, A)` int64 in an NPY file of shape (T,) or (T, A)."""
    values = _load(path, "an array of actions (T,), or (T, A) for actions of A parts", (1, 2))
    table = values if values.ndim == 2 else values[:, None]  # (T,) -> (T, 1)
    check_parts(path, table.shape[1], limits)
    whole = table.astype(np.float64) % 1 == 0  # False for NaN and infinity too
    _check(path, table, whole, lambda value: f"{value} is not an action; actions are whole numbers from 0 on")
    _check(
        path, table, table >= 0, lambda value: f"the action {value} is negative; actions are whole numbers from 0 on"
    )
    if limits is not None:
        names = " and ".join(f"{limit}" for limit in limits)
        _check(path, table, table < np.array(limits), lambda value: f"no action {value}; --action-names has {names}")
    else:
        _check(path, table, table < MAX_UNNAMED, too_large)
    return table.astype(np.int64)


def read_rewards(path: Path) -> np.ndarray:
    """The rewards `(T,)` float64 in an NPY file."""
    values = _load(path, "an array of rewards (T,)", (1,)).astype(np.float64)
    _check(path, values, np.isfinite(values), lambda value: f"{value} is not a reward; rewards are finite numbers")
    return values


def read_ends(path: Path) -> np.ndarray:
    """The ends `(T,)` bool in an NPY file."""
    values = _load(path, "an array of ends (T,)", (1,))
    _check(path, values, np.isin(values, (0, 1)), lambda value: f"{value} does not say whether the game ended: 0 or 1")
    return values.astype(np.bool_)


def _load(path: Path, what: str, num_axes: tuple[int, ...]) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InvalidDataset(f"{path} cannot be read: {error}.") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf" or values.ndim not in num_axes:
        found = f"{values.dtype} of shape {values.shape}" if isinstance(values, np.ndarray) else "several arrays"
        raise InvalidDataset(f"{path} holds {found}; it must be {what}.")
    if values.size == 0:
        raise InvalidDataset(f"{path} is empty.")
    return values


def _check(path: Path, values: np.ndarray, good: np.ndarray, complaint: Callable[[object], str]) -> None:
    """Nothing, if all is `good`; else the error names the first place that is not."""
    if not good.all():
        index = tuple(np.argwhere(~good)[0].tolist())
        column = f", column {index[1]}" if len(index) == 2 and values.shape[1] > 1 else ""
        raise InvalidDataset(f"{path}, row {index[0]} (the first is 0){column}: {complaint(values[index])}.")
