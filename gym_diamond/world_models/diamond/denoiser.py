"""The denoiser D(x; sigma) of DIAMOND: an EDM-preconditioned U-Net that sees the last L frames and actions."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import quantize
from gym_diamond.nn.conv import conv3x3, shuffle, unshuffle
from gym_diamond.nn.embedding import ActionEmbedding
from gym_diamond.nn.fourier import FourierFeatures
from gym_diamond.nn.norm import GroupNorm
from gym_diamond.nn.unet import UNet
from gym_diamond.world_models.diamond.config import DenoiserConfig
from gym_diamond.world_models.diamond.preconditioning import Conditioners, conditioners
from gym_diamond.world_models.protocol import WorldSpec


class InnerModel(nn.Module):
    """The raw network F(x; c_noise, history).

    Convolutions may compute in bf16, but for the last one: bf16 has eight bits, so near white its steps are half a grey
    level of a frame. The condition stays in float32 too.
    """

    def __init__(self, config: DenoiserConfig, spec: WorldSpec) -> None:
        super().__init__()
        if config.cond_channels % spec.context_length:
            raise InvalidArgument(
                f"denoiser.cond_channels ({config.cond_channels}) must be a multiple of the context length "
                f"({spec.context_length}): each action fills its share of the condition."
            )
        E, p, levels = config.cond_channels, config.patch_size, config.channels
        self.patch_size = p
        self.context_length = spec.context_length
        self.noise_emb = FourierFeatures(E)
        self.act_emb = nn.Sequential(ActionEmbedding(spec.choices, E // spec.context_length), nn.Flatten())
        self.cond_proj = nn.Sequential(nn.Linear(E, E), nn.SiLU(), nn.Linear(E, E))
        self.conv_in = conv3x3((spec.context_length + 1) * spec.channels * p**2, levels[0])
        self.unet = UNet(E, config.depths, levels, config.attn_depths)
        self.norm_out = GroupNorm(levels[0])
        self.conv_out = conv3x3(levels[0], spec.channels * p**2)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, noisy_next: Tensor, c_noise: Tensor, obs: Tensor, act: Tensor) -> Tensor:
        """The raw output `(B, C, H, W)` float32.

        Args:
            noisy_next: `(B, C, H, W)`, already scaled by c_in.
            c_noise: `(B,)` or `(1,)`.
            obs: `(B, L*C, H, W)`, already divided by sigma_data, oldest first.
            act: `(B, L)` or `(B, L, A)` int64.
        """
        H, W = noisy_next.shape[-2:]
        dtype = self.conv_in.weight.dtype
        cond = self.cond_proj(self.noise_emb(c_noise) + self.act_emb(act)).to(dtype)  # (B, E)
        x = unshuffle(torch.cat([obs, noisy_next], dim=1).to(dtype), self.patch_size)
        x = self.unet(self.conv_in(x), cond)
        x = self.conv_out(F.silu(self.norm_out(x.to(self.conv_out.weight.dtype))))
        return shuffle(x, self.patch_size, H, W).float()


class Denoiser(nn.Module):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), moved onto the 256 levels (EDM, eq. 7)."""

    def __init__(self, config: DenoiserConfig, spec: WorldSpec) -> None:
        super().__init__()
        self.config = config
        self.inner_model = InnerModel(config, spec)

    def conditioners(self, sigma: Tensor) -> Conditioners:
        """The preconditioners at noise level `sigma` `(B,)` or `(1,)`."""
        return conditioners(sigma, self.config.sigma_data, self.config.sigma_offset_noise)

    def model_output(self, noisy_next: Tensor, cs: Conditioners, obs: Tensor, act: Tensor) -> Tensor:
        """F, the raw output on which the loss is taken, for `noisy_next` `(B, C, H, W)` and `obs` `(B, L, C, H, W)`."""
        history = obs.flatten(1, 2) / self.config.sigma_data  # (B, L, C, H, W) -> (B, L*C, H, W)
        return self.inner_model(noisy_next * cs.c_in, cs.c_noise, history, act)

    def denoised(self, noisy_next: Tensor, cs: Conditioners, model_output: Tensor) -> Tensor:
        """The clean frame on the 256 levels that `model_output` stands for."""
        return quantize(cs.c_skip * noisy_next + cs.c_out * model_output, self.config.quantizer)

    def forward(self, noisy_next: Tensor, sigma: Tensor, obs: Tensor, act: Tensor) -> Tensor:
        cs = self.conditioners(sigma)
        return self.denoised(noisy_next, cs, self.model_output(noisy_next, cs, obs, act))
