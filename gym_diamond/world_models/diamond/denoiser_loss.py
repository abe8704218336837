"""The loss with which the denoiser is fitted (DIAMOND, section 3 and appendix; EDM, section 5)."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from gym_diamond.data.segments import Segment, Window
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models import rows as batch
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.dreaming import drawing, dream_frame, randn
from gym_diamond.world_models.diamond.preconditioning import add_noise
from gym_diamond.world_models.objective import check_share, weighted_mean
from gym_diamond.world_models.protocol import Sampling, WorldSpec

MOTION_THRESHOLD = 0.125  # in obs, that is 16 grey levels: more than area-averaged edges flicker


@dataclass(frozen=True)
class DenoiserLossConfig:
    """How noise levels are drawn and how far the denoiser is trained on its own output."""

    num_autoregressive_steps: int = 1
    """Further losses per sample, each with the model's own last output as the newest frame of its history.
    Reference: 1."""
    num_sampling_steps: int = 0
    """Denoising steps in which that output is drawn from noise alone, just as in a dream. 0: it is what the loss before
    made of the noisy real frame, in which the truth still shows; a ball that fades in dreams does not fade there.
    Reference: 0."""
    sigma_log_mean: float = -0.4
    """Mean of ln sigma (EDM's P_mean is -1.2). Reference: -0.4."""
    sigma_log_std: float = 1.2
    """Standard deviation of ln sigma. Reference: 1.2."""
    sigma_min: float = 2e-3
    """Smallest noise level."""
    sigma_max: float = 20.0
    """Largest noise level."""
    motion_weight: float = 10.0
    """By how much more the error counts near pixels that just moved in the history, so that small things like a ball
    are learned sooner. What is near depends on the history alone, so the best denoiser stays the same. Reference: 0."""
    motion_radius: int = 6
    """How many pixels away from such a pixel is near."""
    event_share: float = 0.0
    """Share of the windows that are laid around a reward or an end instead of anywhere: it may also be in the history,
    before the frames that are learned. Reference: 0."""

    def __post_init__(self) -> None:
        if self.num_autoregressive_steps < 0:
            raise InvalidArgument(f"num_autoregressive_steps is {self.num_autoregressive_steps}; it must be 0 or more.")
        if self.num_sampling_steps < 0:
            raise InvalidArgument(f"num_sampling_steps is {self.num_sampling_steps}; it must be 0 or more.")
        if self.num_sampling_steps and not self.num_autoregressive_steps:
            raise InvalidArgument(
                f"num_sampling_steps is {self.num_sampling_steps}, but num_autoregressive_steps is 0, so no frame is "
                "fed back that could be dreamt; set it to 1 or more, or num_sampling_steps to 0."
            )
        if self.motion_weight < 0 or self.motion_radius < 0:
            raise InvalidArgument("motion_weight and motion_radius must be 0 or more.")
        check_share("event_share", self.event_share)


class DenoiserNoise(NamedTuple):
    """All that is random in the n losses of each sample, standard normal."""

    log_sigma: Tensor  # (B, n)
    frame: Tensor  # (B, n, C, H, W)
    offset: Tensor  # (B, n, C, 1, 1)
    dream: Tensor  # (B, n-1, C, H, W) from which the frames fed back are drawn; (B, 0) if they are not


class DenoiserObjective:
    """Squared error of the raw output against its EDM target, at random noise levels."""

    name = "denoiser"

    def __init__(self, network: Denoiser, spec: WorldSpec, config: DenoiserLossConfig, sampling: Sampling) -> None:
        self.network = network
        self.spec = spec
        self.config = config
        self.drawing = drawing(config.num_sampling_steps, sampling)
        self.context_length = L = spec.context_length
        # The first target has at least one real frame before it; only its successors may lie past the episode's end.
        extra = config.num_autoregressive_steps
        self.window = Window(L + 1 + extra, pad_before=L - 1, pad_after=extra, event_share=config.event_share)

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> DenoiserNoise:
        B, config = batch_size, self.config
        shape, last = (B, self.spec.channels, self.spec.height, self.spec.width), config.num_autoregressive_steps
        log_sigma, frame, offset, dream = [], [], [], []
        for i in range(last + 1):  # in the order in which they are needed
            log_sigma.append(randn((B,), generator))
            frame.append(randn(shape, generator))
            offset.append(randn((*shape[:2], 1, 1), generator))
            if config.num_sampling_steps and i < last:
                dream.append(randn(shape, generator))
        noise = DenoiserNoise(
            torch.stack(log_sigma, dim=1),  # n x (B,) -> (B, n)
            torch.stack(frame, dim=1),  # n x (B, C, H, W) -> (B, n, C, H, W)
            torch.stack(offset, dim=1),
            torch.stack(dream, dim=1) if dream else torch.empty(B, 0, device=generator.device),
        )
        return batch.take(noise, rows)

    def counts(self, is_real: Tensor) -> Tensor:
        return is_real[:, self.context_length :].sum(dim=0).float()  # (B, L+n) -> (n,), one for each target

    def loss(self, segment: Segment, noise: DenoiserNoise, counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        L, metrics, losses = self.context_length, {}, []
        history = segment.obs[:, :L]  # (B, L, C, H, W)
        for i in range(self.config.num_autoregressive_steps + 1):
            target, act = segment.obs[:, L + i], segment.act[:, i : i + L]
            near = motion_map(segment.obs[:, i : i + L], self.config.motion_weight, self.config.motion_radius)
            error, denoised = self._error(target, near, history, act, noise, i)
            loss = weighted_mean(error, segment.is_real[:, L + i].float(), counts[i])
            losses.append(loss)
            metrics[f"loss_{i}"] = loss.detach()
            if i < self.config.num_autoregressive_steps:
                output = self._fed_back(history, act, denoised, noise, i)
                history = torch.cat([history[:, 1:], output[:, None]], dim=1)
        return torch.stack(losses).mean(), metrics

    def _fed_back(self, history: Tensor, act: Tensor, denoised: Tensor, noise: DenoiserNoise, i: int) -> Tensor:
        """The frame that takes the place of target `i` in the history of the next loss, `(B, C, H, W)`."""
        if self.config.num_sampling_steps == 0:
            return denoised.detach()
        return dream_frame(self.network, history, act, self.drawing, noise.dream[:, i])

    def _error(
        self, target: Tensor, near: Tensor, history: Tensor, act: Tensor, noise: DenoiserNoise, i: int
    ) -> tuple[Tensor, Tensor]:
        """The error of each row `(B,)` at target `i`, and the clean frame that the output stands for."""
        sigma = self._sigma(noise.log_sigma[:, i])
        noisy = add_noise(target, sigma, noise.frame[:, i], noise.offset[:, i], self.network.config.sigma_offset_noise)
        cs = self.network.conditioners(sigma)
        output = self.network.model_output(noisy, cs, history, act)
        goal = (target - cs.c_skip * noisy) / cs.c_out  # EDM, eq. 8
        error = ((output - goal).square() * near).mean(dim=(1, 2, 3))  # (B, C, H, W) -> (B,)
        return error, self.network.denoised(noisy, cs, output)

    def _sigma(self, normal: Tensor) -> Tensor:
        config = self.config
        log_sigma = config.sigma_log_mean + config.sigma_log_std * normal
        return log_sigma.exp().clamp(config.sigma_min, config.sigma_max)


def motion_map(history: Tensor, weight: float, radius: int) -> Tensor:
    """How much each pixel's error counts, `(B, 1, H, W)` of mean 1: 1 + `weight` near recent motion, 1 elsewhere.

    Args:
        history: `(B, L, C, H, W)` real frames; what changed between its last three moved.
        weight: 0 weighs all pixels alike.
        radius: pixels up to which a pixel counts as near, along either axis.
    """
    B, L, _, H, W = history.shape
    if weight == 0 or L == 1:
        return history.new_ones(B, 1, H, W)
    recent = history[:, -3:]
    moved = (recent[:, 1:] - recent[:, :-1]).abs().amax(dim=(1, 2)) > MOTION_THRESHOLD  # (B, n, C, H, W) -> (B, H, W)
    near = F.max_pool2d(moved[:, None].float(), 2 * radius + 1, stride=1, padding=radius)  # (B, 1, H, W)
    weights = 1 + weight * near
    return weights / weights.mean(dim=(2, 3), keepdim=True)
