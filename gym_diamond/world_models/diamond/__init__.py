"""The diamond backend (Alonso et al., NeurIPS 2024): a diffusion model draws frames, a CNN-LSTM judges them."""

from gym_diamond.world_models.diamond.config import PRESETS, DiamondConfig
from gym_diamond.world_models.diamond.fast_step import FastStep
from gym_diamond.world_models.diamond.model import DiamondWorldModel
from gym_diamond.world_models.diamond.objectives import LossConfig, objectives

__all__ = ["build", "config_type", "faster_step", "loss_config_type", "objectives", "presets"]

presets = PRESETS
config_type = DiamondConfig
loss_config_type = LossConfig
build = DiamondWorldModel
faster_step = FastStep
