"""The smallest architecture that the reference has too."""

from gym_diamond.world_models.diamond.config import DenoiserConfig, DiamondConfig, RewardEndConfig

PLAIN = DiamondConfig(
    DenoiserConfig(depths=(1, 1), channels=(8, 8), attn_depths=(False,) * 2, cond_channels=16),
    RewardEndConfig(depths=(1, 2), channels=(8, 8), attn_depths=(False,) * 2, cond_channels=8, lstm_dim=16),
)
