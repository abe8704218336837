"""A world of a preset without any fit: speed hangs on the architecture, not on what was learned."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gym_diamond import world_models
from gym_diamond.checkpoint import save_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import ATARI_FPS, game
from gym_diamond.world_models.diamond.config import DiamondConfig
from gym_diamond.world_models.protocol import Sampling, WorldSpec

BACKEND = "diamond"
GAME = "Breakout"  # the border of a game of Atari, with its 4 actions
SIDE, CHANNELS, CONTEXT_LENGTH = 64, 3, 4
NUM_CONTEXTS = 8


def find_preset(name: str) -> DiamondConfig:
    """The architecture called `name`.

    Raises:
        InvalidArgument: there is no such preset.
    """
    presets = world_models.backend(BACKEND).presets
    if name not in presets:
        raise InvalidArgument(f"--preset is {name!r}; there is {', '.join(presets)}.")
    return presets[name]


def write_random_world(directory: Path, config: DiamondConfig) -> Path:
    """`directory`, now a world of this architecture whose weights and start states are noise."""
    backend = world_models.backend(BACKEND)
    meanings = game(GAME).action_meanings
    spec = WorldSpec(GAME, SIDE, SIDE, CHANNELS, len(meanings), meanings, CONTEXT_LENGTH, (-1.0, 0.0, 1.0), ATARI_FPS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: Any = backend.build(config, spec, Sampling(), "fp32")
        roughen(model)
    rng = np.random.default_rng(0)
    contexts = ContextBank(
        rng.integers(256, size=(NUM_CONTEXTS, CONTEXT_LENGTH, SIDE, SIDE, CHANNELS), dtype=np.uint8),
        rng.integers(len(meanings), size=(NUM_CONTEXTS, CONTEXT_LENGTH - 1)),
        np.ones((NUM_CONTEXTS, CONTEXT_LENGTH), np.bool_),
    )
    card = "Random weights, for timing only.\n"
    save_world(directory, model=model, state_dict=model.state_dict(), contexts=contexts, provenance={}, card=card)
    return directory


@torch.no_grad()
def roughen(network: nn.Module) -> None:
    """Move every parameter of `network` a little: layers that begin at zero might be computed sooner than others."""
    for parameter in network.parameters():
        parameter.add_(0.02 * torch.randn_like(parameter))
