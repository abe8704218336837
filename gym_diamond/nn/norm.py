"""Group normalisation with groups of a fixed size, plain and conditioned (AdaGN)."""

from torch import Tensor, nn
from torch.nn import functional as F

GROUP_SIZE = 32
EPS = 1e-5


def num_groups(channels: int) -> int:
    """How many groups of `GROUP_SIZE` channels there are; never none."""
    return max(1, channels // GROUP_SIZE)


class GroupNorm(nn.Module):
    """Normalised x, scaled and shifted per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(num_groups(channels), channels, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class AdaGroupNorm(nn.Module):
    """Normalised x, scaled and shifted per channel as the condition says."""

    def __init__(self, channels: int, cond_channels: int) -> None:
        super().__init__()
        self.groups = num_groups(channels)
        self.linear = nn.Linear(cond_channels, 2 * channels)

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        scale, shift = self.linear(cond)[:, :, None, None].chunk(2, dim=1)  # (B, 2C) -> 2 x (B, C, 1, 1)
        x = F.group_norm(x, self.groups, eps=EPS)
        return x * (1 + scale) + shift
