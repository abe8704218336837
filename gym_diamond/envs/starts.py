"""Where a dream starts, as people say it in `reset(options={"context": ...})`: a place in the bank, or real play."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import Context, WorldSpec

OPTIONS = ("context", "reset_mask")
ROUNDING = 1e-3  # by which frames that others scaled may lie beyond [-1, 1]


def check_options(options: Mapping[str, Any] | None, allowed: tuple[str, ...] = OPTIONS) -> Mapping[str, Any]:
    """The options of a reset, {} for None.

    Raises:
        InvalidArgument: an option is not known.
    """
    for name in options or {}:
        if name not in allowed:
            raise InvalidArgument(f"reset has no option {name!r}; it has {', '.join(map(repr, allowed))}.")
    return options or {}


def read_start(
    value: Any,
    num_envs: int,
    num_contexts: int,
    spec: WorldSpec,
    device: torch.device,
    mask: np.ndarray | None = None,
) -> Tensor | Context | None:
    """What `Dream.reset` takes as its context: `(N,)` int64 indices, a `Context` of N rows, or None for None.

    Args:
        value: an index (all rows start there), N indices, or real play: {"frames": `(N, T, H, W, C)` uint8, oldest
            first, "actions": `(N, T-1)` int, or `(N, T-1, A)` for actions of A parts, where `actions[:, t]` led from
            `frames[:, t]` to the next} with T >= 1.
            Play shorter than the world's context length is padded on the left.
        num_envs: N. The leading axis is N under a reset mask too.
        num_contexts: how many contexts the bank holds.
        spec: the world's.
        device: where to.
        mask: `(N,)` bool, the rows that are reset; what is given for the others is ignored. None: all are.

    Raises:
        InvalidArgument: a shape, dtype or value is wrong.
    """
    if value is None:
        return None
    meant = np.ones(num_envs, np.bool_) if mask is None else mask
    if isinstance(value, Mapping):
        return Context(*_read_play(value, num_envs, spec, meant).tensors(device=device))
    index = np.asarray(value)
    if index.dtype.kind not in "iu" or index.shape not in ((), (num_envs,)):
        raise InvalidArgument(
            f"context is {value!r}; it must be an index, {num_envs} indices, or real play as "
            '{"frames": uint8 array, "actions": int array}.'
        )
    index = np.where(meant, index, 0)  # (N,)
    if not 0 <= index.min() <= index.max() < num_contexts:
        raise InvalidArgument(
            f"context {value!r} is out of range; this world's start states are 0 to {num_contexts - 1}."
        )
    return torch.from_numpy(index.astype(np.int64)).to(device)


def check_context(context: Context, num_envs: int, spec: WorldSpec) -> Context:
    """`context` in float32, if N = `num_envs` dreams of a world with this `spec` can start from it.

    Raises:
        InvalidArgument: its shapes or dtypes do not fit, or (on the CPU, where looking costs nothing) its values.
    """
    if not all(isinstance(leaf, Tensor) for leaf in context):
        raise InvalidArgument(
            f"context has obs, act and is_real of {', '.join(type(leaf).__name__ for leaf in context)}; they must be "
            "tensors. The NumPy face takes arrays: options={'context': {'frames': ..., 'actions': ...}}."
        )
    T = context.obs.shape[1]
    wanted = [
        (num_envs, T, spec.channels, spec.height, spec.width),
        (num_envs, T - 1, *spec.choices.shape),
        (num_envs, T),
    ]
    given = [tuple(leaf.shape) for leaf in context]
    if given != wanted or spec.context_length > T:
        raise InvalidArgument(
            f"context has obs, act and is_real of shapes {given}; "
            f"they must be {wanted} with T at least {spec.context_length}."
        )
    if not context.obs.is_floating_point() or (context.act.dtype, context.is_real.dtype) != (torch.int64, torch.bool):
        raise InvalidArgument(
            f"context has obs, act and is_real of {', '.join(str(leaf.dtype) for leaf in context)}; they must be "
            "floats in [-1, 1], torch.int64 and torch.bool."
        )
    if context.act.device.type == "cpu" and not spec.choices.contains(context.act.numpy()):
        raise InvalidArgument(f"context has actions that are out of range; they must be {spec.choices.range}.")
    if context.obs.device.type == "cpu" and not bool((context.obs.abs() <= 1 + ROUNDING).all()):  # False for NaN too
        raise InvalidArgument("context has frames beyond [-1, 1]; `gym_diamond.frames.to_obs` makes them of uint8.")
    return context._replace(obs=context.obs.float())


def read_play_of_one(value: Any) -> Any:
    """`value` for a vector of one: real play gets its leading axis, anything else is left as it is."""
    if not isinstance(value, Mapping):
        return value
    return {name: np.asarray(array)[None] for name, array in value.items()}  # (T, ...) -> (1, T, ...)


def _read_play(play: Mapping[str, Any], num_envs: int, spec: WorldSpec, meant: np.ndarray) -> ContextBank:
    if set(play) != {"frames", "actions"}:
        raise InvalidArgument(f"context has the entries {sorted(play)}; real play needs 'frames' and 'actions'.")
    frames, actions = np.asarray(play["frames"]), np.asarray(play["actions"])
    size = (spec.height, spec.width, spec.channels)
    if frames.dtype != np.uint8 or frames.ndim != 5 or (len(frames), *frames.shape[2:]) != (num_envs, *size):
        raise InvalidArgument(
            f"context frames are {frames.dtype} of shape {frames.shape}, counting the axis of the {num_envs} rows; "
            f"they must be uint8 of shape {(num_envs, 'T', *size)} with T at least 1."
        )
    T, choices = frames.shape[1], spec.choices
    if T < 1 or actions.shape != (num_envs, T - 1, *choices.shape) or (actions.size and actions.dtype.kind not in "iu"):
        raise InvalidArgument(
            f"context actions are {actions.dtype} of shape {actions.shape}; between {T} frames there must be integers "
            f"of shape {(num_envs, max(T - 1, 0), *choices.shape)}, and at least one frame."
        )
    actions = np.where(meant.reshape(-1, *[1] * (actions.ndim - 1)), actions, 0)  # (N,) -> (N, 1, ...)
    if not choices.contains(actions):
        raise InvalidArgument(
            f"context actions {actions.min()} to {actions.max()} are out of range; they must be {choices.range}."
        )
    pad = ((0, 0), (max(spec.context_length - T, 0), 0))  # on the left, before the game began
    return ContextBank(
        frames=np.pad(frames, (*pad, (0, 0), (0, 0), (0, 0))),
        actions=np.pad(actions.astype(np.int64), (*pad, *[(0, 0)] * len(choices.shape))),
        is_real=np.pad(np.ones((num_envs, T), np.bool_), pad),
    )
