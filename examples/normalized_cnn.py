"""stable-baselines3's CNN over pixels that are brought to mean 0 and variance 1, each by what it showed so far.

A ball is two pixels of four thousand, and a background that never changes is most of what a convolution sums up. PPO on
plain pixels first has to learn to see the ball. It is what stable-baselines3's `VecNormalize` does to observations, but
here the statistics are a part of the policy: they travel in its .zip, and it plays wherever this file can be imported.
"""

import torch
from gymnasium.spaces import Box
from stable_baselines3.common.torch_layers import NatureCNN
from torch import Tensor

LEAST_DEVIATION = 8 / 255  # a deviation below eight grey levels counts as eight: a dream's background flickers
LIMIT = 10.0  # as far from 0 as a normalized pixel gets, as in VecNormalize


class NormalizedCNN(NatureCNN):
    """`NatureCNN` behind running means and variances of each pixel, for `features_extractor_class`.

    Args:
        observation_space: of frames `(C, H, W)`, stacked along C; it is given them in [0, 1].
        features_dim: how many features it gives.
    """

    mean: Tensor  # (C, H, W)
    variance: Tensor  # (C, H, W)
    num_seen: Tensor  # () of observations

    def __init__(self, observation_space: Box, features_dim: int = 512) -> None:
        super().__init__(observation_space, features_dim)
        self.register_buffer("mean", torch.zeros(observation_space.shape))
        self.register_buffer("variance", torch.zeros(observation_space.shape))
        self.register_buffer("num_seen", torch.zeros(()))
        self.is_new = True  # what `num_seen` says, too, but to ask a GPU is to wait for it
        self.register_load_state_dict_post_hook(_not_new)

    def forward(self, observations: Tensor) -> Tensor:
        """The features `(N, features_dim)` of `(N, C, H, W)`, from whose statistics it learns while it is trained."""
        if self.training or self.is_new:
            self.see(observations)
        scale = (self.variance + LEAST_DEVIATION**2).rsqrt()
        normalized = (observations - self.mean).mul_(scale).clamp_(-LIMIT, LIMIT)  # in place, for a batch is large
        order = torch.channels_last if normalized.device.type == "cpu" else torch.contiguous_format  # convolves faster
        return super().forward(normalized.contiguous(memory_format=order))

    @torch.no_grad()
    def see(self, observations: Tensor) -> None:
        """Let `(N, C, H, W)` count in the means and variances, as much as each observation before."""
        self.is_new, num = False, len(observations)
        self.num_seen += num
        share = num / self.num_seen
        deviations = observations - self.mean
        difference = deviations.mean(dim=0)
        within = (deviations.square_().mean(dim=0) - difference.square()).clamp_(min=0)  # a third of the time of `var`
        between = (1 - share) * difference.square()  # Chan et al., of the variances of two parts
        self.variance.lerp_(within + between, share)
        self.mean.add_(share * difference)


def _not_new(network: NormalizedCNN, incompatible: object) -> None:
    """Let `network` know whether what it was loaded with has seen anything."""
    network.is_new = not bool(network.num_seen)
