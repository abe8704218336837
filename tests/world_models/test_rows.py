"""Rows of tensors: how a batch is parted and joined."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from gym_diamond.world_models import rows


class Pair(NamedTuple):
    a: Tensor
    b: Tensor


@pytest.mark.parametrize(
    ("num", "most", "sizes"),
    [
        (32, 8, [8, 8, 8, 8]),
        (33, 32, [16, 17]),  # and not 32 and 1
        (40, 32, [20, 20]),
        (8, 8, [8]),
        (3, 8, [3]),
        (3, 1, [1, 1, 1]),
        (2048, None, [2048]),
    ],
)
def test_a_batch_is_parted_into_as_few_parts_as_can_be_which_are_alike(num: int, most: int | None, sizes: list[int]):
    parts = rows.parts(num, most)
    assert [part.stop - part.start for part in parts] == sizes
    assert [row for part in parts for row in range(num)[part]] == list(range(num))


def test_parts_that_are_joined_again_are_the_whole():
    whole = Pair(torch.arange(7), torch.rand(7, 2, 3, generator=torch.Generator().manual_seed(0)))
    joined = rows.cat([rows.take(whole, part) for part in rows.parts(7, 3)])
    assert all(torch.equal(x, y) for x, y in zip(joined, whole, strict=True))
