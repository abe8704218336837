"""What this machine can do at most, measured and never read from a data sheet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional as F

from gym_diamond.benchmarking.timing import repeated
from gym_diamond.hardware import resolve_device, resolve_precision

COPY_BYTES = 2**28  # more than caches hold
SECONDS = 1.0  # for each of the probes
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class ProbeSettings:
    """What is probed."""

    device: str
    precision: str
    threads: int | None = None
    seconds: float = SECONDS
    size: int | None = None  # of the matrices; None = as large as pays on the device
    copy_bytes: int = COPY_BYTES


class Peak(NamedTuple):
    """The best that was seen of each probe."""

    matmul: float  # FLOP/s of a large product of square matrices
    conv: float  # FLOP/s of a 3x3 convolution of 64 channels on 64x64 pixels, channels innermost
    bytes_per_second: float  # read and written by a large copy

    @property
    def flops_per_second(self) -> float:
        return max(self.matmul, self.conv)


@torch.no_grad()
def probe(settings: ProbeSettings) -> Peak:
    """The peaks of a device in a precision.

    Raises:
        InvalidArgument: there is no such device or precision.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    device = resolve_device(settings.device)
    dtype = DTYPES[resolve_precision(settings.precision, device)]
    n = settings.size or (8192 if device.type == "cuda" else 2048)
    channels, side = 64, min(64, n)
    rows = 128 if device.type == "cuda" else 4  # on a CPU larger maps would be memory that is new each time
    a, b = torch.randn(2, n, n, device=device).to(dtype)
    kernel = torch.randn(channels, channels, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)
    x = torch.randn(rows, channels, side, side, device=device).to(dtype, memory_format=torch.channels_last)
    source = torch.empty(settings.copy_bytes, dtype=torch.uint8, device=device).fill_(1)
    target = torch.empty_like(source)

    def best(call: Callable[[], object]) -> float:
        return min(repeated(call, device, settings.seconds))

    return Peak(
        matmul=2 * n**3 / best(lambda: a @ b),
        conv=2 * rows * side**2 * 9 * channels**2 / best(lambda: F.conv2d(x, kernel, padding=1)),
        bytes_per_second=2 * settings.copy_bytes / best(lambda: target.copy_(source)),
    )
