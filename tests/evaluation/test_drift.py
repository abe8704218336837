"""The drift of dreams that are perfect, frozen or dark."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.drift import CURVES, MEASURES, compare, curves, median_frame, summary
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start

DARK = torch.zeros(8, 8, 3, dtype=torch.uint8)


def moving_dot(num: int = 5) -> Tensor:
    """Frames `(num, 8, 8, 3)` in which a bright dot falls by two pixels a frame, around the edge."""
    frames = DARK.repeat(num, 1, 1, 1)
    for t in range(num):
        frames[t, 2 * t % 8, 4] = 200
    return frames


def measures(real: Tensor, dreamt: Tensor) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in compare(real, dreamt, DARK).items()}


def test_a_perfect_dream_is_right_about_everything():
    found = measures(moving_dot(), moving_dot())
    assert found["psnr"] == pytest.approx([61.1411] * 4, abs=1e-3)
    assert found["recall"] == found["precision"] == [1, 1, 1, 1]
    assert found["ssim"] == pytest.approx([1] * 4, abs=1e-6)
    assert found["error"] == found["moving_error"] == [0, 0, 0, 0]


def test_every_measure_has_its_baseline():
    assert set(compare(moving_dot(), moving_dot(), DARK)) == set(CURVES)
    assert {f"{name}_copy" for name in MEASURES} < set(CURVES)


def test_a_dream_that_repeats_the_last_frame_is_the_baseline():
    real = moving_dot()
    found = measures(real, real[:1].expand_as(real))
    for name in MEASURES:
        assert found[name] == found[f"{name}_copy"]
    assert found["psnr"][0] < 40
    assert found["recall"] == [0.5, 0.5, 0.5, 1], "where the dot was is dark in the dream only if it never was there"


def test_a_dream_that_lost_the_dot_recalls_only_the_dark_it_leaves():
    real = moving_dot()
    dreamt = torch.cat([real[:1], DARK.repeat(4, 1, 1, 1)])
    found = measures(real, dreamt)
    assert found["recall"] == [0.5, 0.5, 0.5, 0.5]
    assert found["error"] == [200 / 64] * 4, "one pixel of 64 is dark instead of 200"
    assert found["moving_error"] == [100] * 4, "of the two that move, where the dot was and is, one is right"
    assert found["precision"][0] == 1, "the dot vanishes where it should"
    assert np.isnan(found["precision"][1:]).all(), "nothing moves any more, so nothing is wrong about it"


def test_a_dream_with_a_second_dot_pays_in_precision():
    real = moving_dot()
    dreamt = real.clone()
    dreamt[1:, 3, 0] = 200
    found = measures(real, dreamt)
    assert found["recall"] == [1, 1, 1, 1]
    assert found["precision"] == pytest.approx([2 / 3] * 4)


def test_the_usual_picture_is_the_median_over_the_episode():
    frames = np.stack([np.full((2, 2, 3), level, np.uint8) for level in (0, 10, 10, 250, 10)])
    frames[:3, 0, 0, 1] = 77
    usual = median_frame(Episode(frames, np.zeros(4, np.int64), np.zeros(4, np.float32), True, False, True, ""))
    assert usual[1, 1].tolist() == [10, 10, 10]
    assert usual[0, 0].tolist() == [10, 77, 10]


def test_every_start_has_a_row_and_is_compared_with_its_own_episode():
    still = Episode(
        moving_dot(2).numpy()[[1, 1, 1]], np.zeros(2, np.int64), np.zeros(2, np.float32), True, False, True, ""
    )
    dark = Episode(DARK.repeat(3, 1, 1, 1).numpy(), *still[1:])
    frames = torch.from_numpy(still.frames)
    both, valid = torch.stack([frames, frames]), torch.ones(2, 2, dtype=torch.bool)
    rollout = Rollout([Start(0, 0), Start(1, 0)], both, both, valid, [], 1.0)
    measured = curves([rollout], [still, dark])
    assert {values.shape for values in measured.values()} == {(2, 2)}
    assert np.isnan(measured["recall"][0]).all(), "where the median frame has the dot, nothing moves"
    assert measured["recall"][1].tolist() == [1, 1]


def test_frames_after_the_end_of_the_real_episode_have_no_value():
    episode = Episode(moving_dot().numpy(), np.zeros(4, np.int64), np.zeros(4, np.float32), True, False, True, "")
    real = torch.stack([moving_dot(), moving_dot()])
    valid = torch.tensor([[True] * 4, [True, True, False, False]])
    measured = curves([Rollout([Start(0, 0), Start(0, 0)], real, real, valid, [], 1.0)], [episode])
    assert set(measured) == set(CURVES)
    for name in ("psnr", "ssim", "error", "moving_error", "recall"):
        assert np.isfinite(measured[name][0]).all()
        assert np.isfinite(measured[name][1]).tolist() == [True, True, False, False]


def test_the_summary_counts_a_start_at_the_frames_it_has():
    psnr = np.array([[10.0, 10, 10, 10, 10], [20, 40, np.nan, np.nan, np.nan]])
    table = summary({"psnr": psnr, "psnr_copy": psnr})["psnr"]
    assert [(table[mark]["mean"], table[mark]["n"]) for mark in ("1", "5", "1-5")] == [(15, 2), (10, 1), (20, 2)]


def test_the_summary_holds_the_frames_and_spans_within_the_horizon():
    psnr = np.tile(np.arange(1.0, 16.0), (3, 1))  # frame t has t dB
    table = summary({"psnr": psnr, "psnr_copy": psnr - 2, "recall": np.full((3, 15), np.nan)})
    assert list(table["psnr"]) == ["1", "5", "15", "1-5", "6-15"]
    assert {mark: each["mean"] for mark, each in table["psnr"].items()} == {
        "1": 1,
        "5": 5,
        "15": 15,
        "1-5": 3,
        "6-15": 10.5,
    }
    assert table["psnr_gain"]["15"] == {"mean": 2, "low": 2, "high": 2, "n": 3}
    assert table["recall"]["6-15"] == {"mean": None, "low": None, "high": None, "n": 0}
