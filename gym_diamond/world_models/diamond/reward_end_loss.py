"""The loss with which the reward/end model is fitted (DIAMOND, section 3 and appendix)."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from gym_diamond.data.rewards import reward_targets
from gym_diamond.data.segments import Segment, Window
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models import rows as batch
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.dreaming import drawing, dream_each, randn
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.objective import check_share, weighted_mean
from gym_diamond.world_models.protocol import Sampling, WorldSpec


@dataclass(frozen=True)
class RewardEndLossConfig:
    """On what sequences the reward/end model is trained."""

    num_transitions: int = 18
    """Transitions per sequence, as in the reference (15 steps of a dream and its context)."""

    event_share: float = 0.0
    """Share of the sequences that are laid around a reward or an end instead of anywhere: positive rewards, negative
    rewards and ends in equal parts, so that the rarest is seen as often as the commonest. The model then expects events
    as often as it was shown them, and sees ends in dreams where there are none: docs/fitting.md. Reference: 0."""
    dream_share: float = 0.0
    """Share of the sequences whose frames the denoiser draws anew, each from the real frames before it, so that events
    are also recognised in dreams. Costs passes of the denoiser. Reference: 0."""
    num_sampling_steps: int = 2
    """Denoising steps in which those frames are drawn."""

    def __post_init__(self) -> None:
        for name in ("num_transitions", "num_sampling_steps"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 1.")
        check_share("event_share", self.event_share)
        check_share("dream_share", self.dream_share)


class RewardEndNoise(NamedTuple):
    """All that is random in the loss, standard normal."""

    dream: Tensor  # (N, T-L, C, H, W) of the N sequences whose frames are dreamt: the first rows of a batch


class RewardEndObjective:
    """Cross entropy of the reward (its class, or its shares of bins) and of the end, over the real transitions."""

    name = "reward_end"

    def __init__(
        self,
        network: RewardEndModel,
        denoiser: Denoiser,
        spec: WorldSpec,
        config: RewardEndLossConfig,
        sampling: Sampling,
    ) -> None:
        self.network = network
        self.denoiser = denoiser  # draws, and is not trained here
        self.spec = spec
        self.config = config
        self.drawing = drawing(config.num_sampling_steps, sampling)
        T = config.num_transitions + 1
        pad = T - 2  # at least one real transition
        self.window = Window(length=T, pad_before=pad, pad_after=pad, event_share=config.event_share)

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> RewardEndNoise:
        num, spec = round(self.config.dream_share * batch_size), self.spec
        num_frames = max(0, self.window.length - spec.context_length)
        noise = randn((num, num_frames, spec.channels, spec.height, spec.width), generator)
        return batch.take(RewardEndNoise(noise), rows)  # of rows beyond the first N there is none to take

    def counts(self, is_real: Tensor) -> Tensor:
        return (is_real[:, :-1] & is_real[:, 1:]).sum().float()[None]  # (B, T) -> (1,)

    def loss(self, segment: Segment, noise: RewardEndNoise, counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        obs, is_real = self._seen(segment, noise), segment.is_real[:, :-1] & segment.is_real[:, 1:]  # (B, T-1)
        logits_reward, logits_end, _ = self.network(
            obs[:, :-1], segment.act, obs[:, 1:], self.network.initial_state(obs.shape[0]), is_real
        )
        weight = is_real.float()
        target = reward_targets(segment.rew, self.spec.reward_values, self.spec.reward_coding)
        loss_reward = _weighted_cross_entropy(logits_reward, target, weight, counts[0])
        loss_end = _weighted_cross_entropy(logits_end, segment.end.long(), weight, counts[0])
        metrics = {"loss_reward": loss_reward.detach(), "loss_end": loss_end.detach()}
        return loss_reward + loss_end, metrics

    def _seen(self, segment: Segment, noise: RewardEndNoise) -> Tensor:
        """The frames `(B, T, C, H, W)` to judge: those of the first rows are dreamt, where there is something real."""
        num = noise.dream.shape[0]
        if num == 0:
            return segment.obs
        obs, act, is_real = segment.obs[:num], segment.act[:num], segment.is_real[:num]
        dreamt = dream_each(self.denoiser, obs, act, self.drawing, noise.dream)
        follows = is_real & F.pad(is_real[:, :-1], (1, 0))  # nothing real comes before the first frame of an episode
        return torch.cat([torch.where(follows[:, :, None, None, None], dreamt, obs), segment.obs[num:]])


def _weighted_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor, count: Tensor) -> Tensor:
    """Of `logits` `(B, T, K)` against classes `(B, T)` int64 or shares `(B, T, K)`."""
    error = F.cross_entropy(logits.flatten(0, 1).float(), target.flatten(0, 1), reduction="none")  # (B*T,)
    return weighted_mean(error, weight.flatten(), count)
