"""stable-baselines3's CNN over pixels that are brought to mean 0 and variance 1, each by what it showed so far.

PPO on plain pixels first has to learn to see the ball. The statistics are a part of the policy: they travel in its
.zip, and it plays wherever this file can be imported.
"""

import torch
from gymnasium.spaces import Box
from stable_baselines3.common.torch_layers import NatureCNN
from torch import Tensor

from gym_diamond.nn.pixel_statistics import PixelStatistics

LEAST_DEVIATION = 8 / 255  # eight grey levels


class NormalizedCNN(NatureCNN):
    """`NatureCNN` behind `PixelStatistics`, for `features_extractor_class`.

    Args:
        observation_space: of frames `(C, H, W)`, stacked along C; it is given them in [0, 1].
        features_dim: how many features it gives.
        padded: frames of nothing but zeros are the padding that sb3-contrib's recurrent agents fill episodes up with,
            and are none that were seen. To leave them out is a wait for a GPU.
    """

    def __init__(self, observation_space: Box, features_dim: int = 512, padded: bool = False) -> None:
        super().__init__(observation_space, features_dim)
        self.pixels = PixelStatistics(observation_space.shape, LEAST_DEVIATION)
        self.padded = padded
        self.is_new = True  # what `num_seen` says, too, but to ask a GPU is to wait for it
        self.register_load_state_dict_post_hook(_not_new)

    def forward(self, observations: Tensor) -> Tensor:
        """The features `(N, features_dim)` of `(N, C, H, W)`, from whose statistics it learns while it is trained."""
        if self.training or self.is_new:
            self.pixels.see(observations[observations.flatten(1).any(dim=1)] if self.padded else observations)
            self.is_new = False
        normalized = self.pixels(observations)
        order = torch.channels_last if normalized.device.type == "cpu" else torch.contiguous_format  # convolves faster
        return super().forward(normalized.contiguous(memory_format=order))


def _not_new(network: NormalizedCNN, incompatible: object) -> None:
    """Let `network` know whether what it was loaded with has seen anything."""
    network.is_new = not bool(network.pixels.num_seen)
