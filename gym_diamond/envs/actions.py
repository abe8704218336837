"""The actions people send and the keys they press for them."""

from typing import Any

import numpy as np

from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import WorldSpec

_KEYS = {"UP": "w", "DOWN": "s", "LEFT": "a", "RIGHT": "d", "FIRE": " ", "NOOP": "e"}


def read_actions(value: Any, shape: tuple[int, ...], spec: WorldSpec) -> np.ndarray:
    """The actions in `value` as int64 of `shape`.

    Raises:
        InvalidArgument: they have another shape, are no integers or are out of range.
    """
    actions = np.asarray(value)
    if actions.shape != shape or actions.dtype.kind not in "iu":
        wanted = f"integers of shape {shape}" if shape else "one integer"
        raise InvalidArgument(f"action is {actions.dtype} of shape {actions.shape}; it must be {wanted}.")
    if not ((actions >= 0) & (actions < spec.num_actions)).all():
        names = ", ".join(f"{i} {name}" for i, name in enumerate(spec.action_meanings))
        raise InvalidArgument(f"action {actions.tolist()} is out of range; {spec.game} has the actions {names}.")
    return actions.astype(np.int64)


def keys_to_action(meanings: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The action of each combination of keys, as `gymnasium.utils.play` wants it.

    WASD and the space bar where a meaning is made of UP, DOWN, LEFT, RIGHT and FIRE, as in ALE; E for NOOP; otherwise
    the digit of the action, where it has one.
    """
    table = {}
    for action, meaning in enumerate(meanings):
        keys = _spell(meaning)
        if keys is not None:
            table[keys] = action
        elif action < 10:
            table[(str(action),)] = action
    return table


def _spell(meaning: str) -> tuple[str, ...] | None:
    keys, rest = [], meaning
    while rest:
        word = next((word for word in _KEYS if rest.startswith(word)), None)
        if word is None:
            return None
        keys.append(_KEYS[word])
        rest = rest.removeprefix(word)
    return tuple(sorted(keys))
