"""REINFORCE with a learned baseline on lambda-returns, and a bonus for entropy: the reference's loss."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from agents.returns import lambda_returns
from agents.rollout import Rollout
from gym_diamond.errors import InvalidArgument


@dataclass(frozen=True)
class ActorCriticLossConfig:
    """What the actor-critic is trained for. The defaults are the reference's."""

    gamma: float = 0.985
    """Discount per step."""
    lambda_: float = 0.95
    """How far returns look before they trust the critic: 0 = one step, 1 = to the end of the rollout."""
    value_weight: float = 1.0
    """Of the critic's squared error."""
    entropy_weight: float = 0.001
    """Of the policy's entropy."""

    def __post_init__(self) -> None:
        for name in ("gamma", "lambda_"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be in [0, 1].")
        for name in ("value_weight", "entropy_weight"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 0.")


def actor_critic_loss(play: Rollout, config: ActorCriticLossConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss, () with a gradient, and what it is made of, () each without: `loss`, `policy_loss`, `value_loss`,
    `entropy` in nats, and `reward` and `over`, the rewards and the dreams that were over per step."""
    with torch.no_grad():
        returns = lambda_returns(play.reward, play.end, play.trunc, play.next_value, config.gamma, config.lambda_)
    log_probs = play.logits.log_softmax(dim=2)
    chosen = log_probs.gather(2, play.action[:, :, None]).squeeze(2)  # (N, T, A) -> (N, T)
    entropy = -(log_probs.exp() * log_probs).sum(dim=2).mean()
    policy_loss = -(chosen * (returns - play.value.detach())).mean()
    value_loss = F.mse_loss(play.value, returns)
    loss = policy_loss + config.value_weight * value_loss - config.entropy_weight * entropy
    parts = {"loss": loss, "policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy}
    counts = {"reward": play.reward.mean(), "over": (play.end | play.trunc).float().mean()}
    return loss, {name: value.detach() for name, value in (parts | counts).items()}
