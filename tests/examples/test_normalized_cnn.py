"""Pixels of mean 0 and variance 1, by statistics that a policy learns while it is trained and carries with it."""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import NatureCNN
from stable_baselines3.common.vec_env import DummyVecEnv

from examples.normalized_cnn import LEAST_DEVIATION, NormalizedCNN

SPACE = Box(0, 255, (3, 36, 36), np.uint8)


class Noise(gymnasium.Env):
    """Shows noise for ever."""

    observation_space, action_space = SPACE, Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        return self.observation_space.sample(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        return self.observation_space.sample(), 0.0, False, False, {}


def observations(num: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(num, 3, 36, 36, generator=torch.Generator().manual_seed(seed)) ** 3


def test_the_convolutions_see_pixels_of_mean_0_and_variance_1(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(NatureCNN, "forward", lambda self, given: seen.append(given) or given)
    network, given = NormalizedCNN(SPACE), observations(500)
    given[:, 0, 0, 0] = 0.5  # of the background
    network(given)
    assert seen[0].mean(dim=0).abs().max() < 1e-4
    assert (seen[0].flatten(1)[:, 1:].var(dim=0) - 1).abs().max() < 0.2  # the least deviation counts a little
    assert (seen[0][:, 0, 0, 0] == 0).all()
    network.eval()
    off = given[:1].clone()
    off[:, 0, 0, 0] += LEAST_DEVIATION  # what flickers is not blown up
    network(off)
    assert seen[1][0, 0, 0, 0].item() == pytest.approx(1, abs=1e-3)


def test_padding_is_not_seen() -> None:
    """RecurrentPPO fills episodes up with frames of zeros."""
    network, shown = NormalizedCNN(SPACE, padded=True), observations(6)
    network(torch.cat([shown[:2], torch.zeros(5, *SPACE.shape), shown[2:]]))
    network(torch.zeros(2, *SPACE.shape))
    assert network.pixels.num_seen == 6
    assert torch.allclose(network.pixels.mean, shown.mean(dim=0), atol=1e-6)


def test_it_learns_statistics_while_it_is_trained_and_from_what_it_sees_first() -> None:
    network = NormalizedCNN(SPACE).eval()
    network(observations(4))
    first = network.pixels.mean.clone()
    assert network.pixels.num_seen == 4
    network(observations(4, seed=1))
    assert torch.equal(network.pixels.mean, first)
    network.train()
    network(observations(4, seed=1))
    assert network.pixels.num_seen == 8
    assert not torch.equal(network.pixels.mean, first)


def test_the_statistics_travel_with_the_agent(tmp_path: Path) -> None:
    envs = DummyVecEnv([Noise])
    kwargs = {"features_extractor_class": NormalizedCNN}
    agent = PPO("CnnPolicy", envs, n_steps=4, batch_size=4, n_epochs=1, policy_kwargs=kwargs, device="cpu").learn(8)
    agent.save(tmp_path / "agent.zip")
    loaded = PPO.load(tmp_path / "agent.zip", device="cpu")
    ours, theirs = (a.policy.features_extractor for a in (agent, loaded))
    assert isinstance(theirs, NormalizedCNN)
    assert theirs.pixels.num_seen > 4
    assert torch.equal(ours.pixels.mean, theirs.pixels.mean)
