"""Residual blocks: conditioned ones for the world model, small plain ones for the policy."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gym_diamond.nn.attention import SelfAttention2d
from gym_diamond.nn.conv import conv1x1, conv3x3
from gym_diamond.nn.norm import AdaGroupNorm, GroupNorm


class ResBlock(nn.Module):
    """x plus two conditioned convolutions of it, then self-attention where `attn` asks for it."""

    def __init__(self, in_channels: int, out_channels: int, cond_channels: int, attn: bool) -> None:
        super().__init__()
        self.proj = conv1x1(in_channels, out_channels) if in_channels != out_channels else nn.Identity()
        self.norm1 = AdaGroupNorm(in_channels, cond_channels)
        self.conv1 = conv3x3(in_channels, out_channels)
        self.norm2 = AdaGroupNorm(out_channels, cond_channels)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.attn = SelfAttention2d(out_channels) if attn else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        residual = self.proj(x)
        x = self.conv1(F.silu(self.norm1(x, cond)))
        x = self.conv2(F.silu(self.norm2(x, cond)))
        return self.attn(x + residual)


class ResBlocks(nn.Module):
    """A chain of blocks at one resolution; each may take a skip connection beside its input."""

    def __init__(self, in_channels: Sequence[int], out_channels: Sequence[int], cond_channels: int, attn: bool) -> None:
        super().__init__()
        pairs = zip(in_channels, out_channels, strict=True)
        self.resblocks = nn.ModuleList(ResBlock(c_in, c_out, cond_channels, attn) for c_in, c_out in pairs)

    def forward(self, x: Tensor, cond: Tensor, skips: Sequence[Tensor] = ()) -> tuple[Tensor, list[Tensor]]:
        """The output of the last block, and of each."""
        outputs = []
        for i, block in enumerate(self.resblocks):
            x = block(torch.cat([x, skips[i]], dim=1) if skips else x, cond)
            outputs.append(x)
        return x, outputs


class SmallResBlock(nn.Module):
    """x plus one plain convolution of it."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.f = nn.Sequential(GroupNorm(in_channels), nn.SiLU(), conv3x3(in_channels, out_channels))
        self.skip_projection = conv1x1(in_channels, out_channels) if in_channels != out_channels else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.skip_projection(x) + self.f(x)
