"""The convolutions between resolutions."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv3x3(in_channels: int, out_channels: int) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the resolution."""
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)


def conv1x1(in_channels: int, out_channels: int) -> nn.Conv2d:
    """A 1 x 1 convolution."""
    return nn.Conv2d(in_channels, out_channels, kernel_size=1)


class Downsample(nn.Module):
    """x at half the resolution, rounded up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1)
        nn.init.orthogonal_(self.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """x at twice the resolution: each pixel repeated, then smoothed by a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))

    @torch.no_grad()
    def as_one_convolution(self) -> nn.ConvTranspose2d:
        """The same function, to be used only: a pixel depends on 2 x 2 others, so 4 products do what here are 9.

        Taps (a, b, c) along a line weigh a repeated pixel as (a, b + c) in its left half, (a + b, c) in its right.
        """
        old = self.conv
        new = nn.ConvTranspose2d(old.in_channels, old.out_channels, kernel_size=4, stride=2, padding=1)
        taps = old.weight.new_tensor([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])  # (4, 3)
        weight = torch.einsum("ks,oist,lt->iokl", taps, old.weight, taps)  # (O, I, 3, 3) -> (I, O, 4, 4)
        new.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
        new.bias = old.bias
        return new


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """`x` `(B, C, H, W)` padded with zeros at the bottom and right until H and W are multiples of `multiple`."""
    right, bottom = -x.shape[-1] % multiple, -x.shape[-2] % multiple
    return F.pad(x, (0, right, 0, bottom)) if right or bottom else x  # padding by nothing would still copy


def unshuffle(x: Tensor, patch_size: int) -> Tensor:
    """`x` with each patch of pixels folded into channels: (B, C, H, W) -> (B, C p^2, ceil(H/p), ceil(W/p))."""
    return F.pixel_unshuffle(pad_to_multiple(x, patch_size), patch_size)


def shuffle(x: Tensor, patch_size: int, height: int, width: int) -> Tensor:
    """The inverse of `unshuffle`: (B, C p^2, H', W') -> (B, C, height, width)."""
    return F.pixel_shuffle(x, patch_size)[..., :height, :width]
