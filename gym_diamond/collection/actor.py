"""A world directory's own policy: the actor-critic that was trained in its dreams, playing."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gym_diamond.checkpoint import POLICY
from gym_diamond.errors import InvalidWorld
from gym_diamond.files import read_tensors
from gym_diamond.frames import to_obs
from gym_diamond.nn.actor_critic import ActorCritic


class ActorPolicy:
    """Actions drawn from an actor-critic network with a memory for each row."""

    def __init__(self, name: str, network: ActorCritic, num_rows: int) -> None:
        self.name = name
        self._network = network.eval().requires_grad_(False)
        self._hx, self._cx = network.initial_state(num_rows)  # (num_rows, D) each

    def begin(self, rows: np.ndarray) -> None:
        """Empty the memory of `rows`."""
        self._hx[rows], self._cx[rows] = 0.0, 0.0

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws from the network's distribution."""
        with torch.inference_mode():
            obs = to_obs(torch.from_numpy(frames))  # (n, H, W, C) -> (n, C, H, W)
            logits, _, (hx, cx) = self._network(obs, (self._hx[rows], self._cx[rows]))
        self._hx[rows], self._cx[rows] = hx, cx
        return np.argmax(logits.numpy() + rng.gumbel(size=logits.shape), axis=1)


def load_actor(
    directory: Path, num_actions: int | tuple[int, ...], num_rows: int, frame_shape: tuple[int, int, int]
) -> ActorPolicy:
    """The policy in a world directory, its architecture read off its tensors.

    Raises:
        InvalidWorld: the directory holds no policy, or one for other actions or frames.
    """
    path = directory / POLICY
    if not path.is_file():
        raise InvalidWorld(f"{directory} holds no {POLICY}: no policy was trained in this world yet.")
    tensors, _ = read_tensors(path, InvalidWorld)
    tensors = {name: tensor.float() for name, tensor in tensors.items()}
    try:
        network = _network(tensors, frame_shape)
        network.load_state_dict(tensors)
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise InvalidWorld(f"{path} is not an actor-critic network for {frame_shape} frames: {error}") from error
    if network.actor_linear.out_features != num_actions:
        raise InvalidWorld(f"{path} chooses from {network.actor_linear.out_features} actions; there are {num_actions}.")
    return ActorPolicy(directory.name, network, num_rows)


def _network(tensors: dict[str, Tensor], frame_shape: tuple[int, int, int]) -> ActorCritic:
    height, width, img_channels = frame_shape
    convs = [name for name in tensors if name.startswith("encoder.encoder.") and name.endswith(".f.2.weight")]
    levels = sorted(convs, key=lambda name: int(name.split(".")[2]))
    num_actions, lstm_dim = tensors["actor_linear.weight"].shape
    channels = [tensors[name].shape[0] for name in levels]
    return ActorCritic(num_actions, img_channels, (height, width), channels, lstm_dim, "pixels.mean" in tensors)
