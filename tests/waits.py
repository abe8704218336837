"""What a GPU cannot do without waiting, seen on a CPU."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

WAITS = ("lift_fresh", "_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "_unique2", "bincount")


class Waits(TorchDispatchMode):
    """Remembers what makes a GPU wait for the host or the host for a GPU, which no CUDA graph can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        by_mask = "index" in name and any(
            torch.is_tensor(index) and index.dtype in (torch.bool, torch.uint8)
            for given in args
            if isinstance(given, list)
            for index in given
        )
        if name in WAITS or by_mask:
            self.found.add(name)
        return func(*args, **(kwargs or {}))
