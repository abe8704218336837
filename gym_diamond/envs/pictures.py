"""What the NumPy faces of a dream show: observations, pictures and the space they lie in."""

import numpy as np
from gymnasium.spaces import Box
from torch import Tensor

from gym_diamond.envs.dream import Dream
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_frames

RENDER_MODES = ["rgb_array"]


def frame_space(dream: Dream) -> Box:
    """The space of one observation: `(H, W, k*C)` uint8."""
    spec, levels = dream.world.spec, np.iinfo(np.uint8)
    shape = (spec.height, spec.width, spec.channels * dream.frame_stack)
    return Box(levels.min, levels.max, shape, np.uint8)


def to_arrays(obs: Tensor) -> np.ndarray:
    """Frames `(N, H, W, k*C)` uint8 of obs `(N, k*C, H, W)`, in memory of their own."""
    return to_frames(obs).cpu().numpy()


def pictures(dream: Dream) -> np.ndarray:
    """The current frame of every row for people to look at, `(N, H, W, 3)` uint8."""
    frames = to_arrays(dream.obs)[..., -dream.world.spec.channels :]  # the newest of the stack
    return np.repeat(frames, 3, axis=-1) if frames.shape[-1] == 1 else frames


def check_render_mode(mode: str | None) -> str | None:
    """`mode`, if it is one.

    Raises:
        InvalidArgument: it is not.
    """
    if mode is None or mode in RENDER_MODES:
        return mode
    raise InvalidArgument(f"render_mode is {mode!r}; it must be None or one of {', '.join(map(repr, RENDER_MODES))}.")
