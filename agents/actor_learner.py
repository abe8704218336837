"""The actor-critic under training: its network and its optimizer, updated once a call."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from agents.actor_critic_loss import ActorCriticLossConfig, actor_critic_loss
from agents.rollout import Rollout
from gym_diamond.errors import InvalidArgument, InvalidRun
from gym_diamond.fitting.optim import below, load_moments, moments
from gym_diamond.nn.actor_critic import ActorCritic


@dataclass(frozen=True)
class AdamConfig:
    """How the actor-critic is optimised. The defaults are the reference's."""

    lr: float = 1e-4
    """Learning rate of AdamW after the warm-up."""
    warmup_updates: int = 100
    """Updates over which the learning rate rises linearly. (The reference's first update has the rate 0.)"""
    weight_decay: float = 0.0
    """Decoupled weight decay."""
    eps: float = 1e-8
    """AdamW's epsilon."""
    max_grad_norm: float = 100.0
    """Gradients are scaled down to this norm."""

    def __post_init__(self) -> None:
        for name in ("lr", "eps", "max_grad_norm"):
            if not getattr(self, name) > 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be positive.")
        for name in ("warmup_updates", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 0.")


@dataclass(frozen=True)
class ActorLearner:
    """What changes in training. It is changed by `update` and `load_tensors` only."""

    policy: ActorCritic
    optimizer: torch.optim.AdamW
    config: AdamConfig

    def tensors(self) -> dict[str, Tensor]:
        """All that an exact continuation needs, by name: the network and the optimizer's moments."""
        named = {f"policy.{name}": value for name, value in self.policy.state_dict().items()}
        return named | {f"optimizer.{name}": value for name, value in moments(self.policy, self.optimizer).items()}

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Continue from what `tensors()` gave.

        Raises:
            InvalidRun: the tensors are those of another network.
        """
        try:
            self.policy.load_state_dict(below("policy.", tensors))
        except RuntimeError as error:
            raise InvalidRun(f"the checkpoint is of another actor-critic network: {error}") from error
        load_moments(self.policy, self.optimizer, below("optimizer.", tensors))


def make_learner(policy: ActorCritic, config: AdamConfig) -> ActorLearner:
    """A learner that has not learned yet."""
    optimizer = torch.optim.AdamW(
        policy.parameters(), lr=config.lr, eps=config.eps, weight_decay=config.weight_decay, fused=True
    )
    return ActorLearner(policy, optimizer, config)


def update(learner: ActorLearner, play: Rollout, loss: ActorCriticLossConfig, count: int) -> dict[str, Tensor]:
    """What update number `count` (from 0) was made of: the parts of the loss, and `grad_norm` before it was scaled."""
    value, metrics = actor_critic_loss(play, loss)
    learner.optimizer.zero_grad(set_to_none=True)
    value.backward()
    grad_norm = nn.utils.clip_grad_norm_(learner.policy.parameters(), learner.config.max_grad_norm, foreach=True)
    for group in learner.optimizer.param_groups:
        group["lr"] = learner.config.lr * min(1.0, (count + 1) / max(1, learner.config.warmup_updates))
    learner.optimizer.step()
    return {**metrics, "grad_norm": grad_norm.detach()}
