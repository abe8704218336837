"""What the fit loop knows of a model: something that scores a batch of real play. And what all such scores share."""

from typing import Protocol

import torch
from torch import Tensor, nn

from gym_diamond.data.segments import Segment, Window
from gym_diamond.errors import InvalidArgument


class Objective(Protocol):
    """A loss over windows of real play, and the network that it trains."""

    name: str  # also the name of its section in the fit's config
    network: nn.Module
    window: Window  # which slices of an episode it is scored on

    def loss(self, segment: Segment, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss (a scalar) and what to log beside it (detached scalars).

        Args:
            segment: a batch of windows of `window.length` frames.
            generator: where every random number of this loss comes from.
        """
        ...


def weighted_mean(value: Tensor, weight: Tensor) -> Tensor:
    """The mean of `value` under `weight`, of one shape; 0 where the weights sum to less than that of one element."""
    return (value * weight).sum() / weight.sum().clamp(min=1)


def check_share(name: str, share: float) -> None:
    """Nothing, if `share` is one.

    Raises:
        InvalidArgument: it is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise InvalidArgument(f"{name} is {share}; it is a share, from 0 to 1.")
