"""The loss with which the denoiser is fitted (DIAMOND, section 3 and appendix; EDM, section 5)."""

from dataclasses import dataclass
from math import inf
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from gym_diamond.data.segments import Segment, Window
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models import rows as batch
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.dreaming import drawing, dream_frame, randn
from gym_diamond.world_models.diamond.motion import crop_to_motion, motion_map
from gym_diamond.world_models.diamond.preconditioning import add_noise
from gym_diamond.world_models.objective import check_share, weighted_mean
from gym_diamond.world_models.protocol import Sampling, WorldSpec


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
    are learned sooner. What is near depends on the history alone, so the best denoiser stays the same, unless
    `motion_from` says otherwise. Reference: 0."""
    motion_radius: int = 6
    """How many pixels away from such a pixel is near."""
    motion_from: Literal["history", "play"] = "history"
    """Where that motion is looked for in the losses after the first: in the history that the denoiser is given, its own
    frames included, or in the real play, which it does not see. By `play` a thing that may or may not have come, a ball
    that is served, is drawn brighter than it is likely: not the best denoiser, but one that brings it in a single
    denoising step, which cannot choose. The bundled worlds were fitted so (docs/fitting.md)."""
    crop_size: int = 0
    """Side in pixels of the part of each frame that is looked at, laid around something that moved in the history, so
    that an update costs less and sees more of what matters. 0: whole frames. Reference: 0."""
    event_share: float = 0.0
    """Share of the windows that are laid around a reward or an end instead of anywhere: it may also be in the history,
    before the frames that are learned. Reference: 0."""
    appearance_share: float = 0.0
    """Share of the windows that are laid around something that appears out of nothing, as a ball does that is served:
    rare, and `motion_weight` looks elsewhere then. Finding them takes a minute at the start of a fit. Reference: 0."""

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
        for name in ("sigma_log_std", "motion_weight", "motion_radius"):
            if not 0 <= getattr(self, name) < inf:  # False for NaN too
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be 0 or more, and finite.")
        if not -inf < self.sigma_log_mean < inf:
            raise InvalidArgument(f"sigma_log_mean is {self.sigma_log_mean}; it must be finite.")
        if not 0 < self.sigma_min <= self.sigma_max < inf:
            raise InvalidArgument(
                f"sigma_min is {self.sigma_min} and sigma_max {self.sigma_max}; they must be above 0 and finite, the "
                "first not above the second."
            )
        if self.crop_size < 0:
            raise InvalidArgument(f"crop_size is {self.crop_size}; it must be 0, for whole frames, or more.")
        check_share("event_share", self.event_share)
        check_share("appearance_share", self.appearance_share)


class DenoiserNoise(NamedTuple):
    """All that is random in the n losses of each sample, standard normal."""

    log_sigma: Tensor  # (B, n)
    frame: Tensor  # (B, n, C, H, W)
    offset: Tensor  # (B, n, C, 1, 1)
    place: Tensor  # (B,) uniform in [0, 1), where frames are cropped; (B, 0) if they are not
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
        self.window = Window(L + 1 + extra, L - 1, extra, config.event_share, config.appearance_share)

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> DenoiserNoise:
        B, config, spec = batch_size, self.config, self.spec
        side = config.crop_size or max(spec.height, spec.width)
        shape = (B, spec.channels, min(side, spec.height), min(side, spec.width))
        last = config.num_autoregressive_steps
        log_sigma, frame, offset, dream = [], [], [], []
        for i in range(last + 1):  # in the order in which they are needed
            log_sigma.append(randn((B,), generator))
            frame.append(randn(shape, generator))
            offset.append(randn((*shape[:2], 1, 1), generator))
            if config.num_sampling_steps and i < last:
                dream.append(randn(shape, generator))
        place = torch.empty(B, 0, device=generator.device)
        if config.crop_size:
            place = torch.rand(B, generator=generator, device=generator.device)
        noise = DenoiserNoise(
            torch.stack(log_sigma, dim=1),  # n x (B,) -> (B, n)
            torch.stack(frame, dim=1),  # n x (B, C, H, W) -> (B, n, C, H, W)
            torch.stack(offset, dim=1),
            place,
            torch.stack(dream, dim=1) if dream else torch.empty(B, 0, device=generator.device),
        )
        return batch.take(noise, rows)

    def counts(self, is_real: Tensor) -> Tensor:
        return is_real[:, self.context_length :].sum(dim=0).float()  # (B, L+n) -> (n,), one for each target

    def loss(self, segment: Segment, noise: DenoiserNoise, counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        L, metrics, losses = self.context_length, {}, []
        if self.config.crop_size:
            segment = crop_to_motion(segment, L, self.config.crop_size, self.config.motion_radius, noise.place)
        history = segment.obs[:, :L]  # (B, L, C, H, W)
        for i in range(self.config.num_autoregressive_steps + 1):
            target, act = segment.obs[:, L + i], segment.act[:, i : i + L]
            moves = history if self.config.motion_from == "history" else segment.obs[:, i : i + L]
            near = motion_map(moves, self.config.motion_weight, self.config.motion_radius)
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
