"""What a step must compute and move, counted, and the time that this machine needs for it at the very least.

Counted are the products alone: convolutions and matrix multiplications, at two operations for a multiply-add, each
reading its operands and writing its result once. All else could be fused into them and cost nothing. Memory between
them could stay in a cache, so the bytes are those of a step that is fused but not tiled.
"""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from gym_diamond.benchmarking.probe import Peak
from gym_diamond.envs.dream import Dream


class Cost(NamedTuple):
    """Of one step of all dreams together."""

    flops: int
    bytes: int


class Floor(NamedTuple):
    """Seconds below which a step cannot come, for each of the two reasons."""

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
    """The cost of one step of `dream`, which was reset and stays where it is; nothing is computed for it.

    Args:
        dream: its world is counted as it is written, not as it is compiled.
        action: `(N,)` or `(N, A)` int64.
    """
    ours: Any = dream.world
    world = copy.deepcopy(ours).to("meta")  # shapes without values
    now = dream.snapshot()
    state = type(now.state)(*(leaf.to("meta") for leaf in now.state))
    noise = world.draw(now.keys.to("meta"), now.counter.to("meta"))
    return cost_of(lambda: world.step(state, action.to("meta"), noise))


def cost_of(call: Callable[[], object]) -> Cost:
    """What the products in `call` compute and move."""
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
