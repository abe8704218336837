"""Players of the user's own, by the module they are in: a function that sees one frame, or a class that remembers.

    python:mine:play    def play(frame): ...         from a frame (H, W, C) uint8 to an action
    python:mine:Agent   class Agent:                 many rows at once, with a memory of each: frame stacks, an LSTM
                            def __init__(self, num_rows): ...
                            def begin(self, rows): ...               an episode begins in `rows` (n,) int: forget them
                            def act(self, rows, frames, rng): ...    frames (n, H, W, C) uint8 -> actions (n,) or (n, A)

Importing a module runs it, so it must be one that is trusted.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from gym_diamond.choices import Choices
from gym_diamond.collection.policies import Policy
from gym_diamond.errors import InvalidArgument


@runtime_checkable
class Player(Protocol):
    """What a class of the user's own has to have; `Policy` tells the shapes."""

    def __init__(self, num_rows: int) -> None: ...
    def begin(self, rows: np.ndarray) -> object: ...
    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> Any: ...


class FunctionPolicy:
    """A function from a frame `(H, W, C)` uint8 to an action, a number or one for each part.

    Raises:
        InvalidArgument: the function gives what is no action.
    """

    def __init__(self, name: str, function: Callable[[np.ndarray], Any], choices: Choices) -> None:
        self.name = name
        self._function, self._choices = function, choices

    def begin(self, rows: np.ndarray) -> None:
        """Nothing to forget: a function sees one frame and remembers nothing of a row."""

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the function says of each frame."""
        return np.stack([_checked(self.name, self._function(frame), self._choices, ()) for frame in frames])


class PlayerPolicy:
    """An object of a class of the user's own, whose actions are looked at before a game takes them.

    Raises:
        InvalidArgument: it gives what are no actions, or not one for each row.
    """

    def __init__(self, name: str, player: Player, choices: Choices) -> None:
        self.name = name
        self._player, self._choices = player, choices

    def begin(self, rows: np.ndarray) -> None:
        """What the player forgets."""
        self._player.begin(rows)

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The player's actions."""
        return _checked(self.name, self._player.act(rows, frames, rng), self._choices, rows.shape)


def load_own(name: str, path: str, choices: Choices, num_rows: int) -> Policy:
    """The player called `name`: what `path`, MODULE:FUNCTION or MODULE:CLASS, is.

    Raises:
        InvalidArgument: there is nothing of that name, or it is neither a function nor a class of players.
    """
    found = _imported(name, path)
    if not isinstance(found, type):
        if not callable(found):
            raise InvalidArgument(f"Policy {name} is {found!r}; it must be a function or a class.")
        return FunctionPolicy(name, found, choices)
    if not issubclass(found, Player):
        raise InvalidArgument(
            f"Policy {name} is a class without begin or act; it needs __init__(self, num_rows), begin(self, rows) and "
            "act(self, rows, frames, rng)."
        )
    try:
        inspect.signature(found).bind(num_rows)
    except TypeError as error:
        raise InvalidArgument(f"Policy {name} cannot be made: {error}. It is called with num_rows alone.") from error
    return PlayerPolicy(name, found(num_rows), choices)


def _imported(name: str, path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, AttributeError) as error:
        raise InvalidArgument(
            f"Policy {name} cannot be imported: {error}. It must be python:MODULE:FUNCTION, a function from a frame to "
            "an action, or python:MODULE:CLASS."
        ) from error


def _checked(name: str, given: Any, choices: Choices, rows: tuple[int, ...]) -> np.ndarray:
    """The actions that were `given` for so many rows, () or (n,), as int64.

    Raises:
        InvalidArgument: they are no actions, or not so many.
    """
    try:
        actions = np.asarray(given)
        fits = actions.shape == (*rows, *choices.shape) and actions.dtype.kind in "iu" and choices.contains(actions)
    except (TypeError, ValueError):  # a list of lists of other lengths, a tensor on a GPU
        actions, fits = np.array(0), False
    if not fits:
        number = f" for each of {rows[0]} rows" if rows else ""
        raise InvalidArgument(f"{name} gave {given!r}{number}; actions are {choices.range}.")
    return actions.astype(np.int64)
