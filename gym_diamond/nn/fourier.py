"""Random Fourier features of a scalar, with which the denoiser is told its noise level."""

import math

import torch
from torch import Tensor, nn


class FourierFeatures(nn.Module):
    """cos and sin of 2 pi w c for fixed random w. The buffer is random once and must travel with the weights."""

    weight: Tensor

    def __init__(self, cond_channels: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.empty(1, cond_channels // 2).normal_())

    def forward(self, c: Tensor) -> Tensor:
        f = 2 * math.pi * c[:, None] @ self.weight  # (B,) -> (B, E/2)
        return torch.cat([f.cos(), f.sin()], dim=-1)
