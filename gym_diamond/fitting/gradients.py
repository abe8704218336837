"""From a batch to gradients: the part of an update that is nearly all of its work, and can be compiled and recorded.

It is a function of tensors that changes none. So on a GPU, which waits for Python between the thousands of small
kernels of a loss and its way back, it is one CUDA graph (`gym_diamond/replay.py`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond.data.segments import Segment
from gym_diamond.hardware import ComputePrecision
from gym_diamond.world_models.objective import Objective


class Scored(NamedTuple):
    """What a batch, or a part of it, says about a network."""

    loss: Tensor  # a detached scalar
    metrics: dict[str, Tensor]  # the same, to be logged beside it
    gradients: tuple[Tensor, ...]  # of the network's parameters, in their order, and like them in memory


Score = Callable[[Segment, Any, Tensor], Scored]
"""Of a segment, its noise and the counts of the whole batch, as `Objective.loss` takes them."""


def scorer(objective: Objective[Any], precision: ComputePrecision = "fp32", compiled: bool = False) -> Score:
    """What takes the loss of `objective` and its gradients.

    Args:
        objective: every parameter of its network must have a part in its loss.
        precision: what the network computes in; the gradients are in the parameters' own.
        compiled: compile the loss, and with it the way back, at the first call.
    """
    loss_of = torch.compile(objective.loss, fullgraph=True, dynamic=False) if compiled else objective.loss
    parameters = tuple(objective.network.parameters())

    def score(segment: Segment, noise: Any, counts: Tensor) -> Scored:
        # Entered anew in each call, so that a recording holds the conversion of the weights as they are by then.
        with torch.autocast(segment.obs.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss, metrics = loss_of(segment, noise, counts)
        gradients = torch.autograd.grad(loss, parameters)
        return Scored(loss.detach(), metrics, tuple(map(_laid_out_like, parameters, gradients)))

    return score


def _laid_out_like(parameter: Tensor, gradient: Tensor) -> Tensor:
    """`gradient` with the strides of `parameter`, which a fused optimizer does not ask for and counts on."""
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)
