"""The diamond world model: the denoiser draws the next frame, the reward/end model judges the transition."""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from gym_diamond import noise as streams
from gym_diamond.frames import quantize
from gym_diamond.nn.lstm import LSTMState
from gym_diamond.world_models.diamond.config import DiamondConfig
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.diamond.sampler import Denoise, churn_gammas, karras_sigmas, sample
from gym_diamond.world_models.protocol import Context, Judgement, Sampling, Transition, WorldSpec

Precision = Literal["fp32", "bf16"]


class DiamondState(NamedTuple):
    """All that a dream remembers."""

    obs: Tensor  # (B, L, C, H, W) the last L frames
    act: Tensor  # (B, L-1) or (B, L-1, A) the actions between them
    hx: Tensor  # (B, D) memory of the reward/end model
    cx: Tensor  # (B, D)


class DiamondNoise(NamedTuple):
    """All that is random in one step."""

    frame: Tensor  # (B, C, H, W) standard normal
    churn: Tensor  # (B, num_denoising_steps, C, H, W) standard normal; (B, 0) without churn
    reward_end: Tensor  # (B, 2) uniform in [0, 1)


class DiamondWorldModel(nn.Module):
    """A dreamt game (see `protocol.WorldModel` for the contract)."""

    backend = "diamond"

    def __init__(self, config: DiamondConfig, spec: WorldSpec, sampling: Sampling, precision: Precision) -> None:
        super().__init__()
        self.config = config
        self.spec = spec
        self.sampling = sampling
        self.precision = precision
        self.sigmas = karras_sigmas(sampling.num_denoising_steps, sampling.sigma_min, sampling.sigma_max, sampling.rho)
        self.has_churn = any(churn_gammas(self.sigmas, sampling))
        self.denoiser = Denoiser(config.denoiser, spec)
        self.rew_end_model = RewardEndModel(config.reward_end, spec)
        self.register_buffer("reward_values", torch.tensor(spec.reward_values), persistent=False)
        if precision == "bf16":  # nearly all of the work; conditions, memory and what draws the frame stay in float32
            inner = self.denoiser.inner_model
            for module in (inner.conv_in, inner.unet, self.rew_end_model.encoder):
                module.to(torch.bfloat16)

    reward_values: Tensor

    @property
    def device(self) -> torch.device:
        return self.reward_values.device

    def reset(self, context: Context) -> DiamondState:
        """The state after `context`: its last L frames, and a memory burned in over all of it.

        Args:
            context: `(B, T, C, H, W)` frames with T >= L, padded on the left where the episode is younger.
        """
        L = self.spec.context_length
        _, _, (hx, cx) = self._read(context)
        obs, act = context.obs[:, -L:], context.act[:, context.act.shape[1] - L + 1 :]
        plain = torch.contiguous_format  # the strides that a step returns: other ones would be compiled anew
        return DiamondState(obs.clone(memory_format=plain), act.clone(memory_format=plain), hx, cx)

    def draw(self, keys: Tensor, counter: Tensor) -> DiamondNoise:
        """The noise of one step; row i depends on `keys[i]` and `counter[i]` only."""
        spec, steps = self.spec, self.sampling.num_denoising_steps
        shape = (spec.channels, spec.height, spec.width)
        sizes = {streams.FRAME: prod(shape), streams.REWARD_END: 2}
        if self.has_churn:
            sizes[streams.CHURN] = steps * prod(shape)
        words = streams.words(keys, counter, sizes)
        frame = streams.as_normal(words[streams.FRAME], shape)
        if self.has_churn:
            churn = streams.as_normal(words[streams.CHURN], (steps, *shape))
        else:
            churn = frame.new_zeros(frame.shape[0], 0)
        return DiamondNoise(frame, churn, streams.as_uniform(words[streams.REWARD_END], 2))

    def step(self, state: DiamondState, action: Tensor, noise: DiamondNoise) -> tuple[DiamondState, Transition]:
        """The next state and what the step brought."""
        act = torch.cat([state.act, action[:, None]], dim=1)  # (B, L) or (B, L, A)
        denoise = partial(self._denoise, obs=state.obs, act=act)
        return self.step_with(denoise, self.rew_end_model, state, action, noise)

    def step_with(
        self, denoise: Denoise, reward_end: Callable[..., Any], state: DiamondState, action: Tensor, noise: DiamondNoise
    ) -> tuple[DiamondState, Transition]:
        """A step by networks that are given: the denoiser, told of `state` and `action`, and the reward/end model."""
        churn = noise.churn if self.has_churn else None
        next_obs = quantize(sample(denoise, noise.frame, churn, self.sigmas, self.sampling), "round")
        logits_reward, logits_end, (hx, cx) = reward_end(
            state.obs[:, -1:], action[:, None], next_obs[:, None], (state.hx, state.cx)
        )
        transition = self._draw_transition(next_obs, logits_reward[:, 0], logits_end[:, 0], noise.reward_end)
        obs = torch.cat([state.obs[:, 1:], next_obs[:, None]], dim=1)  # roll: (B, L, C, H, W)
        act = torch.cat([state.act[:, 1:], action[:, None]], dim=1)  # (B, L-1) or (B, L-1, A)
        return DiamondState(obs, act, hx, cx), transition

    def judge(self, context: Context) -> Judgement:
        """What the reward/end model believes of each transition in `context`, from an empty memory."""
        logits_reward, logits_end, _ = self._read(context)
        return Judgement(logits_reward.softmax(-1), self._end_prob(logits_end))

    def history(self, state: DiamondState) -> Tensor:
        """The last L frames `(B, L, C, H, W)`, oldest first."""
        return state.obs

    def _read(self, context: Context) -> tuple[Tensor, Tensor, LSTMState]:
        is_real = context.is_real[:, :-1] & context.is_real[:, 1:]  # (B, T-1) of transitions
        empty = self.rew_end_model.initial_state(context.obs.shape[0])
        return self.rew_end_model(context.obs[:, :-1], context.act, context.obs[:, 1:], empty, is_real)

    def _denoise(self, x: Tensor, sigma: float, obs: Tensor, act: Tensor) -> Tensor:
        return self.denoiser(x, torch.full((1,), sigma, dtype=torch.float32, device=x.device), obs, act)

    def _draw_transition(self, obs: Tensor, logits_reward: Tensor, logits_end: Tensor, u: Tensor) -> Transition:
        reward_probs, end_prob = logits_reward.softmax(-1), self._end_prob(logits_end)
        reward_mode, end_mode = self.sampling.reward_mode, self.sampling.end_mode
        if reward_mode == "mean":
            reward = reward_probs @ self.reward_values
        elif reward_mode == "mode":
            reward = self.reward_values[reward_probs.argmax(-1)]
        else:  # inverse CDF; the last class takes what rounding leaves
            index = (u[:, :1] >= reward_probs.cumsum(-1)[:, :-1]).sum(-1)
            reward = self.reward_values[index]
        if end_mode == "never":
            end = torch.zeros_like(end_prob, dtype=torch.bool)
        else:
            end = end_prob > (0.5 if end_mode == "mode" else u[:, 1])
        return Transition(obs, reward, end, reward_probs, end_prob)

    def _end_prob(self, logits_end: Tensor) -> Tensor:
        """The probability of an end, `(...)` of logits `(..., 2)`; 0 for a world that was never told of ends."""
        prob = logits_end.softmax(-1)[..., 1]
        return prob if self.spec.has_ends else torch.zeros_like(prob)
