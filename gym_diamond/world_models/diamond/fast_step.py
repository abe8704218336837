"""The step of `model.py` with less work: what does not change from one denoising pass to the next is computed once.

`model.py` says what a step is; here equal networks give the same numbers up to rounding.

- Once for a world: what its noise levels tell the denoiser, their preconditioners, and a table of what each action
  tells the norms of reward and end.
- Once a step, not once a pass: the embedding of the actions; the conditions of all norms in all passes, in one product;
  the history's share of the first convolution, which is linear.
- Less in each pass: pixels that are repeated and then smoothed (`Upsample`) are 4 products each instead of 9.
- On a CPU, a few rows at a time. There a feature map of many rows is memory that the system gives and takes back each
  time, page by page, which costs up to a third of a step; that of a few rows is used again and again. Compiled, numbers
  of rows that the parts divide evenly wait for one shape, others for two.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gym_diamond.frames import Quantizer, quantize
from gym_diamond.nn.conv import Upsample, shuffle, unshuffle
from gym_diamond.nn.modulation import join_modulations
from gym_diamond.world_models import rows
from gym_diamond.world_models.diamond.denoiser import Denoiser
from gym_diamond.world_models.diamond.model import DiamondNoise, DiamondState, DiamondWorldModel
from gym_diamond.world_models.diamond.preconditioning import Conditioners
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.diamond.sampler import Denoise, told_levels
from gym_diamond.world_models.protocol import Transition

Compiler = Callable[[nn.Module], Any]  # gives what may be called in a module's place
MAP_BYTES = 2**22  # of a feature map on a CPU; from 2 to 8 MiB are alike, 32 MiB take 1.3 times as long


class FastStep:
    """Stands in for `model.step`. Weights are copied: a model that goes on learning needs a new one.

    Args:
        model: the world.
        compiler: gives a faster equal of a network, for example `torch.compile`; None takes networks as they are.
        most_rows: how many are stepped at a time; None = what `rows_at_a_time` says.
    """

    def __init__(
        self, model: DiamondWorldModel, compiler: Compiler | None = None, most_rows: int | None = None
    ) -> None:
        levels = told_levels(model.sigmas, model.sampling)
        preparation, one_pass = split(model.denoiser, levels)
        reward_end = with_table(model.rew_end_model)
        networks = [_channels_last(network) for network in (preparation, one_pass, reward_end)]
        self._prepare, self._pass, self._reward_end = (compiler(n) for n in networks) if compiler else networks
        self._model = model
        self._most_rows = most_rows or rows_at_a_time(model)
        self._levels = levels
        self._conditioners = [model.denoiser.conditioners(sigma) for sigma in _on(model.device, levels).split(1)]

    @torch.no_grad()
    def __call__(self, state: DiamondState, action: Tensor, noise: DiamondNoise) -> tuple[DiamondState, Transition]:
        parts = rows.parts(len(action), self._most_rows)
        if len(parts) <= 1:
            return self._step(state, action, noise)
        steps = [self._step(rows.take(state, part), action[part], rows.take(noise, part)) for part in parts]
        states, transitions = zip(*steps, strict=True)
        return rows.cat(states), rows.cat(transitions)

    def _step(self, state: DiamondState, action: Tensor, noise: DiamondNoise) -> tuple[DiamondState, Transition]:
        act = torch.cat([state.act, action[:, None]], dim=1)  # (B, L) or (B, L, A)
        return self._model.step_with(self._denoise(state.obs, act), self._reward_end, state, action, noise)

    def _denoise(self, obs: Tensor, act: Tensor) -> Denoise:
        history, modulations = self._prepare(obs, act)

        def denoise(x: Tensor, sigma: float) -> Tensor:
            level = self._levels.index(sigma)
            return self._pass(x, self._conditioners[level], history, modulations[level])

        return denoise


def rows_at_a_time(model: DiamondWorldModel) -> int | None:
    """How many rows of `model` are best stepped at a time, so that a map of them has `MAP_BYTES`; None = all of them.

    A GPU keeps its memory and is at its best with all.
    """
    if model.device.type != "cpu":
        return None
    inner, spec = model.denoiser.inner_model, model.spec
    height, width = (-(-side // inner.patch_size) for side in (spec.height, spec.width))  # rounded up
    one_map = inner.conv_in.out_channels * height * width * inner.conv_in.weight.element_size()
    return max(1, MAP_BYTES // one_map)


class Preparation(nn.Module):
    """What the passes of one step have in common.

    Args:
        denoiser: whose.
        levels: the S noise levels that a sampler tells it.
        joint: of its U-Net, from `join_modulations`.
    """

    def __init__(self, denoiser: Denoiser, levels: Sequence[float], joint: nn.Linear) -> None:
        super().__init__()
        inner = denoiser.inner_model
        self.sigma_data = denoiser.config.sigma_data
        self.patch_size = inner.patch_size
        self.act_emb = deepcopy(inner.act_emb)
        first, self.activation, self.last = deepcopy(inner.cond_proj)
        self.joint = joint
        own = inner.conv_out.out_channels  # of conv_in's input, the new frame's channels: the last
        self.conv = _on_channels(inner.conv_in, slice(None, -own), bias=True)
        c_noise = denoiser.conditioners(_on(inner.conv_in.weight.device, levels)).c_noise
        self.register_buffer("told", F.linear(inner.noise_emb(c_noise), first.get_parameter("weight")))  # (S, E)
        self.first = first

    told: Tensor

    def forward(self, obs: Tensor, act: Tensor) -> tuple[Tensor, Tensor]:
        """The history's share of the first feature map `(B, c, h, w)`, and each level's modulations `(S, B, M)`.

        Args:
            obs: `(B, L, C, H, W)` the last frames.
            act: `(B, L)` or `(B, L, A)` int64.
        """
        dtype = self.conv.weight.dtype
        frames = (obs.flatten(1, 2) / self.sigma_data).to(dtype)  # (B, L, C, H, W) -> (B, L*C, H, W)
        hidden = self.first(self.act_emb(act)) + self.told[:, None]  # (B, E) + (S, 1, E) -> (S, B, E)
        cond = self.last(self.activation(hidden)).to(dtype)
        return self.conv(unshuffle(frames, self.patch_size)), self.joint(cond)


class Pass(nn.Module):
    """One call of the denoiser, after a `Preparation`.

    Args:
        denoiser: which.
        unet: a copy of its U-Net, changed by `join_modulations`.
    """

    def __init__(self, denoiser: Denoiser, unet: nn.Module) -> None:
        super().__init__()
        inner = denoiser.inner_model
        self.patch_size = inner.patch_size
        self.quantizer: Quantizer = denoiser.config.quantizer
        self.conv_in = _on_channels(inner.conv_in, slice(-inner.conv_out.out_channels, None), bias=False)
        self.unet = unet
        self.norm_out, self.conv_out = deepcopy(inner.norm_out), deepcopy(inner.conv_out)

    def forward(self, x: Tensor, cs: Conditioners, history: Tensor, modulation: Tensor) -> Tensor:
        """The clean frame `(B, C, H, W)` float32 that a noisy `x` of this shape stands for."""
        H, W = x.shape[-2:]
        y = unshuffle((x * cs.c_in).to(history.dtype), self.patch_size)
        y = self.unet(self.conv_in(y) + history, modulation)
        y = self.conv_out(F.silu(self.norm_out(y.to(self.conv_out.weight.dtype))))
        output = shuffle(y, self.patch_size, H, W).float().contiguous()
        return quantize(cs.c_skip * x + cs.c_out * output, self.quantizer)


@torch.no_grad()
def split(denoiser: Denoiser, levels: Sequence[float]) -> tuple[Preparation, Pass]:
    """`denoiser` in two parts: for each step, and for each of its passes at one of the noise `levels`."""
    unet = deepcopy(denoiser.inner_model.unet)
    unet.upsamples = nn.ModuleList(up.as_one_convolution() if isinstance(up, Upsample) else up for up in unet.upsamples)
    joint = join_modulations(unet)
    return Preparation(denoiser, levels, joint), Pass(denoiser, unet)


@torch.no_grad()
def with_table(model: RewardEndModel) -> RewardEndModel:
    """A copy of `model` in which an action's embedding is what its norms make of it: the action is their condition.

    An action of several parts is the sum of a row for each, so what is added once stands in the rows of the first part.
    """
    fast = deepcopy(model)
    joint, embedding = join_modulations(fast.encoder), fast.act_emb
    table = F.linear(embedding.weight.to(joint.weight.dtype), joint.weight).float()  # (num_actions, M)
    stop = [*embedding.first_rows.tolist(), len(table)][1]
    table[:stop] += joint.bias
    embedding.weight, embedding.embedding_dim = nn.Parameter(table, requires_grad=False), table.shape[1]
    return fast


def _on_channels(conv: nn.Conv2d, channels: slice, *, bias: bool) -> nn.Conv2d:
    """What `conv` makes of these of its input's channels."""
    weight = conv.weight[:, channels]
    share = nn.Conv2d(weight.shape[1], weight.shape[0], conv.kernel_size, padding=conv.padding, bias=bias)  # pyright: ignore
    share.weight = nn.Parameter(weight.clone(), requires_grad=False)
    if bias:
        share.bias = deepcopy(conv.bias)
    return share


def _channels_last(network: nn.Module) -> nn.Module:
    return network.to(memory_format=torch.channels_last).eval()  # pyright: ignore[reportCallIssue]


def _on(device: torch.device, levels: Sequence[float]) -> Tensor:
    return torch.tensor(levels, dtype=torch.float32, device=device)
