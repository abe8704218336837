"""What was done at each step of a recording, and what it brought, in a CSV file.

The file has a header. Its columns are `action`, or several that begin with `action` (an action of several parts, one
part a column), and if they are known `reward` and `end`. Other columns are left aside. Row t is the step that leads
from picture t to picture t+1.
"""

import csv
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gym_diamond.errors import InvalidDataset

ACTION, REWARD, END = "action", "reward", "end"
MAX_UNNAMED = 1000  # actions that need no names; whoever has more has key codes
TRUE, FALSE = ("1", "1.0", "true"), ("0", "0.0", "false")


Steps = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


def read_csv(path: Path, limits: Sequence[int] | None) -> Steps:
    """The actions `(T, A)` int64, rewards `(T,)` float64 and ends `(T,)` bool in a CSV file; None: no such column.

    Args:
        path: the file.
        limits: how many actions there are in each part; None if that is not known.

    Raises:
        InvalidDataset: it is not a CSV file with a header, has no action column, or a value is not what it must be.
    """
    header, rows = _read_rows(path)
    columns = {name.strip().lower(): i for i, name in enumerate(header)}
    acting = [name for name in columns if name.startswith(ACTION) and ";" not in name]
    if not acting:
        hint = " (separated by semicolons; use commas)" if any(";" in name for name in header) else ""
        raise InvalidDataset(
            f"{path}, line 1: the header is {', '.join(header)!r}{hint}; there must be a column called action, or "
            "several whose names begin with action."
        )
    if len(columns) < len(header):
        raise InvalidDataset(f"{path}, line 1: two columns have the same name, in {', '.join(header)!r}.")
    check_parts(path, len(acting), limits)

    def column(name: str, read: Callable[[str, str], float]) -> list[float]:
        return [read(cells[columns[name]], f"{path}, line {line}, column {name}") for line, cells in rows]

    actions = [column(name, partial(_action, limit=_limit(limits, part))) for part, name in enumerate(acting)]
    return (
        np.array(actions, np.int64).T,  # (A, T) -> (T, A)
        np.array(column(REWARD, _reward), np.float64) if REWARD in columns else None,
        np.array(column(END, _end), np.bool_) if END in columns else None,
    )


def _read_rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and each row with the number of its line; empty lines at the end are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # Excel begins with a mark
            reader = csv.reader(file)
            rows = [(reader.line_num, cells) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidDataset(f"{path} cannot be read as CSV in UTF-8: {error}.") from error
    while rows and not any(cell.strip() for cell in rows[-1][1]):
        rows.pop()
    if len(rows) < 2:
        raise InvalidDataset(f"{path} has {len(rows)} lines; there must be a header and a line for each action.")
    (_, header), *rest = rows
    for line, cells in rest:
        if len(cells) != len(header):
            raise InvalidDataset(
                f"{path}, line {line}: {len(cells)} values, and the header names {len(header)} columns: "
                f"{', '.join(header)}."
            )
    return header, rest


def check_parts(path: Path, found: int, limits: Sequence[int] | None) -> None:
    """Nothing, if actions of `found` parts are what is named.

    Raises:
        InvalidDataset: they are not.
    """
    if limits is not None and len(limits) != found:
        raise InvalidDataset(
            f"{path} has {found} column{'s' if found > 1 else ''} of actions; --action-names names those of "
            f"{len(limits)}."
        )


def too_large(value: object) -> str:
    """What is wrong with the action `value` that has no name."""
    return (
        f"the action {value} would be one of more than {MAX_UNNAMED}; number the actions that there are from 0 on (are "
        "these key codes?), or name them all by --action-names"
    )


def _limit(limits: Sequence[int] | None, part: int) -> int | None:
    return None if limits is None else limits[part]


def _action(text: str, where: str, limit: int | None) -> int:
    value = _number(text)
    if value is None or not value.is_integer():
        raise InvalidDataset(f"{where}: {text!r} is not an action; actions are whole numbers from 0 on.")
    return _allowed(int(value), where, limit)


def _allowed(value: int, where: str, limit: int | None) -> int:
    if value < 0:
        raise InvalidDataset(f"{where}: the action {value} is negative; actions are whole numbers from 0 on.")
    if limit is not None and value >= limit:
        raise InvalidDataset(f"{where}: there is no action {value}; --action-names has {limit}, 0 to {limit - 1}.")
    if limit is None and value >= MAX_UNNAMED:
        raise InvalidDataset(f"{where}: {too_large(value)}.")
    return value


def _reward(text: str, where: str) -> float:
    value = _number(text)
    if value is None:
        raise InvalidDataset(f"{where}: {text!r} is not a reward; rewards are finite numbers.")
    return value


def _end(text: str, where: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE + FALSE:
        raise InvalidDataset(f"{where}: {text!r} does not say whether the game ended; that is 1 or 0, true or false.")
    return word in TRUE


def _number(text: str) -> float | None:
    """The finite number in `text`; None if there is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
