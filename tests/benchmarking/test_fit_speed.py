"""Updates of both objectives, at the defaults of a fit."""

from gym_diamond.benchmarking.fit_speed import FitSettings, fit_speeds
from gym_diamond.fitting.config import RunConfig
from tests.tiny import write_tiny_world


def test_both_objectives_are_timed_at_the_batch_sizes_of_a_fit(tmp_path):
    speeds = fit_speeds(FitSettings(str(write_tiny_world(tmp_path)), "cpu", "fp32", "eager", None, budget=0.0))
    config = RunConfig()
    assert [(speed.objective, speed.precision, speed.mode, speed.batch_size) for speed in speeds] == [
        ("denoiser", "fp32", "eager", config.denoiser.batch_size),
        ("reward_end", "fp32", "eager", config.reward_end.batch_size),
    ]
    assert all(speed.updates_per_second > 0 for speed in speeds)
