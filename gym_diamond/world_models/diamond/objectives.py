"""The objectives of a diamond world: what its two networks are fitted to.

Losses are weighted means over fixed shapes, never boolean indexing: a batch without a valid target costs 0, not NaN.
"""

from dataclasses import dataclass, field

from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig, DenoiserObjective
from gym_diamond.world_models.diamond.model import DiamondWorldModel
from gym_diamond.world_models.diamond.reward_end_loss import RewardEndLossConfig, RewardEndObjective


@dataclass(frozen=True)
class LossConfig:
    """The losses of a diamond world."""

    denoiser: DenoiserLossConfig = field(default_factory=DenoiserLossConfig)
    reward_end: RewardEndLossConfig = field(default_factory=RewardEndLossConfig)


def objectives(model: DiamondWorldModel, config: LossConfig) -> tuple[DenoiserObjective, RewardEndObjective]:
    """The two objectives of a diamond world."""
    denoiser, sampling = model.denoiser, model.sampling
    return (
        DenoiserObjective(denoiser, model.spec, config.denoiser, sampling),
        RewardEndObjective(model.rew_end_model, denoiser, model.spec, config.reward_end, sampling),
    )
