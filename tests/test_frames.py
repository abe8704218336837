"""The border between frames and obs, on every one of the 256 levels."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

import gym_diamond
from gym_diamond.frames import obs_to_frames_chw, quantize, to_frames, to_obs, to_pictures

LEVELS = torch.arange(256, dtype=torch.uint8).view(16, 16, 1)


def test_the_round_trip_is_the_identity_on_every_level() -> None:
    assert torch.equal(to_frames(to_obs(LEVELS)), LEVELS)


def test_obs_span_minus_one_to_one() -> None:
    obs = to_obs(LEVELS)
    assert obs.shape == (1, 16, 16)
    assert (obs.min().item(), obs.max().item()) == (-1.0, 1.0)


def test_channels_move_to_the_front_and_back() -> None:
    frames = torch.randint(0, 256, (2, 5, 4, 6, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    obs = to_obs(frames)
    assert obs.shape == (2, 5, 3, 4, 6)
    assert torch.equal(to_frames(obs), frames)


def test_obs_beyond_the_range_are_clamped() -> None:
    assert to_frames(torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5]).view(1, 1, 5)).flatten().tolist() == [
        0,
        0,
        128,
        255,
        255,
    ]


def test_a_level_is_the_nearest_one_and_a_half_goes_to_the_even_one() -> None:
    obs = torch.linspace(-1.2, 1.2, 100_001).view(1, 1, -1)  # 0 among them, that is 127.5
    levels = obs.add(1).mul(127.5).clamp(0, 255)
    assert torch.equal(to_frames(obs).flatten(), levels.round().flatten().to(torch.uint8))
    assert to_frames(torch.zeros(1, 1, 1)).item() == 128


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_frames_do_not_depend_on_how_obs_lie_in_memory_nor_on_a_workspace(memory_format: torch.memory_format) -> None:
    obs = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(0)) * 2.4 - 1.2
    frames, workspace = to_frames(obs), torch.full((2, 3, 4, 6), torch.nan)
    made = to_frames(obs.contiguous(memory_format=memory_format), workspace)
    to_frames(-obs, workspace)  # which is overwritten; what was made in it is not
    assert torch.equal(made, frames)
    assert torch.equal(obs_to_frames_chw(obs.contiguous(memory_format=memory_format)), frames.movedim(-1, 1))


def test_frames_are_made_of_obs_in_any_float_type_whatever_the_default_is() -> None:
    obs = to_obs(LEVELS)
    torch.set_default_dtype(torch.float64)
    try:
        made = [to_frames(obs.to(dtype)) for dtype in (torch.float32, torch.float64)]
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(torch.equal(frames, LEVELS) for frames in made)


def test_frames_of_obs_that_are_learned_from_have_no_gradient() -> None:
    assert torch.equal(to_frames(to_obs(LEVELS).requires_grad_()), LEVELS)


def test_rounding_leaves_the_grid_where_it_is() -> None:
    obs = to_obs(LEVELS)
    assert torch.allclose(quantize(obs, "round"), obs, atol=1e-6)
    assert torch.equal(to_frames(quantize(obs + 0.4 / 127.5, "round")), LEVELS)


def test_the_floor_quantizer_takes_the_level_below() -> None:
    """As the reference's `.byte()` does inside its denoiser."""
    obs = torch.tensor([10.9, 10.1, 10.5]) / 127.5 - 1
    assert to_frames(quantize(obs, "floor").view(1, 1, 3)).flatten().tolist() == [10, 10, 10]
    assert to_frames(quantize(obs, "round").view(1, 1, 3)).flatten().tolist() == [11, 10, 10]


def test_truncating_at_the_border_would_lose_levels_and_rounding_does_not() -> None:
    """The reference truncates at the border too: 63 of the 256 levels come back one lower, again at each trip."""
    obs = to_obs(LEVELS)
    truncated = obs.add(1).div(2).mul(255).to(torch.uint8).view(16, 16, 1)
    assert (truncated != LEVELS).sum() == 63
    assert torch.equal(to_frames(obs), LEVELS)


@pytest.mark.parametrize(
    ("channels", "seen"),
    [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 1, 2]), (4, [0, 1, 2]), (12, [0, 1, 2])],
)
def test_frames_of_any_number_of_channels_are_seen_in_three(channels: int, seen: list[int]) -> None:
    frames = np.broadcast_to(np.arange(channels, dtype=np.uint8), (2, 5, 4, 6, channels))
    pictures = to_pictures(frames)
    assert (pictures.shape, pictures.dtype) == ((2, 5, 4, 6, 3), np.uint8)
    assert (pictures == seen).all()


def test_no_other_file_computes_with_the_number_255() -> None:
    """Texts for people may name it."""
    package = Path(gym_diamond.__file__).parent
    knowing = {
        path.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in (255, 127.5)
    }
    assert knowing == {"frames.py"}
