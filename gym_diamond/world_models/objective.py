"""What the fit loop knows of a model: something that scores a batch of real play. And what all such scores share.

A loss is a pure function of (segment, noise, counts). So it can be compiled, and any part of the rows of a batch can be
scored elsewhere: the losses of the parts, and with them their gradients, add up to those of the whole batch, because
the noise of a row is that of its place in the batch, and because each part divides by the counts of the whole.
"""

from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from gym_diamond.data.segments import Segment, Window
from gym_diamond.errors import InvalidArgument

Noise = TypeVar("Noise", bound=tuple[Tensor, ...])


class Objective(Protocol[Noise]):
    """A loss over windows of real play, and the network that it trains."""

    name: str  # also the name of its section in the fit's config
    network: nn.Module
    window: Window  # which slices of an episode it is scored on

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> Noise:
        """All that is random in the loss of the rows `rows` of a batch, on the device of the generator.

        It is drawn for the whole batch first, so a row has the same noise whichever others are asked for beside it.
        """
        ...

    def counts(self, is_real: Tensor) -> Tensor:
        """How many elements of windows with `is_real` `(B, T)` count in each mean that the loss is made of: `(n,)`."""
        ...

    def loss(self, segment: Segment, noise: Noise, counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss (a scalar) and what to log beside it (detached scalars); of a part of a batch, its share of them.

        Args:
            segment: windows of `window.length` frames: a batch or some of its rows.
            noise: what `draw` gave for these rows.
            counts: `(n,)` what `counts` gives for the whole batch.
        """
        ...


def weighted_mean(value: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """The mean of `value` under `weight`, of one shape, or the share of it that a part of the batch has.

    Args:
        value, weight: of the part.
        count: what the weights of the whole batch sum to. Below 1 the mean is 0.
    """
    return (value * weight).sum() / count.clamp(min=1)


def check_share(name: str, share: float) -> None:
    """Nothing, if `share` is one.

    Raises:
        InvalidArgument: it is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise InvalidArgument(f"{name} is {share}; it is a share, from 0 to 1.")
