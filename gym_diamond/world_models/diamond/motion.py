"""Where something moves: what a loss looks at harder, or looks at alone."""

import torch
from torch import Tensor
from torch.nn import functional as F

from gym_diamond.data.segments import Segment

MOTION_THRESHOLD = 0.125  # in obs, that is 16 grey levels: more than area-averaged edges flicker
CROP_GRID = 8  # corners of crops lie on multiples of it, so the levels of a U-Net see a thing at its usual phases


def motion_map(history: Tensor, weight: float, radius: int) -> Tensor:
    """How much each pixel's error counts, `(B, 1, H, W)` of mean 1: 1 + `weight` near recent motion, 1 elsewhere.

    Args:
        history: `(B, L, C, H, W)`; what changed between its last three frames moved.
        weight: 0 weighs all pixels alike.
        radius: pixels up to which a pixel counts as near, along either axis.
    """
    B, _, _, H, W = history.shape
    if weight == 0:
        return history.new_ones(B, 1, H, W)
    weights = 1 + weight * near_motion(history, radius)
    return weights / weights.mean(dim=(2, 3), keepdim=True)


def near_motion(history: Tensor, radius: int) -> Tensor:
    """1 where something moved within `radius` pixels, else 0: `(B, 1, H, W)`. A single frame has no motion."""
    B, L, _, H, W = history.shape
    if L == 1:
        return history.new_zeros(B, 1, H, W)
    recent = history[:, -3:]
    moved = (recent[:, 1:] - recent[:, :-1]).abs().amax(dim=(1, 2)) > MOTION_THRESHOLD  # (B, n, C, H, W) -> (B, H, W)
    side, near = 2 * radius + 1, moved[:, None].float()  # (B, 1, H, W)
    near = F.max_pool2d(near, (side, 1), stride=1, padding=(radius, 0))  # one axis, then the other: 26 looks, not 169
    return F.max_pool2d(near, (1, side), stride=1, padding=(0, radius))


def crop_to_motion(segment: Segment, history_length: int, size: int, radius: int, place: Tensor) -> Segment:
    """`segment` with frames of `size` x `size` pixels, cut out around something that moved in its history.

    The same part of all frames of a row. Where nothing moved, any part is as likely as another.

    Args:
        segment: frames `(B, T, C, H, W)`.
        history_length: L, the frames in which motion is looked for: what comes later is not to be known.
        size: side of the part, in pixels; a frame narrower than it keeps its side.
        radius: how far from what moved the middle of the part may lie, in pixels along either axis.
        place: `(B,)` uniform in [0, 1), which of the pixels that are near to motion the part is laid around.
    """
    B, _, _, H, W = segment.obs.shape
    near = near_motion(segment.obs[:, :history_length], radius).flatten(1)  # (B, 1, H, W) -> (B, H*W)
    reached = torch.where(near.any(dim=1, keepdim=True), near, 1.0).cumsum(dim=1)  # (B, H*W), whole numbers
    total = reached[:, -1:]
    drawn = torch.minimum(place[:, None] * total, total - 0.5)  # a product may round up to the total
    pixel = torch.searchsorted(reached, drawn, right=True)[:, 0]  # (B,)
    rows = _span(pixel // W, H, size)  # (B, h)
    columns = _span(pixel % W, W, size)  # (B, w)
    each = torch.arange(B, device=place.device)
    cut = segment.obs.permute(0, 3, 4, 1, 2)[each[:, None, None], rows[:, :, None], columns[:, None]]  # (B, h, w, T, C)
    return segment._replace(obs=cut.permute(0, 3, 4, 1, 2).contiguous())  # (B, T, C, h, w)


def _span(middle: Tensor, extent: int, size: int) -> Tensor:
    """The coordinates `(B, min(size, extent))` of parts of `extent` around `middle` `(B,)`, on the grid."""
    size = min(size, extent)
    first = ((middle - size // 2 + CROP_GRID // 2) // CROP_GRID * CROP_GRID).clamp(0, extent - size)
    return first[:, None] + torch.arange(size, device=middle.device)
