"""Numbers with which no denoiser can be fitted are refused before a fit begins."""

from math import inf, nan

import pytest

from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig


@pytest.mark.parametrize("name", ["sigma_log_std", "motion_weight", "motion_radius"])
@pytest.mark.parametrize("value", [-1, -0.001, nan, inf, -inf])
def test_a_weight_or_a_width_is_finite_and_not_negative(name: str, value: float):
    with pytest.raises(InvalidArgument, match=f"{name} is {value}; it must be 0 or more, and finite"):
        DenoiserLossConfig(**{name: value})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_the_mean_of_the_noise_levels_is_finite(value: float):
    with pytest.raises(InvalidArgument, match=f"sigma_log_mean is {value}; it must be finite"):
        DenoiserLossConfig(sigma_log_mean=value)


@pytest.mark.parametrize(
    ("sigma_min", "sigma_max"),
    [(0.0, 20.0), (-1.0, 20.0), (nan, 20.0), (2e-3, nan), (2e-3, inf), (inf, inf), (5.0, 4.0), (2e-3, 0.0)],
)
def test_the_noise_levels_lie_between_two_finite_ones_above_zero(sigma_min: float, sigma_max: float):
    complaint = f"sigma_min is {sigma_min} and sigma_max {sigma_max}; they must be above 0 and finite, the first not"
    with pytest.raises(InvalidArgument, match=complaint):
        DenoiserLossConfig(sigma_min=sigma_min, sigma_max=sigma_max)


def test_what_lies_at_the_ends_of_these_is_allowed():
    config = DenoiserLossConfig(
        sigma_log_std=0.0, motion_weight=0.0, motion_radius=0, sigma_log_mean=-9.0, sigma_min=3.0, sigma_max=3.0
    )
    assert (config.sigma_min, config.sigma_max) == (3.0, 3.0)
