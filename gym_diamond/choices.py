"""What is chosen at each step of a game: one of n actions, or one of each part of an action of several parts.

A Discrete action is a number in [0, n). An action of a MultiDiscrete space, for example of [3, 2], has A = 2 parts with
a number each, in [0, 3) and in [0, 2). Both have names for what can be chosen: n of them, or 3 + 2, part by part. So
actions have the shape (...) or (..., A), and everything that holds them is told which by one tuple, `action_sizes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.spaces import Discrete, MultiBinary, MultiDiscrete, Space

from gym_diamond.errors import InvalidArgument


@dataclass(frozen=True)
class Choices:
    """The actions of a game.

    Raises:
        InvalidArgument: a number is below 1, or the parts do not sum to `num_actions`.
    """

    num_actions: int  # names: n, or the sum over all parts
    action_sizes: tuple[int, ...] = ()  # of the parts of a MultiDiscrete action; () = Discrete

    def __post_init__(self) -> None:
        if min((self.num_actions, *self.action_sizes)) < 1:
            raise InvalidArgument(f"num_actions {self.num_actions} and action_sizes {self.action_sizes} must be >= 1.")
        if self.action_sizes and sum(self.action_sizes) != self.num_actions:
            raise InvalidArgument(
                f"action_sizes {self.action_sizes} sum to {sum(self.action_sizes)}, but num_actions is "
                f"{self.num_actions}; it counts what can be chosen in all parts together."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one action: () or (A,)."""
        return (len(self.action_sizes),) if self.action_sizes else ()

    @property
    def limits(self) -> int | tuple[int, ...]:
        """n, or that of each part: the first number that cannot be chosen."""
        return self.action_sizes or self.num_actions

    @property
    def first_names(self) -> tuple[int, ...]:
        """The place `(A,)` of each part's first name among all: [3, 2] has them at 0 and 3. A Discrete action has 0."""
        sizes = (self.num_actions,) if not self.action_sizes else self.action_sizes
        return tuple(sum(sizes[:part]) for part in range(len(sizes)))

    @property
    def space(self) -> Discrete | MultiDiscrete:
        """The space of one action."""
        return MultiDiscrete(list(self.action_sizes)) if self.action_sizes else Discrete(self.num_actions)

    @property
    def range(self) -> str:
        """What can be chosen, in words: "0 to 3", or "0 to 2 and 0 to 1 in its 2 parts"."""
        if not self.action_sizes:
            return f"0 to {self.num_actions - 1}"
        return f"{' and '.join(f'0 to {n - 1}' for n in self.action_sizes)} in its {len(self.action_sizes)} parts"

    def describe(self, names: tuple[str, ...], *, numbered: bool = False) -> str:
        """All `names`, part by part: "STAY, LEFT and COAST, GAS", or "0 STAY, 1 LEFT and 0 COAST, 1 GAS"."""
        sizes = self.action_sizes or (self.num_actions,)
        parts = [names[first : first + n] for first, n in zip(self.first_names, sizes, strict=True)]
        if numbered:
            parts = [tuple(f"{i} {name}" for i, name in enumerate(part)) for part in parts]
        return " and ".join(", ".join(part) for part in parts)

    def contains(self, actions: np.ndarray) -> bool:
        """Whether all `actions`, integers of shape (...) or (..., A), can be chosen."""
        shape = actions.shape[actions.ndim - len(self.shape) :]
        return shape == self.shape and bool((actions >= 0).all() and (actions < self.limits).all())


def choices_of(space: Space) -> Choices | None:
    """What is chosen in `space`; None if it is not Discrete, a MultiDiscrete of one axis, or a MultiBinary of one.

    A MultiBinary(k) is a MultiDiscrete([2] * k).
    """
    if isinstance(space, Discrete):
        return Choices(int(space.n))
    if isinstance(space, MultiBinary) and len(space.shape) == 1:
        return Choices(2 * space.shape[0], (2,) * space.shape[0])
    if isinstance(space, MultiDiscrete) and len(space.shape) == 1:
        return Choices(int(space.nvec.sum()), tuple(space.nvec.tolist()))
    return None


def split_names(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """The names of the choices in each part, which are given as "NOOP,LEFT,RIGHT", one string for each part.

    Raises:
        InvalidArgument: a part has a name twice, or an empty one.
    """
    split = [tuple(name.strip() for name in part.split(",")) for part in parts]
    for part, names in zip(parts, split, strict=True):
        if "" in names or len(set(names)) < len(names):
            raise InvalidArgument(f"--action-names {part} must be distinct names, as in NOOP,LEFT,RIGHT.")
    return split


def first_choice(space: Space) -> np.ndarray:
    """The number from which `space` counts, () or `(A,)` int64, which is 0 here: subtract it from its actions."""
    if isinstance(space, (Discrete, MultiDiscrete)):
        return np.asarray(space.start, np.int64)
    return np.zeros(space.shape or (), np.int64)
