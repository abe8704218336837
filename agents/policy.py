"""The actor-critic as a policy: made for a world, burned in over frames, kept in the world's directory.

It acts on the newest frame and on what it remembers of those before, so a memory has to be filled before it is of use:
at the start of a dream by the frames that the dream goes on from. In the real game nothing precedes the first frame,
and the memory begins empty. `policy.safetensors` holds its tensors; `gym-diamond collect --policy DIRECTORY` and
`python -m agents.evaluate DIRECTORY` play it.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gym_diamond.checkpoint import POLICY
from gym_diamond.errors import InvalidArgument
from gym_diamond.files import write_tensors
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.nn.lstm import LSTMState
from gym_diamond.world_models.protocol import WorldSpec


def make_policy(
    spec: WorldSpec,
    channels: Sequence[int] = (32, 32, 64, 64),
    lstm_dim: int = 512,
    seed: int = 0,
    normalize: bool = False,
) -> ActorCritic:
    """An actor-critic for the frames and actions of a world, with random weights that `seed` decides.

    Args:
        spec: of the world.
        channels: of each level; a level halves the resolution. The reference: four levels for 64x64 frames.
        lstm_dim: numbers that it remembers.
        seed: of the weights; the caller's random numbers stay as they were.
        normalize: whether each pixel is normalised by its running mean and deviation.

    Raises:
        InvalidArgument: its actions have several parts, or its frames are too small for so many levels.
    """
    if spec.action_sizes:
        raise InvalidArgument(
            f"{spec.game} has actions of {len(spec.action_sizes)} parts; this agent chooses one of n actions. "
            "Train another library's agent in it, for example stable-baselines3's PPO (examples/ppo_sb3.py)."
        )
    if min(spec.height, spec.width) < 2 ** len(channels):
        raise InvalidArgument(
            f"{len(channels)} channels halve {spec.height}x{spec.width} frames to nothing; give fewer of them."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        size = (spec.height, spec.width)
        return ActorCritic(spec.num_actions, spec.channels, size, channels, lstm_dim, normalize)


@torch.no_grad()
def burn_in(policy: ActorCritic, frames: Tensor) -> LSTMState:
    """The memory `(N, D)`, twice, of a policy that has seen `frames` and nothing before.

    Padding is not seen: frames from before a game began are mid-grey, which no real frame is, since 0 lies between two
    of the 256 levels. The reference shows it to its policy. No gradient goes through; in the reference some does.

    Args:
        policy: what remembers.
        frames: `(N, T, C, H, W)` obs, oldest first; T may be 0.
    """
    hx, cx = policy.initial_state(frames.shape[0])
    is_real = (frames != 0).flatten(2).any(dim=2)  # (N, T, C, H, W) -> (N, T)
    for t in range(frames.shape[1]):
        _, _, (seen_hx, seen_cx) = policy(frames[:, t], (hx, cx))
        keep = is_real[:, t, None]
        hx, cx = torch.where(keep, seen_hx, hx), torch.where(keep, seen_cx, cx)
    return hx, cx


def save_policy(directory: Path, policy: ActorCritic) -> None:
    """Write `policy` into a world directory, whole or not at all."""
    write_tensors(directory / POLICY, policy.state_dict(), {"format": "pt"})
