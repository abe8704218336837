"""Weights, frames and noise that anyone can rebuild from a formula, and the reference's outputs under them.

`reference_main.json` holds what the reference implementation computes (torch 2.13, CPU, float32, one thread) when its
weights are filled as `fill` does. So equivalence is shown without downloading anything.
"""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

HERE = Path(__file__).parent
REFERENCE: dict[str, Any] = json.loads((HERE / "reference_main.json").read_text())


def fill(module: nn.Module) -> None:
    """Give each tensor of `module` values that depend on its state-dict key and shape alone."""
    filled = {}
    for key, old in module.state_dict().items():
        n = old.numel()
        s = torch.sin(0.731 * torch.arange(n, dtype=torch.float64) + crc32(key.encode()) % 1009)
        if key.endswith(("noise_emb.weight", "noise_cond_emb.weight")):
            value = s
        elif key.endswith("norm.weight"):
            value = 1 + 0.1 * s
        elif old.dim() >= 2:
            value = 1.4 * s / (n / old.shape[0]) ** 0.5
        else:
            value = 0.02 * s
        filled[key] = value.reshape(old.shape).float()
    module.load_state_dict(filled)


def frames(*shape: int) -> Tensor:
    """Obs of the given shape, all 256 levels in a fixed pattern."""
    i = torch.arange(torch.Size(shape).numel())
    levels = (37 * i + 11 * (i // 97)) % 256
    return (levels.reshape(shape).to(torch.uint8) / 255 * 2 - 1).float()


def noise(phase: float, *shape: int) -> Tensor:
    """A stand-in for Gaussian noise: draw k of a sampler has phase 0.1 k."""
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return (1.3 * torch.sin(0.913 * i + phase)).reshape(shape).float()


ACTIONS = torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0]])


def assert_matches(actual: Tensor, expected: dict[str, Any], atol: float = 1e-5, rtol: float = 1e-4) -> None:
    """Shape, first and last values, mean, spread and absolute sum agree with the reference's."""
    assert list(actual.shape) == expected["shape"]
    flat = actual.detach().flatten().double()
    close = {"atol": atol, "rtol": rtol}
    torch.testing.assert_close(flat[:8], torch.tensor(expected["first8"]).double(), **close)
    torch.testing.assert_close(flat[-4:], torch.tensor(expected["last4"]).double(), **close)
    assert abs(flat.mean().item() - expected["mean"]) < max(1e-5, atol)
    assert abs(flat.std().item() / expected["std"] - 1) < max(1e-4, 10 * atol)
    assert abs(flat.abs().sum().item() / expected["abs_sum"] - 1) < max(1e-4, 10 * atol)
