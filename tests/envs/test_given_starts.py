"""Frames that a dream is given as a tensor may be of any precision, and must lie where frames lie."""

import pytest
import torch

from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import Context
from tests.fakes import counting_dream


def given(level: float = 0.0, dtype: torch.dtype = torch.float32) -> Context:
    """Two rows of mid-grey frames, in which one pixel of the first row's first frame is `level`."""
    obs = torch.zeros(2, 2, 3, 4, 4, dtype=dtype)
    obs[0, 0, 1, 2, 3] = level
    return Context(obs, torch.zeros(2, 1, dtype=torch.int64), torch.ones(2, 2, dtype=torch.bool))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.float32])
def test_obs_are_float32_whatever_the_dream_was_started_from_and_after_an_autoreset(dtype: torch.dtype, mode: str):
    dream = counting_dream(2, max_count=300, max_episode_steps=2, autoreset_mode=mode, frame_stack=2)
    first = dream.reset(seed=0, context=given(0.5, dtype))
    assert (first.dtype, first.shape) == (torch.float32, (2, 6, 4, 4))
    assert first[0, 1, 2, 3] == 0.5
    over = 0
    for _ in range(5):
        seen = dream.step(torch.tensor([0, 2]))
        assert seen.obs.dtype == seen.final_obs.dtype == dream.obs.dtype == torch.float32
        over += int(seen.truncated.sum())
    assert over == 4, "each row was over twice"


def test_a_dream_goes_on_from_frames_of_double_precision_as_from_the_same_in_single():
    seen = []
    for dtype in (torch.float32, torch.float64):
        dream = counting_dream(2, max_count=300)
        seen.append([dream.reset(seed=0, context=given(0.5, dtype)), *dream.step(torch.tensor([0, 2]))])
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


@pytest.mark.parametrize("level", [1.01, -1.01, 255.0, float("nan"), float("inf")])
def test_frames_that_are_none_are_refused(level: float):
    with pytest.raises(
        InvalidArgument, match=r"frames beyond \[-1, 1\]; `gym_diamond.frames.to_obs` makes them of uint8"
    ):
        counting_dream(2).reset(context=given(level))


@pytest.mark.parametrize(("level", "dtype"), [(1.0005, torch.float32), (-1.0005, torch.float64), (1.0, torch.bfloat16)])
def test_what_rounding_adds_at_the_ends_is_not_minded(level: float, dtype: torch.dtype):
    assert counting_dream(2).reset(context=given(level, dtype)).shape == (2, 3, 4, 4)
