"""Pixels that are brought to mean 0 and variance 1, each by what it showed so far.

A ball is two pixels of four thousand, and a background that never changes is most of what a convolution sums up: an
agent on plain pixels first has to learn to see the ball. This is what stable-baselines3's `VecNormalize` does to
observations, but here the statistics are buffers of the network, which travel in its file.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

LIMIT = 10.0  # as far from 0 as a normalized pixel gets, as in VecNormalize


class PixelStatistics(nn.Module):
    """Frames `(N, C, H, W)`, normalized by the running means and variances of each pixel.

    Args:
        shape: `(C, H, W)`.
        least_deviation: a pixel that deviates less counts as deviating so much: a dream's background flickers.
    """

    mean: Tensor  # (C, H, W)
    variance: Tensor  # (C, H, W)
    num_seen: Tensor  # () of frames

    def __init__(self, shape: Sequence[int], least_deviation: float) -> None:
        super().__init__()
        self.least_deviation = least_deviation
        self.register_buffer("mean", torch.zeros(*shape))
        self.register_buffer("variance", torch.ones(*shape))
        self.register_buffer("num_seen", torch.zeros(()))

    def forward(self, frames: Tensor) -> Tensor:
        """The normalized frames, new memory; nothing is learned of them."""
        scale = (self.variance + self.least_deviation**2).rsqrt()
        return (frames - self.mean).mul_(scale).clamp_(-LIMIT, LIMIT)  # in place, for a batch is large

    @torch.no_grad()
    def see(self, frames: Tensor) -> None:
        """Let `(N, C, H, W)` count in the means and variances, as much as each frame before; no host waits for it."""
        num = len(frames)
        if num == 0:
            return
        self.num_seen += num
        share = num / self.num_seen
        deviations = frames - self.mean
        difference = deviations.mean(dim=0)
        within = (deviations.square_().mean(dim=0) - difference.square()).clamp_(min=0)  # a third of the time of `var`
        between = (1 - share) * difference.square()  # Chan et al., of the variances of two parts
        self.variance.lerp_(within + between, share)
        self.mean.add_(share * difference)
