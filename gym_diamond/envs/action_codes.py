"""How the numbers of a dataset stand for the actions of an env.

A world model knows choices: one of n actions, or one for each part of an action. Discrete, MultiDiscrete and
MultiBinary actions are such choices already, but for where they count from. The numbers of a Box action are each chosen
from a few declared values, its bins; these are then the names of the choices, so that a person can map them back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Space

from gym_diamond.choices import Choices, choices_of, first_choice
from gym_diamond.errors import InvalidArgument

ROUNDING = 1e-5  # a Box of float32 ends at 0.69999999 where its makers say 0.7, and is shown with six digits


@dataclass(frozen=True)
class ActionCode:
    """What is chosen, what the choices are called, and what they mean to the env."""

    choices: Choices
    meanings: tuple[str, ...]  # a name for each choice, part by part; of a Box its value
    space: Space  # the env's own
    bins: tuple[tuple[float, ...], ...] = ()  # of a Box: the values of each of its numbers, in C order

    def decode(self, action: int | np.ndarray) -> Any:
        """The env's action for the choice `action`, `()` or `(A,)` int."""
        chosen = np.asarray(action)
        if isinstance(self.space, Box):
            values = [values[i] for values, i in zip(self.bins, np.atleast_1d(chosen), strict=True)]
            return np.array(values, self.space.dtype).reshape(self.space.shape)
        moved = chosen + first_choice(self.space)
        return moved.astype(self.space.dtype) if self.choices.action_sizes else int(moved)


def code_actions(space: Space, bins: str | None = None, names: Sequence[str] = ()) -> ActionCode:
    """How actions of `space` are chosen.

    Args:
        space: Discrete, MultiDiscrete or MultiBinary of one axis, or Box.
        bins: of a Box: for each of its numbers, separated by semicolons, the values that can be chosen, separated by
            commas, or how many, spread evenly from the lowest to the highest. One entry alone serves all numbers.
        names: what the choices are called, part by part; by default their numbers. Bins are called by their values.

    Raises:
        InvalidArgument: there is no way to choose in `space`, or bins or names do not fit it.
    """
    if isinstance(space, Box):
        return _code_box(space, bins, names)
    choices = choices_of(space)
    if choices is None:
        raise InvalidArgument(
            f"The actions of this env are {space}; they must be Discrete, MultiDiscrete or MultiBinary of one axis, or "
            "a Box. Wrap the env in one that has such actions, and register that."
        )
    if bins is not None:
        raise InvalidArgument(f"--bins are for actions that are a Box; those of this env are {space}.")
    if names and len(names) != choices.num_actions:
        raise InvalidArgument(f"{len(names)} names were given for {choices.num_actions} actions, {choices.range}.")
    sizes = choices.action_sizes or (choices.num_actions,)
    return ActionCode(choices, tuple(names) or tuple(str(i) for n in sizes for i in range(n)), space)


def _code_box(space: Box, text: str | None, given: Sequence[str]) -> ActionCode:
    low, high, whole = space.low.ravel(), space.high.ravel(), np.issubdtype(space.dtype, np.integer)
    if text is None:
        example = ";".join(_example(float(a), float(b), whole) for a, b in zip(low, high, strict=True))
        raise InvalidArgument(
            f"The actions of this env are {space}: {len(low)} numbers, each to be chosen from a few values. Declare "
            f'them, for example --bins "{example}" (values), or --bins 3 (how many, evenly spread).'
        )
    if given:
        raise InvalidArgument(
            "Actions that are a Box are called by the values of their bins; leave out --action-names."
        )
    entries = text.split(";")
    entries = entries * len(low) if len(entries) == 1 else entries
    if len(entries) != len(low):
        raise InvalidArgument(f"--bins {text!r} has {len(entries)} entries for {len(low)} numbers of {space}.")
    bins = tuple(_values(entry, float(a), float(b), whole) for entry, a, b in zip(entries, low, high, strict=True))
    sizes = tuple(map(len, bins))
    choices = Choices(sum(sizes), sizes if len(sizes) > 1 else ())
    names = tuple(str(int(value)) if whole else f"{value:g}" for values in bins for value in values)
    return ActionCode(choices, names, space, bins)


def _example(low: float, high: float, whole: bool) -> str:
    middle = (low + high) // 2 if whole else (low + high) / 2
    values = dict.fromkeys((low, middle, high)) if np.isfinite([low, high]).all() else (-1.0, 0.0, 1.0)
    return ",".join(f"{value:g}" for value in values)


def _values(entry: str, low: float, high: float, whole: bool) -> tuple[float, ...]:
    """The values that one entry of the bins declares for a number from `low` to `high`, perhaps a whole one."""
    try:
        values = [float(word) for word in entry.split(",")]
    except ValueError as error:
        raise InvalidArgument(
            f"--bins has the entry {entry!r}; it must be numbers separated by commas, as in -1,0,1, or how many."
        ) from error
    is_only = low == high == values[0]  # all that there is to choose
    if "," in entry or is_only:
        return _listed(entry, values, low, high, whole)
    return _spread(entry, values[0], low, high, whole)


def _listed(entry: str, values: list[float], low: float, high: float, whole: bool) -> tuple[float, ...]:
    margin = ROUNDING * max((abs(value) for value in (low, high) if np.isfinite(value)), default=0.0)
    within = all(np.isfinite(value) and low - margin <= value <= high + margin for value in values)
    clipped = tuple(min(max(value, low), high) for value in values)
    if len(set(clipped)) < len(values) or not within or (whole and any(value % 1 for value in values)):
        kind = "distinct whole numbers" if whole else "distinct"
        raise InvalidArgument(f"--bins has the values {entry}; they must be {kind}, from {low:g} to {high:g}.")
    return clipped


def _spread(entry: str, count: float, low: float, high: float, whole: bool) -> tuple[float, ...]:
    num = int(count) if np.isfinite(count) else 0
    if num != count or num < 2 or not np.isfinite([low, high]).all():
        raise InvalidArgument(
            f"--bins has the entry {entry!r}, a number of values spread from {low:g} to {high:g}: it must be whole and "
            "at least 2, and both ends finite. Values are separated by commas, as in -1,0,1."
        )
    if whole and num - 1 > high - low:
        raise InvalidArgument(f"--bins has {num} values, and from {low:g} to {high:g} there are not as many to choose.")
    if whole:
        return tuple(np.rint(np.linspace(low, high, num)).tolist())
    # Rounded to what their names say, but not beyond the ends.
    return tuple(min(max(float(f"{value:g}"), low), high) for value in np.linspace(low, high, num))
