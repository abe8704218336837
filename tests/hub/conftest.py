"""A Hub of one's own, an empty cache, and a checkpoint of the released layout that is made in a moment."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from gym_diamond.games import ATARI_FPS, game
from gym_diamond.hub.address import RELEASE
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.world_models.diamond import build
from gym_diamond.world_models.diamond.config import DenoiserConfig, DiamondConfig, RewardEndConfig
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.hub.standin import StandIn, serving

NARROW = {"depths": (1,) * 4, "channels": (8,) * 4, "attn_depths": (False,) * 4, "cond_channels": 16}


def released_checkpoint(name: str) -> bytes:
    """A `.pt` as the authors release them, with random weights and narrow networks."""
    meanings = game(name).action_meanings
    spec = WorldSpec(name, 64, 64, 3, len(meanings), meanings, 4, (-1.0, 0.0, 1.0), ATARI_FPS)
    config = DiamondConfig(DenoiserConfig(**NARROW), RewardEndConfig(**NARROW, lstm_dim=16))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        world = build(config, spec, Sampling(), "fp32").state_dict()
        policy = ActorCritic(len(meanings), channels=(8,) * 4, lstm_dim=16).state_dict()
    data = io.BytesIO()
    torch.save({**world, **{f"actor_critic.{key}": value for key, value in policy.items()}}, data)
    return data.getvalue()


@pytest.fixture(scope="session")
def checkpoint() -> bytes:
    return released_checkpoint("Asterix")


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    with serving() as hub:
        yield hub


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GYM_DIAMOND_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(server: StandIn, cache: Path, checkpoint: bytes, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in with the authors' Asterix on it, and everyone looking there."""
    server.files, server.revisions, server.requests, server.fault = {}, {}, [], ""
    server.put(*RELEASE, {"atari_100k/models/Asterix.pt": checkpoint}, "main")
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return server
