"""The drift of dreams that are perfect, frozen or dark."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.drift import CURVES, compare, curves, median_frame, summary
from gym_diamond.evaluation.held_out import Start
from gym_diamond.evaluation.rollout import Rollout

DARK = torch.zeros(8, 8, 3, dtype=torch.uint8)


def moving_dot(num: int = 5) -> Tensor:
    """Frames `(num, 8, 8, 3)` in which a bright dot falls by two pixels a frame, around the edge."""
    frames = DARK.repeat(num, 1, 1, 1)
    for t in range(num):
        frames[t, 2 * t % 8, 4] = 200
    return frames


def measures(real: Tensor, dreamt: Tensor) -> dict[str, list[float]]:
    return dict(zip(CURVES, (part.tolist() for part in compare(real, dreamt, DARK)), strict=True))


def test_a_perfect_dream_is_right_about_everything():
    found = measures(moving_dot(), moving_dot())
    assert found["psnr"] == pytest.approx([61.1411] * 4, abs=1e-3)
    assert found["recall"] == found["precision"] == [1, 1, 1, 1]


def test_a_dream_that_repeats_the_last_frame_is_the_baseline():
    real = moving_dot()
    found = measures(real, real[:1].expand_as(real))
    for name in ("psnr", "recall", "precision"):
        assert found[name] == found[f"{name}_copy"]
    assert found["psnr"][0] < 40
    assert found["recall"] == [0.5, 0.5, 0.5, 1], "where the dot was is dark in the dream only if it never was there"


def test_a_dream_that_lost_the_dot_recalls_only_the_dark_it_leaves():
    real = moving_dot()
    dreamt = torch.cat([real[:1], DARK.repeat(4, 1, 1, 1)])
    found = measures(real, dreamt)
    assert found["recall"] == [0.5, 0.5, 0.5, 0.5]
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
    rollout = Rollout([Start(0, 0), Start(1, 0)], torch.stack([frames, frames]), torch.stack([frames, frames]), [], 1.0)
    measured = curves([rollout], [still, dark])
    assert {values.shape for values in measured.values()} == {(2, 2)}
    assert np.isnan(measured["recall"][0]).all(), "where the median frame has the dot, nothing moves"
    assert measured["recall"][1].tolist() == [1, 1]


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
