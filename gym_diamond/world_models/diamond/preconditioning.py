"""EDM preconditioning (Karras et al. 2022, section 5 and table 1), with DIAMOND's offset noise.

Offset noise is one Gaussian number per channel and row, constant over the frame. Its variance adds to sigma's in every
conditioner, also when sampling, where none is injected: the released weights expect that.
"""

from typing import NamedTuple

from torch import Tensor


class Conditioners(NamedTuple):
    """c_in, c_out, c_skip broadcast over a frame `(B, 1, 1, 1)`; c_noise `(B,)`."""

    c_in: Tensor
    c_out: Tensor
    c_skip: Tensor
    c_noise: Tensor


def conditioners(sigma: Tensor, sigma_data: float, sigma_offset_noise: float) -> Conditioners:
    """The four preconditioners at noise level `sigma` `(B,)` or `(1,)` (EDM, table 1)."""
    sigma = (sigma**2 + sigma_offset_noise**2).sqrt()
    c_in = 1 / (sigma**2 + sigma_data**2).sqrt()
    c_skip = sigma_data**2 / (sigma**2 + sigma_data**2)
    c_out = sigma * c_skip.sqrt()
    c_noise = sigma.log() / 4
    return Conditioners(_over_frame(c_in), _over_frame(c_out), _over_frame(c_skip), c_noise)


def add_noise(y: Tensor, sigma: Tensor, noise: Tensor, offset: Tensor, sigma_offset_noise: float) -> Tensor:
    """`y` with noise of level `sigma` and with offset noise.

    Args:
        y: `(B, C, H, W)` clean frames.
        sigma: `(B,)`.
        noise: `(B, C, H, W)` standard normal.
        offset: `(B, C, 1, 1)` standard normal.
    """
    return y + sigma_offset_noise * offset + _over_frame(sigma) * noise


def _over_frame(scalar: Tensor) -> Tensor:
    return scalar[:, None, None, None]  # (B,) -> (B, 1, 1, 1)
