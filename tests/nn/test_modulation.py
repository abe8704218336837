"""The norms of a network, told their scales and shifts by one layer instead of by many."""

from copy import deepcopy

import torch
from torch import nn

from gym_diamond.nn.modulation import ModulatedGroupNorm, join_modulations
from gym_diamond.nn.norm import AdaGroupNorm
from gym_diamond.nn.unet import UNet


def network() -> UNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet(cond_channels=6, depths=(1, 2), channels=(8, 16), attn_depths=(False, True)).requires_grad_(False)
        for parameter in unet.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return unet


def test_a_network_that_is_told_the_modulation_computes_what_it_computed_of_the_condition() -> None:
    plain, joined = network(), network()
    joint = join_modulations(joined)
    generator = torch.Generator().manual_seed(0)
    x, cond = torch.randn(3, 8, 10, 6, generator=generator), torch.randn(3, 6, generator=generator)
    torch.testing.assert_close(joined(x, joint(cond)), plain(x, cond), rtol=1e-4, atol=1e-5)


def test_every_norm_reads_columns_of_its_own_and_together_they_are_all() -> None:
    unet = network()
    norms = [module for module in unet.modules() if isinstance(module, AdaGroupNorm)]
    joint = join_modulations(unet)
    modulated = [module for module in unet.modules() if isinstance(module, ModulatedGroupNorm)]
    read = [column for m in modulated for column in range(m.first, m.first + 2 * m.channels)]
    assert not [module for module in unet.modules() if isinstance(module, AdaGroupNorm)]
    assert len(modulated) == len(norms) == 2 * (1 + 2 + 2 + 3 + 2)
    assert sorted(read) == list(range(joint.out_features))


def test_a_condition_that_says_nothing_leaves_the_normalised_x() -> None:
    silent = nn.Sequential(AdaGroupNorm(4, 2))
    nn.init.zeros_(silent[0].linear.weight)  # pyright: ignore
    nn.init.zeros_(silent[0].linear.bias)  # pyright: ignore
    joint = join_modulations(silent)
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = nn.functional.group_norm(x, 1)
    torch.testing.assert_close(silent[0](x, joint(torch.ones(2, 2))), expected)


def test_the_layers_it_was_made_of_are_not_changed() -> None:
    unet = network()
    before = deepcopy(unet.state_dict())
    join_modulations(deepcopy(unet))
    assert all(torch.equal(value, before[name]) for name, value in unet.state_dict().items())
