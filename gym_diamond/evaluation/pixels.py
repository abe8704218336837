"""What is measured on pairs of frames, real and dreamt.

An Atari screen is mostly still, and whoever repeats the last frame has most of it right. So beside the error over all
pixels there is a question about the few that move: does each find its like in the dream (recall), and has each that
moves in the dream its like in reality (precision)?
"""

import torch
from torch import Tensor

from gym_diamond.frames import MAX_LEVEL

ERROR_FLOOR = 0.05  # squared grey levels: a mean error below it counts as this much, so that no PSNR is infinite
MOVING_LEVELS = 8  # a pixel moves where a channel differs by more grey levels than this
TOLERANCE = 0.15  # of the range: how far a like pixel may be off, in every channel
REACH = 1  # pixels: how far away it may be


def psnr(real: Tensor, dreamt: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of each frame in dB, `(N,)` float64, at most 61.1.

    Args:
        real, dreamt: `(N, H, W, C)` uint8.
    """
    error = (real.double() - dreamt.double()).square().mean(dim=(1, 2, 3))  # (N, H, W, C) -> (N,)
    return 10 * torch.log10(MAX_LEVEL**2 / error.clamp(min=ERROR_FLOOR))


def absolute_error(real: Tensor, dreamt: Tensor, mask: Tensor) -> Tensor:
    """The mean over the pixels in `mask` of how many grey levels a channel is off: `(N,)` float64, NaN without any.

    Args:
        real, dreamt: `(N, H, W, C)` uint8.
        mask: `(N, H, W)` bool.
    """
    levels = (real.short() - dreamt.short()).abs().sum(dim=-1)  # (N, H, W, C) -> (N, H, W)
    return (levels * mask).sum(dim=(1, 2)).double() / (mask.sum(dim=(1, 2)) * real.shape[-1])  # 0 / 0 = NaN


def moving(frames: Tensor, usual: Tensor) -> Tensor:
    """Which pixels of all frames but the first move: `(N, H, W)` bool.

    A pixel moves where it differs from the frame before or from the usual picture by more than `MOVING_LEVELS` in any
    channel. The second catches a ball that is where it has no business to be, even if it rests there.

    Args:
        frames: `(N+1, H, W, C)` uint8.
        usual: `(H, W, C)` uint8, the median frame of the real episode.
    """
    levels = frames.short()
    changed = (levels[1:] - levels[:-1]).abs() > MOVING_LEVELS
    unusual = (levels[1:] - usual.short()).abs() > MOVING_LEVELS
    return (changed | unusual).any(dim=-1)  # (N, H, W, C) -> (N, H, W)


def share_with_a_like(frames: Tensor, others: Tensor, mask: Tensor) -> Tensor:
    """The share of the pixels in `mask` that have their like in `others`: `(N,)` float64, NaN where there are none.

    A pixel's like is within `TOLERANCE` of it in every channel and at most `REACH` away.

    Args:
        frames, others: `(N, H, W, C)` uint8.
        mask: `(N, H, W)` bool.
    """
    H, W = mask.shape[1:]
    n, y, x = mask.nonzero(as_tuple=True)  # (M,) each: few pixels move, and only they are looked at
    levels = frames[n, y, x].short()  # (M, C)
    found = torch.zeros_like(n, dtype=torch.bool)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            candidates = others[n, (y + dy).clamp(0, H - 1), (x + dx).clamp(0, W - 1)].short()
            found |= ((levels - candidates).abs() <= TOLERANCE * MAX_LEVEL).all(dim=-1)
    return torch.bincount(n[found], minlength=len(mask)).double() / mask.sum(dim=(1, 2))  # 0 / 0 = NaN
