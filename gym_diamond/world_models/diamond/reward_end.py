"""Reward and end of a transition: a CNN over both frames, conditioned on the action, with an LSTM as memory."""

from math import ceil

import torch
from torch import Tensor, nn

from gym_diamond.nn.conv import Downsample, conv3x3, unshuffle
from gym_diamond.nn.embedding import ActionEmbedding
from gym_diamond.nn.lstm import LSTM, LSTMState
from gym_diamond.nn.residual import ResBlocks
from gym_diamond.world_models.diamond.config import RewardEndConfig
from gym_diamond.world_models.protocol import WorldSpec


class RewardEndEncoder(nn.Module):
    """Features `(N, D)` of the frames of a transition `(N, 2C or 3C, H, W)` and an action embedding `(N, E)`."""

    def __init__(self, config: RewardEndConfig, spec: WorldSpec) -> None:
        super().__init__()
        channels = config.channels
        self.patch_size = config.patch_size
        num_frames = 3 if config.difference else 2
        self.conv_in = conv3x3(num_frames * spec.channels * config.patch_size**2, channels[0])
        blocks = []
        for i, (n, c2, attn) in enumerate(zip(config.depths, channels, config.attn_depths, strict=True)):
            c1 = channels[max(0, i - 1)]
            blocks.append(ResBlocks([c1] + [c2] * (n - 1), [c2] * n, config.cond_channels, attn))
        middle = [channels[-1]] * config.depths[-1]
        blocks.append(ResBlocks(middle, middle, config.cond_channels, attn=True))
        self.blocks = nn.ModuleList(blocks)
        downsamples = [nn.Identity(), *(Downsample(c) for c in channels[:-1]), nn.Identity()]
        self.downsamples = nn.ModuleList(downsamples)

    def forward(self, frames: Tensor, cond: Tensor) -> Tensor:
        dtype = self.conv_in.weight.dtype
        x = self.conv_in(unshuffle(frames.to(dtype), self.patch_size))
        for block, downsample in zip(self.blocks, self.downsamples, strict=True):
            x, _ = block(downsample(x), cond.to(dtype))
        return x.flatten(start_dim=1).float()  # (N, C, h, w) -> (N, C*h*w)


class RewardEndModel(nn.Module):
    """Logits of reward and end for each transition of a sequence."""

    def __init__(self, config: RewardEndConfig, spec: WorldSpec) -> None:
        super().__init__()
        self.config = config
        self.num_rewards = len(spec.reward_values)
        self.act_emb = ActionEmbedding(spec.choices, config.cond_channels)
        self.encoder = RewardEndEncoder(config, spec)
        self.lstm = LSTM(_num_features(config, spec), config.lstm_dim)
        self.head = nn.Sequential(
            nn.Linear(config.lstm_dim, config.lstm_dim),
            nn.SiLU(),
            nn.Linear(config.lstm_dim, self.num_rewards + 2, bias=False),
        )

    def initial_state(self, num_rows: int) -> LSTMState:
        """An empty memory for `num_rows` rows."""
        weight = self.act_emb.weight
        zeros = torch.zeros(num_rows, self.config.lstm_dim, device=weight.device, dtype=torch.float32)
        return zeros, zeros.clone()

    def forward(
        self, obs: Tensor, act: Tensor, next_obs: Tensor, state: LSTMState, is_real: Tensor | None = None
    ) -> tuple[Tensor, Tensor, LSTMState]:
        """Logits of reward `(B, T, K)`, logits of going on and of ending `(B, T, 2)`, and the memory after.

        Args:
            obs, next_obs: `(B, T, C, H, W)` the frames before and after each transition.
            act: `(B, T)` or `(B, T, A)` int64, the action that led from one to the other.
            state: the memory before the first transition.
            is_real: `(B, T)` bool; False marks transitions of padding, which leave the memory as it was unless
                `remember_padding`. None: all are real.
        """
        B, T = act.shape[:2]
        if T == 0:  # of a context of one frame
            return obs.new_zeros(B, 0, self.num_rewards), obs.new_zeros(B, 0, 2), state
        seen = [obs, next_obs, next_obs - obs] if self.config.difference else [obs, next_obs]
        frames = torch.cat(seen, dim=2).flatten(0, 1)  # (B, T, nC, H, W) -> (B*T, nC, H, W)
        features = self.encoder(frames, self.act_emb(act.flatten(0, 1)))
        update = None if self.config.remember_padding else is_real
        hidden, state = self.lstm(features.unflatten(0, (B, T)), state, update)  # (B*T, D) -> (B, T, D)
        logits = self.head(hidden)
        return logits[..., : self.num_rewards], logits[..., self.num_rewards :], state


def _num_features(config: RewardEndConfig, spec: WorldSpec) -> int:
    height, width = ceil(spec.height / config.patch_size), ceil(spec.width / config.patch_size)
    for _ in config.channels[1:]:
        height, width = ceil(height / 2), ceil(width / 2)
    return config.channels[-1] * height * width
