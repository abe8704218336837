"""The border between what people see (frames) and what networks see (obs).

A `frame` is uint8, HWC, 0 to 255. An `obs` is float32, CHW, in [-1, 1]. This is the only file that knows the number
255, and at the border it always rounds: truncating instead (the reference's `.byte()`) moves 63 of the 256 levels down
by one at every round trip. Letters used for shapes all over the package:

    B rows (dreams) · L context length · T time · C H W channels, height, width · K reward classes · D features
"""

import sys
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Quantizer = Literal["round", "floor"]
MAX_LEVEL = 255  # the brightest grey level of a frame
NO_FRACTION = 2.0**23  # a float32 from here on is whole: to add a level rounds it, and puts it into the lowest byte
LOWEST_BYTE = 0 if sys.byteorder == "little" else 3  # of the four of a float32


def to_obs(frames: Tensor) -> Tensor:
    """The obs in [-1, 1] of uint8 frames.

    Args:
        frames: `(..., H, W, C)` uint8.

    Returns:
        `(..., C, H, W)` float32, contiguous.
    """
    return frames_chw_to_obs(frames.movedim(-1, -3).contiguous())  # (..., H, W, C) -> (..., C, H, W)


def frames_chw_to_obs(frames: Tensor) -> Tensor:
    """The obs in [-1, 1] of uint8 frames that already have their channels first, `(..., C, H, W)`."""
    return frames.to(torch.float32, copy=True).div_(255).mul_(2).sub_(1)  # in place: big temporaries cost page faults


def to_frames(obs: Tensor, workspace: Tensor | None = None) -> Tensor:
    """The uint8 frames nearest to obs; values outside [-1, 1] are clamped.

    Args:
        obs: `(..., C, H, W)` float, in [-1, 1].
        workspace: float32 of the shape of obs, contiguous, on its device, which is overwritten. Who makes frames again
            and again keeps one: new memory of that size may cost more than all else. None = new memory.

    Returns:
        `(..., H, W, C)` uint8, contiguous, in memory of their own.
    """
    into = _new(obs) if workspace is None else workspace
    lowest = _rounded(obs, into).view(torch.uint8).unflatten(-1, (-1, 4))[..., LOWEST_BYTE]  # (..., C, H, W)
    return torch.stack(lowest.unbind(-3), dim=-1)  # (..., C, H, W) -> (..., H, W, C); faster than movedim


def obs_to_frames_chw(obs: Tensor) -> Tensor:
    """The uint8 frames nearest to obs that keep their channels first, `(..., C, H, W)`; values outside are clamped."""
    return _rounded(obs, _new(obs)).view(torch.int32).to(torch.uint8)


def _new(obs: Tensor) -> Tensor:
    return torch.empty(obs.shape, dtype=torch.float32, device=obs.device)  # contiguous, whatever obs is


def _rounded(obs: Tensor, into: Tensor) -> Tensor:
    """`into`, float32 of the shape of `obs`, now with the nearest level in the lowest byte of each number."""
    levels = torch.add(obs.detach().float(), 1, out=into).mul_(127.5).clamp_(0, MAX_LEVEL)
    return levels.add_(NO_FRACTION)  # takes less memory than to round and convert


def to_pictures(frames: np.ndarray) -> np.ndarray:
    """`frames` `(..., H, W, C)` as people see them, `(..., H, W, 3)`: the first three channels, or the first in grey.

    Frames may have any number of channels, as several that are stacked into one have; files of pictures may not.
    """
    return frames[..., :3] if frames.shape[-1] >= 3 else frames[..., :1].repeat(3, axis=-1)


def quantize(obs: Tensor, quantizer: Quantizer) -> Tensor:
    """`obs` clamped to [-1, 1] and moved onto the grid of 256 levels.

    `"round"` takes the nearest level. `"floor"` takes the level below, as the reference does inside its denoiser; its
    released weights were trained with it, so it is kept for them and for nothing else.
    """
    levels = obs.clamp(-1, 1).add(1).div(2).mul(255)
    levels = levels.round() if quantizer == "round" else levels.floor()
    return levels.div(255).mul(2).sub(1)
