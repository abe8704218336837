"""EDM's stochastic sampler (Karras et al. 2022, algorithm 2), first or second order.

Noise is an argument and the schedule is a tuple of Python floats, so a step is a pure function that never waits for
the device. DIAMOND's deviations from EDM are named values of `Sampling`: it starts from noise of scale 1, not
sigma_max, and tells the denoiser sigma, not sigma_hat, after churn.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import Sampling

Denoise = Callable[[Tensor, float], Tensor]  # (x (B, C, H, W), sigma) -> denoised x


def karras_sigmas(num_steps: int, sigma_min: float, sigma_max: float, rho: float) -> tuple[float, ...]:
    """The noise levels of `num_steps` steps, falling, and the final 0 (EDM, eq. 5)."""
    ramp = torch.linspace(0, 1, num_steps, device="cpu")  # numbers, wherever the model is built
    max_inv_rho, min_inv_rho = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    sigmas = (max_inv_rho + ramp * (min_inv_rho - max_inv_rho)) ** rho
    return (*sigmas.tolist(), 0.0)


def churn_gammas(sigmas: Sequence[float], sampling: Sampling) -> tuple[float, ...]:
    """By which share each step first raises the noise level: gamma_i of algorithm 2. All 0 without churn."""
    gamma = min(sampling.s_churn / (len(sigmas) - 1), math.sqrt(2) - 1)
    s_tmax = math.inf if sampling.s_tmax is None else sampling.s_tmax
    return tuple(gamma if sampling.s_tmin <= sigma <= s_tmax else 0.0 for sigma in sigmas[:-1])


def sample(
    denoise: Denoise, noise: Tensor, churn: Tensor | None, sigmas: Sequence[float], sampling: Sampling
) -> Tensor:
    """A clean x, denoised from noise along `sigmas` (EDM, algorithm 2).

    Args:
        denoise: the denoiser, given x and its noise level.
        noise: `(B, ...)` standard normal, where x starts.
        churn: `(B, num_steps, ...)` standard normal, the noise that churn adds; None without churn.
        sigmas: falling noise levels that end in 0.
        sampling: order, churn and scales.
    """
    x = sampling.init_scale * noise
    gammas = churn_gammas(sigmas, sampling)
    for i, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        sigma_hat = sigma * (1 + gammas[i])  # increase noise temporarily
        if gammas[i] > 0:
            if churn is None:
                raise InvalidArgument(
                    f"s_churn is {sampling.s_churn}, so the sampler needs churn noise; none was given."
                )
            x = x + math.sqrt(sigma_hat**2 - sigma**2) * sampling.s_noise * churn[:, i]
        told = sigma if sampling.churn_conditioning == "sigma" else sigma_hat
        d = (x - denoise(x, told)) / sigma_hat  # dx / dsigma at sigma_hat
        x_next = x + (next_sigma - sigma_hat) * d  # Euler step
        if sampling.order == 2 and next_sigma > 0:
            d_next = (x_next - denoise(x_next, next_sigma)) / next_sigma
            x_next = x + (next_sigma - sigma_hat) * (d + d_next) / 2  # second-order correction
        x = x_next
    return x


def told_levels(sigmas: Sequence[float], sampling: Sampling) -> tuple[float, ...]:
    """The different noise levels that `sample` tells the denoiser along `sigmas`, in the order of its passes."""
    told: list[float] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        told.append(sigma)
        return x

    sample(denoise, torch.zeros(1), torch.zeros(1, len(sigmas) - 1), sigmas, sampling)
    return tuple(dict.fromkeys(told))
