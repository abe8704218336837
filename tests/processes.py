"""Several processes that know of each other, as torchrun starts them, on the CPU and without its watch over them."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Ended(NamedTuple):
    """How a process ended and what it said."""

    status: int
    out: str
    err: str


def run_together(
    words: Sequence[str], size: int = 2, environments: Mapping[int, Mapping[str, str]] | None = None
) -> list[Ended]:
    """How each of `size` processes of `python WORDS` ended; `environments` says what else each of them is told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    started = []
    for rank in range(size):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), **(environments or {}).get(rank, {})}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **shared, **own}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen([sys.executable, *words], env=environment, cwd=ROOT, text=True, **pipes))  # type: ignore[call-overload]
    try:
        said = [process.communicate(timeout=600) for process in started]
    finally:
        for process in started:
            process.kill()
    return [Ended(process.returncode, *texts) for process, texts in zip(started, said, strict=True)]
