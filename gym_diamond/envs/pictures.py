"""What the NumPy faces of a dream show: observations, pictures and the space they lie in."""

import numpy as np
import torch
from gymnasium.spaces import Box
from torch import Tensor

from gym_diamond.envs.dream import Dream
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_frames, to_pictures

RENDER_MODES = ["rgb_array"]


def frame_space(dream: Dream) -> Box:
    """The space of one observation: `(H, W, k*C)` uint8."""
    spec, levels = dream.world.spec, np.iinfo(np.uint8)
    shape = (spec.height, spec.width, spec.channels * dream.frame_stack)
    return Box(levels.min, levels.max, shape, np.uint8)


def workspace_of(dream: Dream) -> Tensor | None:
    """Memory in which frames of all rows are made, `(N, k*C, H, W)` float32; None on a GPU, which keeps its memory."""
    if dream.world.device.type != "cpu":
        return None
    height, width, channels = frame_space(dream).shape
    with torch.inference_mode(False):  # what is made in that mode could not be written to outside of it
        return torch.empty(dream.num_envs, channels, height, width, dtype=torch.float32)


def to_arrays(obs: Tensor) -> np.ndarray:
    """Frames `(N, H, W, k*C)` uint8 of obs `(N, k*C, H, W)`, in memory of their own."""
    return to_host(to_frames(obs))[0]


def to_host(new: Tensor, *others: Tensor) -> list[np.ndarray]:
    """Arrays of `new` and `others`, which are all on one device.

    From a GPU all copies are under way, into pinned memory, before the first is waited for, and there is one wait for
    all. They are copied once more, because pinned memory is scarce and people keep observations.

    Args:
        new: a tensor that nobody else holds; from a CPU its array is the tensor itself.
        others: tensors that may be held elsewhere; their arrays have memory of their own.
    """
    device = new.device
    if device.type == "cpu":
        return [new.numpy(), *(tensor.numpy().copy() for tensor in others)]
    copies = [tensor.to("cpu", non_blocking=True) for tensor in (new, *others)]
    torch.accelerator.synchronize(device)
    return [copy.numpy().copy() for copy in copies]


def pictures(dream: Dream) -> np.ndarray:
    """The current frame of every row for people to look at, `(N, H, W, 3)` uint8."""
    return to_pictures(to_arrays(dream.obs)[..., -dream.world.spec.channels :])  # the newest of the stack


def check_render_mode(mode: str | None) -> str | None:
    """`mode`, if it is one.

    Raises:
        InvalidArgument: it is not.
    """
    if mode is None or mode in RENDER_MODES:
        return mode
    raise InvalidArgument(f"render_mode is {mode!r}; it must be None or one of {', '.join(map(repr, RENDER_MODES))}.")
