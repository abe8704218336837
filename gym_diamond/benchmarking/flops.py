"""What work must compute and move, counted, and the time that this machine needs for it at the very least.

Counted are the products alone: convolutions and matrix multiplications, at two operations for a multiply-add, each
reading its operands and writing its result once. All else could be fused into them and cost nothing. Memory between
them could stay in a cache, so the bytes are those of a step that is fused but not tiled.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from gym_diamond.benchmarking.probe import Peak
from gym_diamond.envs.compiled import engine
from gym_diamond.envs.dream import Dream
from gym_diamond.world_models import rows


class Cost(NamedTuple):
    """Of one step of all dreams together, or of one update of a fit."""

    flops: int
    bytes: int


class Floor(NamedTuple):
    """Seconds below which the work cannot come, for each of the two reasons."""

    compute: float
    memory: float

    @property
    def seconds(self) -> float:
        """The later of the two: a machine computes while it moves."""
        return max(self.compute, self.memory)


def floor(cost: Cost, peak: Peak) -> Floor:
    """What `cost` takes at the speeds that were measured of this machine."""
    return Floor(cost.flops / peak.flops_per_second, cost.bytes / peak.bytes_per_second)


@torch.no_grad()
def step_cost(dream: Dream, action: Tensor) -> Cost:
    """The cost of one step of `dream`, which was reset and stays where it is.

    It is that of the step that runs, the fast one, before it is compiled. Counted are steps of one row and of two, so
    that counting takes little memory; rows do not look at each other, so each further one costs as much as the second.

    Args:
        dream: of a world with a backend.
        action: `(N,)` or `(N, A)` int64.
    """
    world, now, step = dream.world, dream.snapshot(), engine(dream.world).step
    noise = world.draw(now.keys, now.counter)

    def cost(num_rows: int) -> Cost:
        index = torch.zeros(num_rows, dtype=torch.int64, device=world.device)
        state, drawn = rows.gather(now.state, index), rows.gather(noise, index)
        return cost_of(lambda: step(state, action[index], drawn))

    one, two, others = cost(1), cost(2), dream.num_envs - 1
    return Cost(*(first + others * (both - first) for first, both in zip(one, two, strict=True)))


def cost_of(call: Callable[[], object]) -> Cost:
    """What the products in `call` compute and move; it is called once."""
    with FlopCounterMode(display=False) as operations, _ByteCounter() as moved:
        call()
    return Cost(operations.get_total_flops(), moved.total)


class _ByteCounter(TorchDispatchMode):
    """Adds up the operands and results of all products."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.overloadpacket in flop_registry:
            tensors = [leaf for leaf in tree_leaves((args, out)) if isinstance(leaf, Tensor)]
            self.total += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return out
