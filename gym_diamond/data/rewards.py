"""Which of the rewards that a dream can give stands for a reward that was played: the fit and its judges must agree."""

import torch
from torch import Tensor


def reward_classes(reward: Tensor, reward_values: tuple[float, ...]) -> Tensor:
    """The index into `reward_values` of each reward; with values (-1, 0, 1) that of its sign."""
    if reward_values == (-1.0, 0.0, 1.0):
        reward = reward.sign()
    values = torch.tensor(reward_values, device=reward.device)
    return (reward[..., None] - values).abs().argmin(dim=-1)
