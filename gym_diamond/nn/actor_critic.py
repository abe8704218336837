"""The actor-critic network of the reference: it is part of the released checkpoints, so it stands with the networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gym_diamond.frames import MAX_LEVEL
from gym_diamond.nn.conv import conv3x3
from gym_diamond.nn.lstm import LSTMCell, LSTMState
from gym_diamond.nn.pixel_statistics import PixelStatistics
from gym_diamond.nn.residual import SmallResBlock

LEAST_DEVIATION = 16 / MAX_LEVEL  # eight grey levels of obs in [-1, 1]


class ActorCriticEncoder(nn.Module):
    """Features of a frame: a small residual block and a halving of the resolution per level."""

    def __init__(self, img_channels: int, channels: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv3x3(img_channels, channels[0])]
        for i, c in enumerate(channels):
            layers += [SmallResBlock(channels[max(0, i - 1)], c), nn.MaxPool2d(2)]
        self.encoder = nn.Sequential(*layers)

    def forward(self, obs: Tensor) -> Tensor:
        if obs.device.type == "cpu":
            obs = obs.contiguous(memory_format=torch.channels_last)  # a third less time
        return self.encoder(obs).flatten(start_dim=1)  # (B, C, h, w) -> (B, C*h*w)


class ActorCritic(nn.Module):
    """Action logits `(B, A)`, values `(B,)` and the next memory, from obs `(B, C, H, W)` in [-1, 1] and a memory.

    With `normalize` each pixel is taken by what it showed so far (`see`), which the reference's network does not do.
    """

    def __init__(
        self,
        num_actions: int,
        img_channels: int = 3,
        img_size: tuple[int, int] = (64, 64),
        channels: Sequence[int] = (32, 32, 64, 64),
        lstm_dim: int = 512,
        normalize: bool = False,
    ) -> None:
        super().__init__()
        self.lstm_dim = lstm_dim
        height, width = (size // 2 ** len(channels) for size in img_size)
        self.pixels = PixelStatistics((img_channels, *img_size), LEAST_DEVIATION) if normalize else None
        self.encoder = ActorCriticEncoder(img_channels, channels)
        self.lstm = LSTMCell(channels[-1] * height * width, lstm_dim)
        self.critic_linear = nn.Linear(lstm_dim, 1)
        self.actor_linear = nn.Linear(lstm_dim, num_actions)
        for head in (self.critic_linear, self.actor_linear):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def initial_state(self, num_rows: int) -> LSTMState:
        """An empty memory for `num_rows` rows."""
        zeros = torch.zeros(num_rows, self.lstm_dim, device=self.critic_linear.weight.device)
        return zeros, zeros.clone()

    def see(self, obs: Tensor) -> None:
        """Let obs `(B, C, H, W)` count in what is known of each pixel, if anything is kept of them."""
        if self.pixels is not None:
            self.pixels.see(obs)

    def forward(self, obs: Tensor, state: LSTMState) -> tuple[Tensor, Tensor, LSTMState]:
        seen = obs if self.pixels is None else self.pixels(obs)
        hx, cx = self.lstm(self.encoder(seen), state)
        return self.actor_linear(hx), self.critic_linear(hx).squeeze(1), (hx, cx)
