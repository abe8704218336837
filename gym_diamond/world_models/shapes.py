"""The shapes of a network's tensors without the network: what a config asks for, known before it costs any memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FILLING = frozenset({Tensor.normal_, Tensor.uniform_, nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_})


@contextmanager
def shapes_only() -> Iterator[None]:
    """While it lasts, networks are built of tensors that have shape and dtype but neither memory nor values."""
    with torch.device("meta"), _Unfilled():
        yield


class _Unfilled(TorchFunctionMode):
    """Skips the random filling of tensors: those without memory would import a compiler for it, which takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if func in _FILLING:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
