"""The sampler against a case with a closed form, and its churn and scales by literal numbers."""

import math

import pytest
import torch
from torch import Tensor

from gym_diamond.world_models.diamond.sampler import churn_gammas, karras_sigmas, sample
from gym_diamond.world_models.protocol import Sampling

SIGMA_DATA = 0.5


def gaussian_denoiser(x: Tensor, sigma: float) -> Tensor:
    """The exact denoiser of data that is normal with standard deviation SIGMA_DATA."""
    return x * SIGMA_DATA**2 / (SIGMA_DATA**2 + sigma**2)


def error(num_steps: int, order: int) -> float:
    """How far the sampler ends from the ODE's solution, x(sigma) proportional to sqrt(sigma^2 + sigma_data^2)."""
    sigmas = karras_sigmas(num_steps, 2e-3, 5.0, 7.0)[:-1]  # stop at sigma_min: the last step to 0 is always Euler
    x = torch.ones(1, dtype=torch.float64)
    exact = math.sqrt((sigmas[-1] ** 2 + SIGMA_DATA**2) / (sigmas[0] ** 2 + SIGMA_DATA**2))
    return abs(sample(gaussian_denoiser, x, None, sigmas, Sampling(order=order)).item() - exact)


@pytest.mark.parametrize(("order", "expected"), [(1, 1.0), (2, 2.0)])
def test_the_error_falls_with_the_order_of_the_sampler(order: int, expected: float) -> None:
    counts = [16, 32, 64, 128, 256]
    slopes = [math.log2(error(n, order) / error(2 * n, order)) for n in counts]
    assert slopes[-1] == pytest.approx(expected, abs=0.1)


def test_the_schedule_runs_from_sigma_max_to_sigma_min_and_ends_in_zero() -> None:
    sigmas = karras_sigmas(5, 0.01, 10.0, 7.0)
    assert sigmas[0] == pytest.approx(10.0, rel=1e-6)
    assert sigmas[-2] == pytest.approx(0.01, rel=1e-5)
    assert sigmas[-1] == 0
    assert sorted(sigmas, reverse=True) == list(sigmas)


def test_one_step_starts_at_sigma_max() -> None:
    assert karras_sigmas(1, 2e-3, 5.0, 7.0) == (pytest.approx(5.0, rel=1e-6), 0.0)


def test_one_euler_step_returns_the_denoised_frame() -> None:
    x = torch.tensor([3.0])
    assert sample(lambda x, sigma: x * 0 + 0.25, x, None, (5.0, 0.0), Sampling()).item() == pytest.approx(0.25)


def test_heun_is_euler_in_the_last_step() -> None:
    calls: list[float] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return x / 2

    sample(denoise, torch.ones(1), None, (4.0, 1.0, 0.0), Sampling(order=2))
    assert calls == [4.0, 1.0, 1.0]


def test_churn_is_shared_over_the_steps_and_capped() -> None:
    sigmas = (5.0, 1.0, 0.01, 0.0)
    assert churn_gammas(sigmas, Sampling(s_churn=0.3)) == pytest.approx((0.1, 0.1, 0.1))
    assert churn_gammas(sigmas, Sampling(s_churn=0.3, s_tmin=0.5, s_tmax=2.0)) == pytest.approx((0, 0.1, 0))
    assert churn_gammas(sigmas, Sampling(s_churn=100)) == pytest.approx([math.sqrt(2) - 1] * 3)
    assert churn_gammas(sigmas, Sampling()) == (0, 0, 0)


@pytest.mark.parametrize(("told", "expected"), [("sigma", 4.0), ("sigma_hat", 5.0)])
def test_what_the_denoiser_is_told_after_churn_is_a_choice(told: str, expected: float) -> None:
    calls: list[float] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return x

    sampling = Sampling(s_churn=0.25, churn_conditioning=told)  # pyright: ignore[reportArgumentType]
    sample(denoise, torch.zeros(1), torch.zeros(1, 1), (4.0, 0.0), sampling)
    assert calls == [pytest.approx(expected)]


def test_the_first_noise_has_the_scale_that_the_config_says() -> None:
    seen: list[float] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        seen.append(x.item())
        return x

    for scale in (1.0, 5.0):  # the reference's 1, EDM's sigma_max
        sample(denoise, torch.ones(1), None, (5.0, 0.0), Sampling(init_scale=scale))
    assert seen == [1.0, 5.0]
