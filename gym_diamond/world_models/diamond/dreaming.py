"""Frames drawn as a dream draws them, from the noise they are given: for losses that show a network its dreams."""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from gym_diamond.frames import quantize
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.sampler import karras_sigmas, sample
from gym_diamond.world_models.protocol import Sampling


class Drawing(NamedTuple):
    """How frames are drawn; numbers only, worked out before any tensor is seen, so that a loss compiles whole."""

    sigmas: tuple[float, ...]
    sampling: Sampling


def drawing(num_steps: int, sampling: Sampling) -> Drawing:
    """Drawing in `num_steps` denoising steps and without churn, else as `sampling` says."""
    sigmas = karras_sigmas(num_steps, sampling.sigma_min, sampling.sigma_max, sampling.rho)
    return Drawing(sigmas, replace(sampling, num_denoising_steps=max(1, num_steps), s_churn=0.0))


@torch.no_grad()
def dream_frame(denoiser: Denoiser, history: Tensor, act: Tensor, how: Drawing, noise: Tensor) -> Tensor:
    """The next frame `(B, C, H, W)` as a dream draws it; costs a pass forward for each denoising step.

    Args:
        denoiser: what draws it.
        history: `(B, L, C, H, W)` the last L frames.
        act: `(B, L)` or `(B, L, A)` int64, the last of them leads to the new frame.
        how: noise levels, order and scales.
        noise: `(B, C, H, W)` standard normal, from which it is drawn.
    """

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return denoiser(x, torch.full((1,), sigma, dtype=torch.float32, device=x.device), history, act)

    return quantize(sample(denoise, noise, None, how.sigmas, how.sampling), "round")


def dream_each(denoiser: Denoiser, obs: Tensor, act: Tensor, how: Drawing, noise: Tensor) -> Tensor:
    """`obs` with every frame that has L frames before it drawn anew from those, which are real: `(B, T, C, H, W)`.

    One frame of a dream is nearly right, so what was played with the real one is still true of it.

    Args:
        denoiser: what draws them.
        obs: `(B, T, C, H, W)` real frames.
        act: `(B, T-1)` or `(B, T-1, A)` int64.
        how: as in `dream_frame`.
        noise: `(B, max(0, T-L), C, H, W)` standard normal, of the frames drawn.
    """
    L = denoiser.inner_model.context_length
    B, T = obs.shape[:2]
    if T <= L:
        return obs
    histories = torch.stack([obs[:, t - L : t] for t in range(L, T)], dim=1).flatten(0, 1)  # (B*(T-L), L, C, H, W)
    actions = torch.stack([act[:, t - L : t] for t in range(L, T)], dim=1).flatten(0, 1)  # (B*(T-L), L, ...)
    drawn = dream_frame(denoiser, histories, actions, how, noise.flatten(0, 1))
    return torch.cat([obs[:, :L], drawn.unflatten(0, (B, T - L))], dim=1)


def randn(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal numbers on the device of the generator."""
    return torch.randn(shape, device=generator.device, generator=generator)
