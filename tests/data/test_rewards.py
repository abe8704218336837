"""Rewards of play find their class among those a dream can give."""

import torch

from gym_diamond.data.rewards import reward_classes


def test_atari_rewards_are_classed_by_their_sign() -> None:
    rewards = torch.tensor([[-5.0, 0.0, 1.0, 7.0]])
    assert reward_classes(rewards, (-1.0, 0.0, 1.0)).tolist() == [[0, 1, 2, 2]]


def test_other_rewards_keep_their_value() -> None:
    rewards = torch.tensor([-0.1, 6.8, 0.0])
    assert reward_classes(rewards, (-0.1, 0.0, 6.8)).tolist() == [0, 2, 1]
