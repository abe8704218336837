"""What a dream is told by Python, checked before it is believed: sizes, and tensors with a row for each dream."""

from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import Tensor

from gym_diamond.errors import InvalidArgument


def check_sizes(num_envs: Any, max_episode_steps: Any, frame_stack: Any, stagger: bool, context_length: int) -> None:
    """Nothing, if so many dreams can be of that length and show so many frames.

    Raises:
        InvalidArgument: a size is no whole number or out of its range, or there are no clocks to stagger.
    """
    if not _is_whole(num_envs) or num_envs < 1:
        raise InvalidArgument(f"num_envs is {num_envs!r}; it must be at least 1, and whole.")
    if max_episode_steps is not None and (not _is_whole(max_episode_steps) or max_episode_steps < 1):
        raise InvalidArgument(f"max_episode_steps is {max_episode_steps!r}; it must be at least 1, and whole.")
    if not _is_whole(frame_stack) or not 1 <= frame_stack <= context_length:
        raise InvalidArgument(f"frame_stack is {frame_stack!r}; this world remembers 1 to {context_length} frames.")
    if stagger and max_episode_steps is None:
        raise InvalidArgument("stagger=True spreads the rows over max_episode_steps, so give a limit as well.")


def check_rows(value: Any, name: str, dtypes: tuple[torch.dtype, ...], shape: tuple[int, ...]) -> Tensor:
    """`value`, if it is a tensor of that shape and one of these dtypes.

    Raises:
        InvalidArgument: it is not.
    """
    if isinstance(value, Tensor) and value.shape == shape and value.dtype in dtypes:
        return value
    found = f"{value.dtype} of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
    raise InvalidArgument(f"{name} is {found}; it must be a tensor, {dtypes[0]} of shape {shape}.")


def read_autoreset_mode(name: str) -> AutoresetMode:
    """The mode called `name`.

    Raises:
        InvalidArgument: there is none.
    """
    try:
        return AutoresetMode(name)
    except ValueError as error:
        allowed = ", ".join(repr(mode.value) for mode in AutoresetMode)
        raise InvalidArgument(f"autoreset_mode is {name!r}; it must be one of {allowed}.") from error


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
