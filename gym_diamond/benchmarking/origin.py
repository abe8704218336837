"""Where numbers come from: the code that ran, and the instructions that it ran on."""

import os
import subprocess
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]  # of the checkout, if this package lies in one
PATIENCE = 10.0  # seconds for git


def commit(root: Path = ROOT) -> str | None:
    """The git commit of the checkout at `root`, with "-dirty" behind it if a file of it was changed since.

    None if that is no checkout, as when the package was installed, or if git is missing or refuses to answer.
    """
    if not (root / ".git").exists():  # git itself would go on looking in the folders above
        return None
    head, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain", "--untracked-files=no")
    return head + "-dirty" * bool(changes) if head else None


def _git(root: Path, *words: str) -> str | None:
    call = ["git", "--no-optional-locks", "-C", str(root), *words]
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def instructions(device: torch.device) -> str:
    """The instructions that speed hangs on: on a CPU the best that PyTorch uses here, for example "avx2", "avx512",
    "avx512_bf16" or "amx_bf16"; on CUDA the architecture, for example "sm_90"; "" where nobody tells.

    A bound of oneDNN's that is set in the environment is named behind them.
    """
    if device.type == "cuda":
        return "sm_{}{}".format(*torch.cuda.get_device_capability(device))
    if device.type != "cpu":
        return ""
    best, bound = torch.backends.cpu.get_cpu_capability().lower(), os.environ.get("ONEDNN_MAX_CPU_ISA")
    if best == "avx512" and torch.cpu._is_avx512_bf16_supported():
        best = "amx_bf16" if torch.cpu._is_amx_tile_supported() else "avx512_bf16"
    return f"{best}, ONEDNN_MAX_CPU_ISA={bound}" if bound else best
