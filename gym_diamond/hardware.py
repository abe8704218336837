"""What the machine offers: which device, and whether bfloat16 is native there.

`precision="auto"` means bfloat16 wherever the hardware multiplies it faster than float32, and float32 elsewhere:
emulated bfloat16 is slower and less exact. On x86 that takes AMX, or AVX512-BF16 made by AMD, whose products of
bfloat16 are twice as many a second as those of float32. The library has bfloat16 for all of AVX-512, but elsewhere it
is slower than float32 (`tests/benchmarks/NOTES.md`).
"""

import multiprocessing
import os
import platform
import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import torch

from gym_diamond.errors import InvalidArgument

Precision = Literal["auto", "fp32", "bf16"]
ComputePrecision = Literal["fp32", "bf16"]

DEVICES = ("cpu", "cuda", "mps")
X86 = ("x86_64", "AMD64")
_IMPORTED_BY = os.getpid()


def resolve_device(name: str) -> torch.device:
    """The device called `name`: "cpu", "cuda", "cuda:1", "mps"; "auto" is CUDA where there is one, else the CPU.

    Raises:
        InvalidArgument: there is no such device on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise InvalidArgument(f'device {name!r} is not known; use device="cpu" or device="cuda".') from error
    if device.type not in DEVICES:
        raise InvalidArgument(f'device {name!r} is of a kind that this package was not made for; use device="cpu".')
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        raise InvalidArgument(f'device {name!r} asked for, but {found} CUDA devices were found; use device="cpu".')
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InvalidArgument(f'device {name!r} asked for, but this machine has none; use device="cpu".')
    return device


def resolve_precision(precision: str, device: torch.device) -> ComputePrecision:
    """What to compute in on `device`: "auto" is "bf16" where it is native and "fp32" elsewhere.

    Raises:
        InvalidArgument: `precision` is none of "auto", "fp32" and "bf16".
    """
    if precision == "auto":
        return "bf16" if _has_native_bf16(device) else "fp32"
    if precision == "fp32" or precision == "bf16":
        return precision
    raise InvalidArgument(f"precision is {precision!r}; it must be one of 'auto', 'fp32', 'bf16'.")


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """A context that a caller's autocast on such a device does not reach into; it costs nothing where there is none."""
    is_on = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
    return torch.autocast(device.type, enabled=False) if is_on else nullcontext()


def check_can_compile(device: torch.device) -> None:
    """Nothing, if `torch.compile` has what it needs to make code for `device`.

    Raises:
        InvalidArgument: there is no C++ compiler to make code for the CPU with.
    """
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++"]
    if device.type == "cpu" and sys.platform != "win32" and not any(shutil.which(name) for name in names):
        raise InvalidArgument(
            f"Compiling takes a C++ compiler, and {' or '.join(names)} was not found. Install one (for example: apt "
            "install g++), or do without: leave out compile=True, or --compile."
        )


def keep_freed_memory() -> None:
    """Nothing, once this process keeps some of what it frees for its next use.

    Each step of a dream asks for the same memory again, and what is new has to be cleared page by page, which takes up
    to a fifth of a step. At the top of its heap glibc keeps twice the largest block that was ever freed, of those up to
    32 MiB (mallopt(3), M_MMAP_THRESHOLD), so it is shown one: 62 MiB, and more where something that lives lies above.
    Other libraries do as they like, and so does this one where its variables are set (MALLOC_...).
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def settle_after_fork(device: torch.device) -> None:
    """Nothing, once a process that was forked can compute on `device`, as Gymnasium's `AsyncVectorEnv` forks them.

    The threads of the process that it was forked from are not in it, and OpenMP would wait for them for ever; so it
    computes with one, as the workers of PyTorch's `DataLoader` do.

    Raises:
        InvalidArgument: CUDA was in use before the fork, which it does not survive.
    """
    if os.getpid() == _IMPORTED_BY and not (sys.platform != "win32" and _is_fork()):
        return
    if device.type == "cuda" and torch.cuda._is_in_bad_fork():
        raise InvalidArgument(
            "This process was forked from one that uses CUDA, which cannot be. One vector env needs no processes: "
            'gymnasium.make_vec(id, num_envs) steps all rows in a batch. For several processes use context="spawn" '
            '(with make_vec: vector_kwargs={"context": "spawn"}).'
        )
    torch.set_num_threads(1)


def describe(device: torch.device) -> dict[str, object]:
    """The hardware a result was made on, as JSON values: device, its model and the number of CPU threads."""
    model = torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu_model()
    return {
        "device": str(device),
        "model": model,
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _is_fork() -> bool:
    from multiprocessing.context import ForkProcess  # there is none on Windows

    return isinstance(multiprocessing.current_process(), ForkProcess)


def _has_native_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu" or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    if platform.machine() not in X86 or torch.cpu._is_amx_tile_supported():
        return True
    return torch.cpu._is_avx512_bf16_supported() and _is_made_by_amd()


def _is_made_by_amd() -> bool:
    return _cpu_model().startswith("AMD ") or platform.processor().endswith("AuthenticAMD")  # as Linux, Windows name it


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
