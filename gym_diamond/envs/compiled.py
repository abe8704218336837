"""How a world is run: the fastest equal of its step that a machine has.

The world's own `step` stays the specification. Its backend's `faster_step` computes the same with less work;
`compile=True` compiles the networks in it; on a GPU the whole step of a `Dream` is one CUDA graph (`replay.py`, a
level below).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch

from gym_diamond import world_models
from gym_diamond.envs.moments import Compiler, StepFunction
from gym_diamond.hardware import keep_freed_memory
from gym_diamond.replay import recorder


class Engine(NamedTuple):
    """What a `Dream` is given to run fast."""

    step: StepFunction
    record: Compiler | None
    compiler: Compiler | None


def engine(model: Any, *, compile: bool = False) -> Engine:
    """The fastest step of `model`, and on a CUDA device the recorder of a dream's whole step.

    Args:
        model: a world of `checkpoint.load_world`, on its device. Its weights are copied.
        compile: compile its networks, which the first step waits for. Needs a C++ compiler on the CPU.
    """
    if model.device.type == "cpu":
        keep_freed_memory()
    step = world_models.backend(model.backend).faster_step(model, compiled if compile else None)
    return Engine(step, recorder(model.device), drawing_compiler(compile))


def drawing_compiler(compile: bool) -> Compiler | None:
    """What compiles the drawing of random numbers, a hundred small operations; None if that is not asked for."""
    return partial(torch.compile, dynamic=False) if compile else None


def compiled(function: Callable[..., Any]) -> Any:
    """A network or function compiled by inductor at its first call, for the shapes and number of threads of that call.

    Inductor keeps what it compiled in its cache on disk. After some eight shapes in one process it takes no more of one
    function, or of one class of networks; those that come later run as they were written, which whole graphs
    (`fullgraph`) would not allow.
    """
    return torch.compile(function, dynamic=False)
