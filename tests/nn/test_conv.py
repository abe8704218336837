"""The convolutions between resolutions, in the form that training has and in the one that is faster to use."""

import pytest
import torch

from gym_diamond.nn.conv import Upsample, pad_to_multiple


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 3), (8, 8)])
def test_repeating_and_smoothing_is_one_transposed_convolution(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    upsample = Upsample(5).requires_grad_(False)
    for parameter in upsample.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator))
    x = torch.randn(2, 5, *size, generator=generator)
    as_one = upsample.as_one_convolution()
    assert as_one(x).shape == (2, 5, 2 * size[0], 2 * size[1])
    torch.testing.assert_close(as_one(x), upsample(x), rtol=1e-4, atol=1e-5)


def test_each_tap_of_the_transposed_convolution_is_the_sum_of_those_that_met_the_same_pixel() -> None:
    upsample = Upsample(1).requires_grad_(False)
    upsample.conv.weight.copy_(torch.tensor([[1.0, 0, 0], [10, 0, 0], [100, 0, 0]]))
    column = upsample.as_one_convolution().weight[0, 0, :, 3]  # the last column holds the first column's taps alone
    assert column.tolist() == [100, 110, 11, 1]


def test_a_map_is_padded_below_and_on_the_right_and_only_where_it_must_be() -> None:
    x = torch.ones(1, 1, 3, 4)
    assert pad_to_multiple(x, 2)[0, 0].tolist() == [[1] * 4] * 3 + [[0] * 4]
    assert pad_to_multiple(x, 1) is x
