"""What the fit loop knows of a model: something that scores a batch of real play."""

from typing import Protocol

import torch
from torch import Tensor, nn

from gym_diamond.data.segments import Segment, Window


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
