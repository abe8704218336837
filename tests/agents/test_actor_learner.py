"""An update of the actor-critic: as long as the rate of its number, of gradients that are not too long."""

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from agents.actor_critic_loss import ActorCriticLossConfig
from agents.actor_learner import ActorLearner, AdamConfig, make_learner, update
from agents.policy import make_policy
from agents.rollout import Rollout, first_memory, rollout
from gym_diamond.nn.actor_critic import ActorCritic
from tests.fakes import CountingWorld, counting_dream


def learner_with(config: AdamConfig) -> ActorLearner:
    return make_learner(make_policy(CountingWorld().spec, channels=(4, 4), lstm_dim=8), config)


def played_by(policy: ActorCritic) -> Rollout:
    dream = counting_dream(3, max_episode_steps=4)
    dream.reset(seed=0)
    return rollout(dream, policy, first_memory(dream, policy), 6, torch.Generator().manual_seed(0))[0]


@pytest.mark.parametrize(("count", "expected"), [(0, 0.25e-2), (2, 0.75e-2), (9, 1e-2)])
def test_a_first_step_is_as_long_as_the_rate_of_its_number(count: int, expected: float) -> None:
    """Adam's first step is as long as its rate, which rises over four updates here."""
    learner = learner_with(AdamConfig(lr=1e-2, warmup_updates=4))
    before = parameters_to_vector(learner.policy.parameters()).detach().clone()
    update(learner, played_by(learner.policy), ActorCriticLossConfig(), count)
    moved = (parameters_to_vector(learner.policy.parameters()) - before).abs().max().item()
    assert moved == pytest.approx(expected, rel=1e-3)


def test_gradients_are_scaled_down_to_the_norm_that_is_allowed() -> None:
    learner = learner_with(AdamConfig(max_grad_norm=1e-3))
    told = update(learner, played_by(learner.policy), ActorCriticLossConfig(), 0)["grad_norm"].item()
    scaled = torch.cat([p.grad.flatten() for p in learner.policy.parameters() if p.grad is not None])
    assert told > 0.01, "what is told is the norm before"
    assert scaled.norm().item() == pytest.approx(1e-3, rel=1e-3)
