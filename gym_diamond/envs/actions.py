"""The actions people send and the keys they press for them."""

from itertools import combinations, product
from typing import Any

import numpy as np

from gym_diamond.choices import Choices
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import WorldSpec

MAX_PARTS = 3  # of an action of several parts that are steered at the same time: more hands than that are rare

_KEYS = {"UP": "w", "DOWN": "s", "LEFT": "a", "RIGHT": "d", "FIRE": " ", "NOOP": "e"}


def read_actions(value: Any, shape: tuple[int, ...], spec: WorldSpec) -> np.ndarray:
    """The actions in `value` as int64 of `shape`, or of `(*shape, A)` for actions of A parts.

    Raises:
        InvalidArgument: they have another shape, are no integers or are out of range.
    """
    actions, choices = np.asarray(value), spec.choices
    shape = (*shape, *choices.shape)
    if actions.shape != shape or actions.dtype.kind not in "iu":
        wanted = f"integers of shape {shape}" if shape else "one integer"
        raise InvalidArgument(f"action is {actions.dtype} of shape {actions.shape}; it must be {wanted}.")
    if not choices.contains(actions):
        names = choices.describe(spec.action_meanings, numbered=True)
        raise InvalidArgument(f"action {actions.tolist()} is out of range; {spec.game} has the actions {names}.")
    return actions.astype(np.int64)


def keys_to_action(meanings: tuple[str, ...], sizes: tuple[int, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The action of each combination of keys, as `gymnasium.utils.play` wants it: an int, or `(A,)` int64.

    WASD and the space bar where a meaning is made of UP, DOWN, LEFT, RIGHT and FIRE, as in ALE; E for NOOP; otherwise
    the digit of the action, where it has one.

    Actions of several parts, of these `sizes`, are 0 in each part whose keys are up, and digits are given out over all
    parts in turn, from 1; where two parts want the same key, the first has it. At most `MAX_PARTS` parts are steered at
    a time.
    """
    if sizes:
        return _keys_of_parts(meanings, sizes)
    table = {}
    for action, meaning in enumerate(meanings):
        keys = _spell(meaning)
        if keys is not None:
            table[keys] = action
        elif action < 10:
            table[(str(action),)] = action
    return table


def _keys_of_parts(meanings: tuple[str, ...], sizes: tuple[int, ...]) -> dict[tuple[str, ...], np.ndarray]:
    table = {(): np.zeros(len(sizes), np.int64)}
    for number in range(1, MAX_PARTS + 1):
        for steered in combinations(_part_keys(meanings, sizes), number):
            for chosen in product(*steered):
                action = np.zeros(len(sizes), np.int64)
                for _, part, choice in chosen:
                    action[part] = choice
                table.setdefault(tuple(sorted({key for keys, _, _ in chosen for key in keys})), action)
    return table


def _part_keys(meanings: tuple[str, ...], sizes: tuple[int, ...]) -> list[list[tuple[tuple[str, ...], int, int]]]:
    """For each part, the keys of its choices other than 0 that have some, with the part and the choice."""
    digits, taken = iter("1234567890"), set[tuple[str, ...]]()
    firsts = Choices(sum(sizes), sizes).first_names
    parts = []
    for part, (first, size) in enumerate(zip(firsts, sizes, strict=True)):
        found = []
        for choice in range(1, size):
            keys = _spell(meanings[first + choice])
            if keys is None or keys in taken:
                keys = tuple(next(digits, ""))
            if keys:
                found.append((keys, part, choice))
                taken.add(keys)
        parts.append(found)
    return parts


def _spell(meaning: str) -> tuple[str, ...] | None:
    keys, rest = [], meaning
    while rest:
        word = next((word for word in _KEYS if rest.startswith(word)), None)
        if word is None:
            return None
        keys.append(_KEYS[word])
        rest = rest.removeprefix(word)
    return tuple(sorted(keys))
