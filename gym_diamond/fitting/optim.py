"""AdamW, its learning rate and the averaged weights, each a small function of what it is given."""

import math

import torch
from torch import nn

from gym_diamond.fitting.config import OptimConfig


def decayed_parameters(network: nn.Module) -> set[str]:
    """The names of the parameters that weight decay applies to: matrices and kernels, no biases, norms, embeddings."""
    return {
        name
        for owner_name, owner in network.named_modules()
        if not isinstance(owner, nn.Embedding)
        for name, parameter in owner.named_parameters(prefix=owner_name, recurse=False)
        if parameter.dim() >= 2
    }


def make_optimizer(network: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """AdamW over all parameters of `network`, in two groups: decayed and not. One fused pass updates all."""
    decayed = decayed_parameters(network)
    named = dict(network.named_parameters())
    groups = [
        {"params": [p for n, p in named.items() if n in decayed], "weight_decay": config.weight_decay},
        {"params": [p for n, p in named.items() if n not in decayed], "weight_decay": 0.0},
    ]
    betas = (config.beta1, config.beta2)
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=config.lr, betas=betas, eps=config.eps, fused=True)


def learning_rate(config: OptimConfig, update: int, progress: float) -> float:
    """The learning rate of update number `update` (from 0) when `progress` in [0, 1] of the fit is done.

    A linear warm-up times a constant or half a cosine. The reference's warm-up starts at exactly 0 and so wastes an
    update; this one starts at lr / warmup_steps.
    """
    warmup = min(1.0, (update + 1) / max(1, config.warmup_steps))
    if config.schedule == "constant":
        return config.lr * warmup
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return config.lr * warmup * (config.final_lr_fraction + (1 - config.final_lr_fraction) * cosine)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, update: int) -> None:
    """Move the parameters of `average` towards those of `network`, and copy its buffers.

    The decay grows with the number of updates, min(decay, (1 + n) / (10 + n)), so that the random initial weights are
    soon forgotten. All parameters are moved in one call.
    """
    decay = min(decay, (1 + update) / (10 + update))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)  # pyright: ignore[reportPrivateImportUsage]
    for averaged, buffer in zip(average.buffers(), network.buffers(), strict=True):
        averaged.copy_(buffer)
