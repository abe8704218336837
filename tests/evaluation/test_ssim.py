"""The structural similarity is one for equal frames only, and what its definition says for others."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.evaluation.ssim import ssim

C1, C2 = 6.5025, 58.5225  # (0.01 * 255)^2, (0.03 * 255)^2


def level(value: int, size: int = 16) -> Tensor:
    return torch.full((1, size, size, 3), value, dtype=torch.uint8)


def noise(seed: int, height: int = 16, width: int = 16, num: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (num, height, width, 3), generator=generator, dtype=torch.uint8)


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """The index of one window `(11, 11)` each, with means, variances and covariance under the Gaussian."""
    distance = np.arange(11) - 5
    weights = np.exp(-(distance[:, None] ** 2 + distance[None, :] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    var_x, var_y = (weights * (x - mean_x) ** 2).sum(), (weights * (y - mean_y) ** 2).sum()
    covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
    return ((2 * mean_x * mean_y + C1) * (2 * covariance + C2)) / ((mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2))


def test_equal_frames_are_one():
    assert ssim(noise(0, num=3), noise(0, num=3)).tolist() == pytest.approx([1, 1, 1], abs=1e-9)


def test_it_does_not_matter_which_is_the_dream():
    assert ssim(noise(0), noise(1)).item() == pytest.approx(ssim(noise(1), noise(0)).item(), abs=1e-9)


def test_flat_frames_differ_by_their_light_alone():
    assert ssim(level(100), level(120)).item() == pytest.approx(0.983611, abs=1e-6)  # (24000 + C1) / (24400 + C1)
    assert ssim(level(0), level(255)).item() == pytest.approx(0.0001, abs=1e-6)  # C1 / (255^2 + C1)


def test_one_window_is_what_the_definition_says():
    x, y = noise(0, 11, 11), noise(1, 11, 11)
    expected = [by_definition(x[0, :, :, c].numpy(), y[0, :, :, c].numpy()) for c in (0, 1, 2)]
    assert ssim(x, y).item() == pytest.approx(np.mean(expected), abs=1e-9)


def test_a_frame_is_the_mean_of_the_windows_that_lie_within_it():
    x, y = noise(0, 12, 13), noise(1, 12, 13)
    windows = [
        ssim(x[:, top : top + 11, left : left + 11], y[:, top : top + 11, left : left + 11]).item()
        for top in range(2)
        for left in range(3)
    ]
    assert ssim(x, y).item() == pytest.approx(np.mean(windows), abs=1e-9)


def test_every_frame_is_measured_by_itself():
    both = ssim(torch.cat([noise(0), level(100)]), torch.cat([noise(1), level(120)]))
    assert both.tolist() == pytest.approx([ssim(noise(0), noise(1)).item(), 0.983611], abs=1e-6)


def test_a_negative_is_nearly_minus_one():
    board = (torch.arange(16)[:, None] + torch.arange(16)[None, :]) % 2 * 255
    frames = board.to(torch.uint8)[None, :, :, None].expand(1, 16, 16, 3)
    assert ssim(frames, 255 - frames).item() == pytest.approx((C2 - 2 * 127.5**2) / (C2 + 2 * 127.5**2), abs=1e-4)


def test_frames_smaller_than_a_window_are_one_window():
    assert ssim(level(100, 4), level(120, 4)).item() == pytest.approx(0.983611, abs=1e-6)
    assert ssim(noise(0, 4, 20), noise(0, 4, 20)).item() == pytest.approx(1, abs=1e-6)
