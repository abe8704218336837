"""Where something appears out of nothing: a ball that is served, an enemy that comes in.

A loss that looks harder at what moves hardly sees these, because nothing moved there before; and they are rare.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Finder = Callable[[Tensor, Tensor], Tensor]
"""Marks transitions as `appearances` does: from frames and offsets to `(N,)` bool."""

CHANGE = 16  # grey levels: more than area-averaged edges flicker
FAR = 6  # pixels from all that moved just before
FLAT = 8  # pixels around it in which there was nothing, that is, one colour
_AT_ONCE = 1024  # frames, some 50 MB


def appearances(frames: Tensor, offsets: Tensor) -> Tensor:
    """Whether something appears with the transition that leaves each frame: `(N,)` bool, on the device of `frames`.

    A pixel changed that was far from what the two transitions before had changed, in a place of one colour. The first
    two of an episode do not count: too little is before them. Costs a minute of a core for 100,000 frames of 64x64.

    Args:
        frames: `(N, C, H, W)` uint8, episodes end to end.
        offsets: `(E+1,)` int64: episode e has the frames offsets[e] .. offsets[e+1] - 1.
    """
    parts = [_of_part(frames, start) for start in range(0, len(frames), _AT_ONCE)]
    found = torch.cat(parts)
    first, last = offsets[:-1], offsets[1:] - 1
    for unknown in (first, first + 1, last):
        found[unknown.clamp(max=len(found) - 1)] = False
    return found


def _of_part(frames: Tensor, start: int) -> Tensor:
    """The answer for frames `start` to `start + _AT_ONCE`, as if all of them were one episode."""
    first, stop = max(0, start - 2), min(len(frames), start + _AT_ONCE + 1)
    part = frames[first:stop].short()
    moved = (part[1:] - part[:-1]).abs().amax(dim=1) > CHANGE  # (n-1, H, W): by the transition that leaves each frame
    recent = torch.zeros_like(moved)
    recent[1:] |= moved[:-1]
    recent[2:] |= moved[:-2]
    new = moved & ~_near(recent, FAR)
    found = torch.zeros(len(part), dtype=torch.bool, device=frames.device)
    few = new.flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    for index in few:  # whose surroundings are looked at one by one
        found[index] = bool((new[index] & _flat(part[index])).any())
    return found[start - first : start - first + _AT_ONCE][: len(frames) - start]


def _near(mask: Tensor, radius: int) -> Tensor:
    """Where `mask` `(N, H, W)` holds within `radius` pixels."""
    return _highest(mask.float(), radius) > 0


def _flat(frame: Tensor) -> Tensor:
    """Where `frame` `(C, H, W)` has one colour within `FLAT` pixels: `(H, W)`."""
    frame = frame.float()
    return ((_highest(frame, FLAT) + _highest(-frame, FLAT)) <= CHANGE).all(dim=0)


def _highest(maps: Tensor, radius: int) -> Tensor:
    """The highest value within `radius` pixels along either axis, of each of the maps `(N, H, W)`."""
    side = 2 * radius + 1
    rows = F.max_pool2d(maps[:, None], (side, 1), stride=1, padding=(radius, 0))  # the axes one by one: faster
    return F.max_pool2d(rows, (1, side), stride=1, padding=(0, radius))[:, 0]
