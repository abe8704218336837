"""AdamW, its learning rate and the averaged weights, each a small function of what it is given."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

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


def moments(network: nn.Module, optimizer: torch.optim.AdamW) -> dict[str, Tensor]:
    """What `optimizer` remembers of each parameter of `network`, by names like `conv.weight.exp_avg`; {} at first."""
    remembered = ((name, optimizer.state.get(parameter, {})) for name, parameter in network.named_parameters())
    return {f"{name}.{key}": value for name, state in remembered for key, value in state.items()}


@torch.no_grad()
def load_moments(network: nn.Module, optimizer: torch.optim.AdamW, tensors: Mapping[str, Tensor]) -> None:
    """Let `optimizer` go on from what `moments` gave."""
    for name, parameter in network.named_parameters():
        state = below(f"{name}.", tensors)
        if state:
            optimizer.state[parameter] = {key: _like(parameter, value) for key, value in state.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    """`value` on the parameter's device, in its memory format where it has its shape."""
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter).copy_(value)
