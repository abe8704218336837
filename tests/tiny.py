"""A world directory that is made in a moment: the tiny architecture with random weights."""

from pathlib import Path

import numpy as np
import torch

from gym_diamond import world_models
from gym_diamond.checkpoint import save_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.games import ATARI_FPS, game
from gym_diamond.world_models.protocol import Sampling, WorldSpec


def write_tiny_world(directory: Path, name: str = "Breakout", num_contexts: int = 4, length: int = 6) -> Path:
    """`directory`, now a world of 64x64 frames whose weights and start states are noise."""
    backend = world_models.backend("diamond")
    meanings = game(name).action_meanings
    spec = WorldSpec(name, 64, 64, 3, len(meanings), meanings, 4, (-1.0, 0.0, 1.0), ATARI_FPS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = backend.build(backend.presets["tiny"], spec, Sampling(num_denoising_steps=1), "fp32")
        with torch.no_grad():  # the last layers start at zero, which would make every dream the same
            for parameter in model.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    rng = np.random.default_rng(0)
    contexts = ContextBank(
        rng.integers(256, size=(num_contexts, length, 64, 64, 3), dtype=np.uint8),
        rng.integers(len(meanings), size=(num_contexts, length - 1)),
        np.arange(length) >= np.arange(num_contexts)[:, None],
    )
    save_world(
        directory, model=model, state_dict=model.state_dict(), contexts=contexts, provenance={}, card="A tiny world."
    )
    return directory
