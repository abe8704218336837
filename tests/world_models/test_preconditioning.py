"""EDM's table 1, by what it is for: unit variance in, unit variance out, and nothing left to do at sigma 0."""

import pytest
import torch

from gym_diamond.world_models.diamond.preconditioning import add_noise, conditioners

SIGMA_DATA, N = 0.5, 1_000_000


@pytest.mark.parametrize("sigma", [0.002, 0.3, 5.0])
@pytest.mark.parametrize("sigma_offset_noise", [0.0, 0.3])
def test_network_input_and_target_have_unit_variance(sigma: float, sigma_offset_noise: float) -> None:
    generator = torch.Generator().manual_seed(0)
    y, noise, offset = (torch.randn(N, 1, 1, 1, generator=generator) for _ in range(3))
    y = SIGMA_DATA * y
    sigmas = torch.tensor([sigma])
    noisy = add_noise(y, sigmas, noise, offset, sigma_offset_noise)
    cs = conditioners(sigmas, SIGMA_DATA, sigma_offset_noise)
    assert (cs.c_in * noisy).var().item() == pytest.approx(1, abs=0.01)
    assert ((y - cs.c_skip * noisy) / cs.c_out).var().item() == pytest.approx(1, abs=0.01)


def test_without_noise_the_frame_passes_through() -> None:
    cs = conditioners(torch.tensor([1e-6]), SIGMA_DATA, sigma_offset_noise=0.0)
    assert cs.c_skip.item() == pytest.approx(1, abs=1e-9)
    assert cs.c_out.item() == pytest.approx(0, abs=1e-5)


def test_offset_noise_raises_the_level_that_the_network_is_told_also_where_none_is_injected() -> None:
    """The reference's weights expect it: at sigma 0.002 the network is told 0.30 (c_skip 0.735)."""
    cs = conditioners(torch.tensor([0.002]), SIGMA_DATA, sigma_offset_noise=0.3)
    assert cs.c_skip.item() == pytest.approx(0.735285, abs=1e-6)
    assert cs.c_noise.exp().pow(4).item() == pytest.approx(0.300007, abs=1e-6)


def test_offset_noise_is_one_number_per_channel_and_row() -> None:
    y, noise = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
    offset = torch.arange(6.0).view(2, 3, 1, 1)
    noisy = add_noise(y, torch.ones(2), noise, offset, sigma_offset_noise=0.5)
    assert noisy[..., 0, 0].tolist() == [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]
    assert torch.equal(noisy, noisy[..., :1, :1].expand_as(noisy))
