"""The conditions of a whole network in one product, for inference.

Each `AdaGroupNorm` has a linear layer of its own, which makes scales and shifts of the condition. They do not see x, so
all of them can be asked at once, before the network runs: one large product in the place of many small ones.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gym_diamond.nn.norm import EPS, AdaGroupNorm


class ModulatedGroupNorm(nn.Module):
    """Normalised x, scaled and shifted per channel as columns `first` and following of a modulation say."""

    def __init__(self, groups: int, first: int, channels: int) -> None:
        super().__init__()
        self.groups, self.first, self.channels = groups, first, channels

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        """Args:
        modulation: `(B, M)` of the whole network: what `join_modulations` returned, asked about the condition.
        """
        own = modulation[:, self.first : self.first + 2 * self.channels, None, None]
        scale, shift = own.chunk(2, dim=1)  # (B, 2C, 1, 1) -> 2 x (B, C, 1, 1)
        return torch.addcmul(shift, F.group_norm(x, self.groups, eps=EPS), scale)


@torch.no_grad()
def join_modulations(network: nn.Module) -> nn.Linear:
    """The layer that makes the modulation `(B, M)` of a condition `(B, E)`, for all norms of `network` together.

    The network is changed: from now on it takes the modulation where it took the condition. Scales hold their 1.
    """
    weights, biases, first = [], [], 0
    for parent in list(network.modules()):
        for name, norm in list(parent.named_children()):
            if isinstance(norm, AdaGroupNorm):
                channels = norm.linear.out_features // 2
                setattr(parent, name, ModulatedGroupNorm(norm.groups, first, channels))
                one = torch.ones_like(norm.linear.bias)
                one[channels:] = 0  # x * (1 + scale) + shift
                weights.append(norm.linear.weight)
                biases.append(norm.linear.bias + one)
                first += 2 * channels
    joint = nn.Linear(weights[0].shape[1], first, device=weights[0].device, dtype=weights[0].dtype)
    joint.weight.copy_(torch.cat(weights))
    joint.bias.copy_(torch.cat(biases))
    return joint.requires_grad_(False)
