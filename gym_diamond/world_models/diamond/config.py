"""Every architectural number of the diamond backend, with the presets.

Defaults are the released architecture. Where a field departs from the reference, its comment names the reference's
value.
"""

import itertools
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import Quantizer

MAX_BLOCKS, MAX_WIDTH = 64, 2**16  # far beyond any sense: a config from a stranger cannot ask for an endless network

Preset = Literal["paper", "small", "tiny"]


def _check_levels(name: str, depths: tuple[int, ...], channels: tuple[int, ...], attn_depths: tuple[bool, ...]) -> None:
    if not len(depths) == len(channels) == len(attn_depths) or not depths:
        raise InvalidArgument(
            f"{name}: depths {depths}, channels {channels} and attn_depths {attn_depths} must name the same levels."
        )
    for c in channels:
        if c < 1 or c % max(1, c // 32) or c % max(1, c // 8):
            raise InvalidArgument(f"{name}.channels has {c}; above 8 it must be a multiple of 8, above 63 of 32.")
    if min(depths) < 1:
        raise InvalidArgument(f"{name}.depths is {depths}; each level needs at least one block.")
    if len(depths) > MAX_BLOCKS or sum(depths) > MAX_BLOCKS or max(channels) > MAX_WIDTH:
        raise InvalidArgument(f"{name} has more than {MAX_BLOCKS} blocks, or more than {MAX_WIDTH} channels.")


def _check_joined(channels: tuple[int, ...]) -> None:
    """Nothing, if norms can be made of what the way up joins: each level with itself, and with the one above it."""
    for a, b in (*zip(channels, channels, strict=True), *itertools.pairwise(channels)):
        if (a + b) % max(1, (a + b) // 32):
            raise InvalidArgument(
                f"denoiser.channels is {channels}; its way up joins {a} and {b} channels, which cannot be normalised "
                "in groups of 32. Multiples of 32 always can, and so can levels that join to 63 or less."
            )


@dataclass(frozen=True)
class DenoiserConfig:
    """The EDM denoiser: a U-Net over the last L frames and the noisy next one."""

    depths: tuple[int, ...] = (2, 2, 2, 2)
    """Residual blocks per level."""
    channels: tuple[int, ...] = (64, 64, 64, 64)
    """Channels per level; each level halves the resolution."""
    attn_depths: tuple[bool, ...] = (False, False, False, False)
    """Which levels have self-attention (the middle always has)."""
    cond_channels: int = 256
    """Width of the condition: noise level plus the last L actions."""
    patch_size: int = 1
    """Pixels folded into channels before the U-Net. Reference: 1. Larger is faster and less crisp."""
    sigma_data: float = 0.5
    """Standard deviation of the data that the preconditioning assumes (EDM, table 1)."""
    sigma_offset_noise: float = 0.3
    """Standard deviation of the noise that is constant over a frame's pixels."""
    quantizer: Quantizer = "round"
    """How a denoised frame is moved onto the 256 levels. The released weights were trained with "floor"."""

    def __post_init__(self) -> None:
        _check_levels("denoiser", self.depths, self.channels, self.attn_depths)
        _check_joined(self.channels)
        if self.patch_size < 1 or self.cond_channels < 2 or self.cond_channels % 2:
            raise InvalidArgument("denoiser.patch_size must be at least 1 and denoiser.cond_channels even.")
        if not (0 < self.sigma_data < inf and 0 <= self.sigma_offset_noise < inf):
            raise InvalidArgument(
                "denoiser.sigma_data must be positive, denoiser.sigma_offset_noise at least 0, and both finite."
            )


@dataclass(frozen=True)
class RewardEndConfig:
    """The CNN-LSTM that says reward and end of a transition."""

    depths: tuple[int, ...] = (2, 2, 2, 2)
    """Residual blocks per level, and in the middle as many as on the last level."""
    channels: tuple[int, ...] = (32, 32, 32, 32)
    """Channels per level; each level halves the resolution."""
    attn_depths: tuple[bool, ...] = (False, False, False, False)
    """Which levels have self-attention (the middle always has)."""
    cond_channels: int = 128
    """Width of the action embedding."""
    lstm_dim: int = 512
    """Width of the memory."""
    patch_size: int = 1
    """Pixels folded into channels before the CNN. Reference: 1."""
    difference: bool = False
    """Whether the CNN also sees the next frame minus the last, which shows it rare events sooner. Reference: False."""
    remember_padding: bool = False
    """Whether the memory is updated by frames from before an episode began. Reference: True."""

    def __post_init__(self) -> None:
        _check_levels("reward_end", self.depths, self.channels, self.attn_depths)
        if self.patch_size < 1 or self.cond_channels < 1 or self.lstm_dim < 1:
            raise InvalidArgument("reward_end.patch_size, cond_channels and lstm_dim must be at least 1.")


@dataclass(frozen=True)
class DiamondConfig:
    """Both networks of a diamond world."""

    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    reward_end: RewardEndConfig = field(default_factory=RewardEndConfig)


PRESETS: dict[Preset, DiamondConfig] = {
    "paper": DiamondConfig(),
    "small": DiamondConfig(
        DenoiserConfig(depths=(1, 1, 1), channels=(64, 64, 96), attn_depths=(False,) * 3, patch_size=2),
        RewardEndConfig(
            depths=(1, 1, 1),
            channels=(32, 32, 32),
            attn_depths=(False,) * 3,
            lstm_dim=256,
            patch_size=4,
            difference=True,
        ),
    ),
    "tiny": DiamondConfig(
        DenoiserConfig(depths=(1, 1), channels=(8, 8), attn_depths=(False,) * 2, cond_channels=16, patch_size=4),
        RewardEndConfig(
            depths=(1, 1), channels=(8, 8), attn_depths=(False,) * 2, cond_channels=8, lstm_dim=16, patch_size=4
        ),
    ),
}
