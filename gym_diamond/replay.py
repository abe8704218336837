"""A function of tensors, recorded once and replayed: how the many kernels of a step become one launch on a GPU.

A GPU waits for Python between small kernels. A CUDA graph keeps all kernels of a step, with the addresses of their
tensors, so whatever goes in is copied into the same buffers each time, and whatever comes out is copied out of them:
what was handed out is never overwritten by the next replay.

Tests run on the CPU, with a stand-in for the graph; `tests/benchmarks/same_on_a_gpu.py` is what holds a GPU to them.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

Tree = Any  # a tensor, or a tuple (named or not), list or dict of trees
Recorder = Callable[[Callable[..., Tree]], Callable[..., Tree]]
"""Of a function of trees: an equal one that is recorded at its first call."""
Capture = Callable[[Callable[[], Tree]], tuple[Tree, Callable[[], Any]]]
"""Of work that is to be recorded: what it returned, and a function that does it again, on and into the same tensors."""

WARM_UPS = 3  # runs before the recorded one, in which libraries and compilers choose their kernels


class Replayed:
    """An equal of `function` that records it at the first call, and for each new set of shapes.

    Args:
        function: of trees of tensors, with shapes and work that do not depend on values. It may read other tensors,
            weights for example, that are only ever changed in place, and must not change any.
        capture: how to record, for example with a CUDA graph (`capture_cuda`).
    """

    def __init__(self, function: Callable[..., Tree], capture: Capture) -> None:
        self._function = function
        self._capture = capture
        self._recordings: dict[Any, tuple[list[Tensor], Tree, Callable[[], Any]]] = {}

    def __call__(self, *given: Tree) -> Tree:
        shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves(given))
        if shapes not in self._recordings:
            self._recordings[shapes] = self._record(given)
        buffers, results, replay = self._recordings[shapes]
        for buffer, leaf in zip(buffers, leaves(given), strict=True):
            buffer.copy_(leaf)
        replay()
        return cloned(results)

    def _record(self, given: Tree) -> tuple[list[Tensor], Tree, Callable[[], Any]]:
        takes_gradients = torch.is_grad_enabled()
        with torch.inference_mode(False), torch.set_grad_enabled(takes_gradients):
            static = cloned(given)  # which is written to in whatever mode a later caller is
            results, replay = self._capture(lambda: self._function(*static))
        return list(leaves(static)), results, replay


def recorder(device: torch.device) -> Recorder | None:
    """What records functions on `device`; None on a CPU, which gains nothing by it."""
    return partial(Replayed, capture=partial(capture_cuda, device)) if device.type == "cuda" else None


def capture_cuda(device: torch.device, work: Callable[[], Tree]) -> tuple[Tree, Callable[[], Any]]:
    """A `Capture` by a CUDA graph on `device`."""
    with torch.cuda.device(device):
        now, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                work()
        now.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=torch.cuda.Stream()):  # the default is one stream a process, on one device
            results = work()
    return results, graph.replay


def leaves(tree: Tree) -> Iterator[Tensor]:
    """The tensors of `tree`, in order."""
    if isinstance(tree, Tensor):
        yield tree
    else:
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(part)


def cloned(tree: Tree) -> Tree:
    """`tree` with tensors of its own."""
    if isinstance(tree, Tensor):
        return tree.clone()
    if isinstance(tree, dict):
        return {key: cloned(part) for key, part in tree.items()}
    parts = [cloned(part) for part in tree]
    return type(tree)(*parts) if isinstance(tree, tuple) and type(tree) is not tuple else tuple(parts)
