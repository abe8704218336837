"""Pixels of mean 0 and variance 1, each by what it showed so far."""

import pytest
import torch

from gym_diamond.nn.pixel_statistics import LIMIT, PixelStatistics

SHAPE = (3, 5, 4)


def frames(num: int) -> torch.Tensor:
    return torch.rand(num, *SHAPE, generator=torch.Generator().manual_seed(0)) ** 3


def test_the_statistics_of_parts_are_those_of_the_whole() -> None:
    pixels, whole = PixelStatistics(SHAPE, 0.1), frames(10)
    for part in whole.split([1, 2, 7]):
        pixels.see(part)
    assert torch.allclose(pixels.mean, whole.mean(dim=0), atol=1e-6)
    assert torch.allclose(pixels.variance, whole.var(dim=0, correction=0), atol=1e-6)
    assert pixels.num_seen == 10


def test_what_was_seen_has_mean_0_and_variance_1_afterwards_and_is_left_as_it_was() -> None:
    pixels, seen = PixelStatistics(SHAPE, 1e-3), frames(500)
    before = seen.clone()
    pixels.see(seen)
    normalized = pixels(seen)
    assert torch.equal(seen, before)
    assert normalized.mean(dim=0).abs().max() < 1e-5
    assert (normalized.var(dim=0, correction=0) - 1).abs().max() < 1e-3


def test_to_normalize_is_not_to_learn() -> None:
    pixels = PixelStatistics(SHAPE, 0.1)
    pixels(frames(10))
    assert pixels.num_seen == 0


def test_before_anything_was_seen_frames_stay_about_as_they_are() -> None:
    assert torch.allclose(PixelStatistics(SHAPE, 0.1)(frames(4)), frames(4), rtol=0.01)


def test_a_pixel_that_never_changed_is_0_and_one_off_it_counts_by_the_least_deviation() -> None:
    pixels = PixelStatistics(SHAPE, 0.25)
    pixels.see(torch.full((8, *SHAPE), 0.5))
    shown = torch.stack([torch.full(SHAPE, 0.5 + off) for off in (0.0, 0.25, -0.5, 100.0)])
    assert pixels(shown).flatten(1)[:, 0].tolist() == pytest.approx([0.0, 1.0, -2.0, LIMIT])
