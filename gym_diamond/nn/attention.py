"""Self-attention over the positions of a feature map."""

import math

from torch import Tensor, nn

from gym_diamond.nn.norm import GroupNorm

HEAD_DIM = 8


class SelfAttention2d(nn.Module):
    """Normalised x plus its own attention over all H x W positions, in heads of `HEAD_DIM` channels.

    The residual path carries the *normalised* x, as in the reference: its weights depend on it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_heads = max(1, channels // HEAD_DIM)
        self.norm = GroupNorm(channels)
        self.qkv_proj = nn.Conv2d(channels, 3 * channels, kernel_size=1)
        self.out_proj = nn.Conv2d(channels, channels, kernel_size=1)
        nn.init.zeros_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Tensor) -> Tensor:
        B, C, H, W = x.shape
        x = self.norm(x)
        qkv = self.qkv_proj(x)
        qkv = qkv.reshape(B, 3 * self.num_heads, C // self.num_heads, H * W)  # (B, 3C, H, W) -> (B, 3n, C/n, HW)
        q, k, v = qkv.transpose(2, 3).chunk(3, dim=1)  # 3 x (B, n, HW, C/n)
        # Written out: with heads this narrow PyTorch's fused attention is many times slower to train on a CPU.
        q = q / math.sqrt(q.shape[-1])  # the products are HW / 8 times as many
        weights = (q @ k.transpose(2, 3)).softmax(dim=-1)  # (B, n, HW, HW)
        y = weights @ v
        y = y.transpose(2, 3).reshape(B, C, H, W)  # (B, n, HW, C/n) -> (B, C, H, W)
        return x + self.out_proj(y)
