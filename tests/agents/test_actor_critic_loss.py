"""The loss: literal values of small rollouts, and where its gradients go."""

import math

import pytest
import torch

from agents.actor_critic_loss import ActorCriticLossConfig, actor_critic_loss
from agents.rollout import Rollout
from gym_diamond.errors import InvalidArgument

NEVER = torch.zeros(1, 2, dtype=torch.bool)


def small_play(logits: torch.Tensor, value: torch.Tensor) -> Rollout:
    """Two steps that pay 1 and 2, actions 0 and 1, after which the game is over."""
    reward, end = torch.tensor([[1.0, 2.0]]), torch.tensor([[False, True]])
    return Rollout(torch.tensor([[0, 1]]), reward, end, NEVER, logits, value, torch.tensor([[0.0, 9.0]]))


def test_the_parts_of_the_loss_of_a_rollout_of_two_steps() -> None:
    """With gamma 0.5 and lambda 1 the returns are 2 and 2; a policy of two equal actions has the entropy ln 2."""
    logits, value = torch.zeros(1, 2, 2, requires_grad=True), torch.tensor([[0.0, 1.0]], requires_grad=True)
    config = ActorCriticLossConfig(gamma=0.5, lambda_=1.0, value_weight=0.1, entropy_weight=0.01)
    loss, parts = actor_critic_loss(small_play(logits, value), config)
    assert float(parts["policy_loss"]) == pytest.approx(math.log(2) * (2 + 1) / 2)
    assert float(parts["value_loss"]) == pytest.approx((4 + 1) / 2)
    assert float(parts["entropy"]) == pytest.approx(math.log(2))
    assert float(loss.detach()) == pytest.approx(1.5 * math.log(2) + 0.25 - 0.01 * math.log(2))
    assert float(parts["reward"]) == 1.5
    assert float(parts["over"]) == 0.5


def test_actions_that_did_better_than_expected_become_likelier_and_values_move_to_the_returns() -> None:
    logits, value = torch.zeros(1, 2, 2, requires_grad=True), torch.tensor([[0.0, 3.0]], requires_grad=True)
    config = ActorCriticLossConfig(gamma=0.5, lambda_=1.0, entropy_weight=0.0)
    actor_critic_loss(small_play(logits, value), config)[0].backward()
    assert logits.grad is not None
    assert value.grad is not None
    assert logits.grad[0, 0].tolist() == pytest.approx([-0.5, 0.5])  # 2 came, 0 was expected: more of action 0
    assert logits.grad[0, 1].tolist() == pytest.approx([-0.25, 0.25])  # 2 came, 3 was expected: less of action 1
    assert value.grad[0].tolist() == pytest.approx([-2.0, 1.0])  # of the squared error alone


def test_the_defaults_are_the_references() -> None:
    assert ActorCriticLossConfig() == ActorCriticLossConfig(0.985, 0.95, 1.0, 0.001)


@pytest.mark.parametrize("values", [{"gamma": 1.1}, {"lambda_": -0.1}, {"entropy_weight": -1.0}])
def test_a_value_out_of_its_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(values))):
        ActorCriticLossConfig(**values)
