"""The states in which dreams begin: what real play leaves in a world, worked out once for each context of a bank."""

from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.moments import State
from gym_diamond.world_models import rows
from gym_diamond.world_models.protocol import Context, WorldModel

PIECE = 4  # contexts burned in at once where only some are; alone each would take twice the time
CHUNK = 64  # where all are


class BurnedIn:
    """The states after the contexts of a bank, each burned in once.

    They are burned in by pieces of fixed numbers, so that a context leaves the same state, to the bit, whoever asks
    first: a network may round a row otherwise beside other rows.

    Args:
        world: the world model.
        contexts: the bank.
        lazily: burn in a piece when one of its contexts is asked for: a single dream need not wait for hundreds. It
            reads the index on the host, so it is for a CPU. False: all at the first question, whatever is asked.
    """

    def __init__(self, world: WorldModel[Any, Any], contexts: ContextBank, lazily: bool) -> None:
        self._world = world
        self._contexts = contexts
        self._size = PIECE if lazily else CHUNK
        self._lazily = lazily
        self._pieces: dict[int, State] = {}

    def at(self, index: Tensor) -> State:
        """The states after the contexts at `index` `(N,)` int, copied."""
        if not self._lazily:
            return rows.gather(self._whole, index)
        places = [divmod(i, self._size) for i in index.tolist()]
        return rows.cat([rows.take(self._piece(number), slice(i, i + 1)) for number, i in places])

    @cached_property
    def _whole(self) -> State:
        return rows.cat([self._burn_in(number) for number in range(-(-len(self._contexts) // self._size))])

    def _piece(self, number: int) -> State:
        if number not in self._pieces:
            self._pieces[number] = self._burn_in(number)
        return self._pieces[number]

    def _burn_in(self, number: int) -> State:
        index = np.arange(len(self._contexts))[number * self._size : (number + 1) * self._size]
        return self._world.reset(Context(*self._contexts.tensors(index, self._world.device)))
