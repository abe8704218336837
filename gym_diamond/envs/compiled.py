"""How a world is run: the fastest equal of its step that a machine has.

The world's own `step` stays the specification. Its backend's `faster_step` computes the same with less work;
`compile=True` compiles the networks in it; on a GPU the whole step of a `Dream` is one CUDA graph (`replay.py`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn

from gym_diamond import world_models
from gym_diamond.envs.dream import Advance, StepFunction
from gym_diamond.envs.replay import Replayed, capture_cuda


class Engine(NamedTuple):
    """What a `Dream` is given to run fast."""

    step: StepFunction
    record: Callable[[Advance], Advance] | None


def engine(model: Any, *, compile: bool = False) -> Engine:
    """The fastest step of `model`, and on a CUDA device the recorder of a dream's whole step.

    Args:
        model: a world of `checkpoint.load_world`, on its device. Its weights are copied.
        compile: compile its networks, which the first step waits for. Needs a C++ compiler on the CPU.
    """
    step = world_models.backend(model.backend).faster_step(model, compiled if compile else None)
    return Engine(step, recorder(model.device))


def recorder(device: torch.device) -> Callable[[Advance], Advance] | None:
    """What records a dream's whole step on `device`; None on a CPU, which gains nothing by it."""
    return partial(Replayed, capture=partial(capture_cuda, device)) if device.type == "cuda" else None


def compiled(network: nn.Module) -> Any:
    """`network` compiled by inductor at its first call, for the shapes and the number of threads of that call.

    Inductor keeps what it compiled in its cache on disk.
    """
    return torch.compile(network, dynamic=False, fullgraph=True)
