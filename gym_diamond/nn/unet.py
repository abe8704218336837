"""The U-Net of the denoiser: residual blocks at halving resolutions, with skips at every block."""

from collections.abc import Sequence

from torch import Tensor, nn

from gym_diamond.nn.conv import Downsample, Upsample, pad_to_multiple
from gym_diamond.nn.residual import ResBlocks


class UNet(nn.Module):
    """A feature map of the shape of x, `(B, channels[0], H, W)`.

    Level i has `depths[i]` blocks on the way down and `depths[i] + 1` on the way up. Attention stands on levels that
    `attn_depths` names, and always in the middle.
    """

    def __init__(
        self, cond_channels: int, depths: Sequence[int], channels: Sequence[int], attn_depths: Sequence[bool]
    ) -> None:
        super().__init__()
        self.size_multiple = 2 ** (len(channels) - 1)
        d_blocks, u_blocks = [], []
        for i, (n, c2, attn) in enumerate(zip(depths, channels, attn_depths, strict=True)):
            c1 = channels[max(0, i - 1)]
            d_blocks.append(ResBlocks([c1] + [c2] * (n - 1), [c2] * n, cond_channels, attn))
            u_blocks.append(ResBlocks([2 * c2] * n + [c1 + c2], [c2] * n + [c1], cond_channels, attn))
        self.d_blocks = nn.ModuleList(d_blocks)
        self.u_blocks = nn.ModuleList(reversed(u_blocks))
        self.mid_blocks = ResBlocks([channels[-1]] * 2, [channels[-1]] * 2, cond_channels, attn=True)
        self.downsamples = nn.ModuleList([nn.Identity(), *(Downsample(c) for c in channels[:-1])])
        self.upsamples = nn.ModuleList([nn.Identity(), *(Upsample(c) for c in reversed(channels[:-1]))])

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        H, W = x.shape[-2:]
        x = pad_to_multiple(x, self.size_multiple)
        skips = []
        for block, downsample in zip(self.d_blocks, self.downsamples, strict=True):
            x_down = downsample(x)
            x, outputs = block(x_down, cond)
            skips.append([x_down, *outputs])
        x, _ = self.mid_blocks(x, cond)
        for block, upsample in zip(self.u_blocks, self.upsamples, strict=True):
            x, _ = block(upsample(x), cond, skips.pop()[::-1])
        return x[..., :H, :W]
