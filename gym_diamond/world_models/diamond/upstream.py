"""Released DIAMOND checkpoints: the flat state dict of an agent, with every architectural value read off its tensors.

No YAML is read and no code is run: `weights_only=True`, and the shapes say the rest. What the shapes cannot say are
the constants that the released weights were trained with, so those stand here.
"""

import pickle
from collections.abc import Mapping
from math import isqrt
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import torch
from torch import Tensor

from gym_diamond.errors import InvalidWorld
from gym_diamond.games import ATARI_FPS, game
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.world_models.diamond.config import DenoiserConfig, DiamondConfig, RewardEndConfig
from gym_diamond.world_models.diamond.model import DiamondWorldModel, Precision
from gym_diamond.world_models.protocol import Sampling, WorldSpec

StateDict = Mapping[str, Tensor]

SIGMA_DATA, SIGMA_OFFSET_NOISE = 0.5, 0.3
REWARD_VALUES = (-1.0, 0.0, 1.0)


class Released(NamedTuple):
    """What a released checkpoint holds."""

    world: DiamondWorldModel
    policy: ActorCritic


def load_released(
    path: Path, game_name: str, sampling: Sampling | None = None, precision: Precision = "fp32"
) -> Released:
    """The world and the policy in the released checkpoint at `path`.

    Args:
        path: a `.pt` file, a flat state dict with the prefixes `denoiser.`, `rew_end_model.` and `actor_critic.`.
        game_name: the game it was trained on; it names the actions.
        sampling: how the world is to be sampled; the reference's own values by default.
        precision: what the world computes in.

    Raises:
        InvalidWorld: the file is missing, damaged, or not such a state dict, or it has other actions than the game.
        UnknownGame: ALE has no such game.
    """
    weights = read_state_dict(path)
    spec, config = infer_architecture(weights, game_name, path)
    world = DiamondWorldModel(config, spec, sampling or Sampling(), precision)
    policy = infer_policy(weights, path)
    parts = [(world, ("denoiser.", "rew_end_model."), ""), (policy, ("actor_critic.",), "actor_critic.")]
    for module, prefixes, stripped in parts:
        own = {key.removeprefix(stripped): value for key, value in weights.items() if key.startswith(prefixes)}
        try:
            module.load_state_dict(own)
        except RuntimeError as error:
            raise InvalidWorld(f"{path} is not a released DIAMOND checkpoint: {error}") from error
    return Released(world, policy)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.pt` file, read without running any code in it.

    Raises:
        InvalidWorld: there is no such file, or it is not a flat state dict.
    """
    if not path.is_file():
        raise InvalidWorld(f"There is no checkpoint at {path}.")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise InvalidWorld(f"{path} is not a checkpoint that can be read safely: {error}") from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise InvalidWorld(f"{path} holds no flat state dict of tensors; it may be a trainer's state.")
    for prefix in ("denoiser.inner_model.", "rew_end_model.", "actor_critic."):
        if not any(key.startswith(prefix) for key in weights):
            raise InvalidWorld(
                f"{path} has no tensors called {prefix}...; it is not a checkpoint of DIAMOND for Atari."
            )
    return weights


def infer_architecture(weights: StateDict, game_name: str, path: Path) -> tuple[WorldSpec, DiamondConfig]:
    """The spec and the config that the shapes of `weights` imply.

    Raises:
        InvalidWorld: the shapes are not those of a checkpoint for this game.
    """
    inner = _below("denoiser.inner_model.", weights)
    judge = _below("rew_end_model.", weights)
    try:
        num_actions, action_width = inner["act_emb.0.weight"].shape
        cond_channels = inner["cond_proj.0.weight"].shape[0]
        context_length = cond_channels // action_width
        img_channels = inner["conv_in.weight"].shape[1] // (context_length + 1)
        down, encoder = _blocks("unet.d_blocks.", inner), _blocks("encoder.blocks.", judge)[:-1]  # the last: middle
        denoiser = DenoiserConfig(
            *_levels(down),
            cond_channels=cond_channels,
            sigma_data=SIGMA_DATA,
            sigma_offset_noise=SIGMA_OFFSET_NOISE,
            quantizer="floor",
        )
        reward_end = RewardEndConfig(
            *_levels(encoder),
            cond_channels=judge["act_emb.weight"].shape[1],
            lstm_dim=judge["lstm.weight_hh_l0"].shape[1],
            remember_padding=True,
        )
        features = judge["lstm.weight_ih_l0"].shape[1] // reward_end.channels[-1]
        size = isqrt(features) * 2 ** (len(reward_end.channels) - 1)
    except (KeyError, ValueError, ZeroDivisionError, IndexError) as error:
        raise InvalidWorld(f"{path} is not a released DIAMOND checkpoint for Atari: {error!r} is amiss.") from error
    meanings = game(game_name).action_meanings
    if num_actions != len(meanings):
        raise InvalidWorld(f"{path} has {num_actions} actions, but {game_name} has {len(meanings)}; name its own game.")
    spec = WorldSpec(
        game_name, size, size, img_channels, num_actions, meanings, context_length, REWARD_VALUES, ATARI_FPS
    )
    return spec, DiamondConfig(denoiser, reward_end)


def infer_policy(weights: StateDict, path: Path) -> ActorCritic:
    """A fresh actor-critic of the shape of the one in `weights`.

    Raises:
        InvalidWorld: the shapes are not those of an actor-critic.
    """
    policy = _below("actor_critic.", weights)
    try:
        lstm_dim, num_inputs = policy["lstm.weight_hh"].shape[1], policy["lstm.weight_ih"].shape[1]
        img_channels = policy["encoder.encoder.0.weight"].shape[1]
        convs = [key for key in policy if key.startswith("encoder.encoder.") and key.endswith(".f.2.weight")]
        channels = [policy[key].shape[0] for key in sorted(convs, key=lambda key: int(key.split(".")[2]))]
        size = isqrt(num_inputs // channels[-1]) * 2 ** len(channels)
        num_actions = policy["actor_linear.weight"].shape[0]
    except (KeyError, IndexError) as error:
        raise InvalidWorld(f"{path} is not a released DIAMOND checkpoint: {error!r} is amiss.") from error
    return ActorCritic(num_actions, img_channels, (size, size), channels, lstm_dim)


def _levels(blocks: list[StateDict]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[bool, ...]]:
    """depths, channels and attn_depths of the levels, in the order of the configs' first three fields."""
    depths = tuple(1 + max(int(key.split(".")[1]) for key in block) for block in blocks)
    channels = tuple(block["resblocks.0.conv1.weight"].shape[0] for block in blocks)
    attn_depths = tuple(any(".attn." in key for key in block) for block in blocks)
    return depths, channels, attn_depths


def _blocks(prefix: str, weights: StateDict) -> list[StateDict]:
    below = _below(prefix, weights)
    count = 1 + max((int(key.split(".")[0]) for key in below), default=-1)
    return [_below(f"{i}.", below) for i in range(count)]


def _below(prefix: str, weights: StateDict) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
