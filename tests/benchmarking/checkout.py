"""A checkout that has the layout of the reference and the signatures that are used of it, and dreams nothing."""

from pathlib import Path

DIFFUSION = """
from dataclasses import dataclass
from typing import List

import torch
from torch import nn

from utils import COUNT  # a name that everybody has


@dataclass
class InnerModelConfig:
    img_channels: int
    num_steps_conditioning: int
    cond_channels: int
    depths: List[int]
    channels: List[int]
    attn_depths: List[bool]
    num_actions: int


@dataclass
class DenoiserConfig:
    inner_model: InnerModelConfig
    sigma_data: float
    sigma_offset_noise: float


class Denoiser(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.weight = nn.Parameter(torch.ones(COUNT))

    @property
    def device(self):
        return self.weight.device


@dataclass
class DiffusionSamplerConfig:
    num_steps_denoising: int
    sigma_min: float
    sigma_max: float
    rho: float
    order: int
"""

REW_END_MODEL = """
from dataclasses import dataclass
from typing import List

from torch import nn


@dataclass
class RewEndModelConfig:
    lstm_dim: int
    img_channels: int
    img_size: int
    cond_channels: int
    depths: List[int]
    channels: List[int]
    attn_depths: List[bool]
    num_actions: int


class RewEndModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.head = nn.Sequential(
            nn.Linear(cfg.lstm_dim, cfg.lstm_dim), nn.SiLU(), nn.Linear(cfg.lstm_dim, 5, bias=False)
        )
"""

WORLD_MODEL_ENV = """
import time
from dataclasses import dataclass

import torch

from models.diffusion import DiffusionSamplerConfig


@dataclass
class WorldModelEnvConfig:
    horizon: int
    num_batches_to_preload: int
    diffusion_sampler: DiffusionSamplerConfig


class WorldModelEnv:
    def __init__(self, denoiser, rew_end_model, data_loader, cfg):
        self.rew_end_model = rew_end_model
        self.num_envs = data_loader.batch_sampler.batch_size
        self.batches = iter(data_loader)

    def reset(self):
        batch = next(self.batches)
        self.obs, self.act = batch.obs, batch.act
        return self.obs[:, -1], {}

    def predict_next_obs(self):
        time.sleep(0.002 * self.num_envs)
        return self.obs[:, -1], []

    def predict_rew_end(self, next_obs):
        logits = self.rew_end_model.head(torch.randn(self.num_envs, self.rew_end_model.cfg.lstm_dim))
        return logits[:, 0], logits[:, -2] < logits[:, -1]

    @torch.no_grad()
    def step(self, act):
        obs, _ = self.predict_next_obs()
        rew, end = self.predict_rew_end(obs)
        if end.any():
            raise RuntimeError("a game ended")
        return obs, rew, end, torch.zeros_like(end), {}
"""


def write_checkout(folder: Path, *, imports: str = "torch") -> Path:
    """`folder`, now with a step of 2 ms a row. `imports` is a package that it needs; only its `envs` needs more."""
    files = {
        "src/utils.py": "COUNT = 3\n",
        "src/envs/__init__.py": "import an_emulator_that_is_not_there\n",
        "src/envs/world_model_env.py": WORLD_MODEL_ENV,
        "src/models/__init__.py": "",
        "src/models/diffusion/__init__.py": DIFFUSION,
        "src/models/rew_end_model.py": f"import {imports}\n{REW_END_MODEL}",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
