"""Lambda-returns, with ends and truncations kept apart: a truncation bootstraps, an end does not."""

import torch
from torch import Tensor


def lambda_returns(
    reward: Tensor, end: Tensor, trunc: Tensor, next_value: Tensor, gamma: float, lambda_: float
) -> Tensor:
    """G_t = r_t + gamma (1 - end_t) [(1 - lambda) v_{t+1} + lambda G_{t+1}], with v_{t+1} for G_{t+1} at a cut.

    A trajectory is cut where it was truncated and after its last step. (Sutton and Barto, eq. 12.18, truncated.)

    Args:
        reward: `(B, T)` float; take the sign before, where signs are wanted.
        end: `(B, T)` bool, the game ended with this transition.
        trunc: `(B, T)` bool, the time ran out with it.
        next_value: `(B, T)` float, the value of the state that the transition led to, before any reset.
        gamma: discount, in [0, 1].
        lambda_: 0 = one step, 1 = Monte Carlo.

    Returns:
        `(B, T)` float.
    """
    returns = torch.empty_like(reward)
    last = next_value[:, -1]
    for t in reversed(range(reward.shape[1])):
        ahead = torch.where(trunc[:, t], next_value[:, t], last)
        mixed = (1 - lambda_) * next_value[:, t] + lambda_ * ahead
        last = reward[:, t] + gamma * mixed * ~end[:, t]
        returns[:, t] = last
    return returns
