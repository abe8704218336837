"""The real networks in the fit loop: resumed exactly, and able to learn."""

import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gym_diamond import world_models
from gym_diamond.data.episode import Episode
from gym_diamond.fitting import run
from gym_diamond.fitting.config import FitConfig, OptimConfig, RunConfig
from gym_diamond.fitting.loop import Position, fit
from gym_diamond.fitting.material import Material
from gym_diamond.fitting.preview import strip
from gym_diamond.fitting.setup import Setup, make_setup
from gym_diamond.world_models.protocol import WorldSpec

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


class Losses:
    """Hooks that keep the losses."""

    def __init__(self) -> None:
        self.reports: list[dict[str, float]] = []

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        self.reports.append(dict(values))

    def preview(self, position: Position) -> None: ...

    def checkpoint(self, position: Position) -> None: ...


class CtrlC(Losses):
    """Hooks that press Ctrl-C at the first report and save to `out`."""

    def __init__(self, out: Path, setup: Setup) -> None:
        super().__init__()
        self.out = out
        self.setup = setup
        (out / "fit").mkdir()

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        signal.raise_signal(signal.SIGINT)

    def checkpoint(self, position: Position) -> None:
        run.save_checkpoint(self.out, self.setup.learners, position)


def make_config(**fit_values: int | bool | str) -> RunConfig:
    optim = OptimConfig(batch_size=4, warmup_steps=4)
    return RunConfig(
        dataset=("breakout/test-v0",),
        preset="tiny",
        model=world_models.backend("diamond").presets["tiny"],
        fit=FitConfig(num_contexts=4, **fit_values),  # type: ignore[arg-type]
        denoiser=optim,
        reward_end=replace(optim, every=2),
    )


def make(config: RunConfig, num_frames: int = 30) -> Setup:
    rng = np.random.default_rng(1)
    episode = Episode(
        rng.integers(256, size=(num_frames, 16, 16, 3), dtype=np.uint8),
        rng.integers(4, size=num_frames - 1),
        (rng.random(num_frames - 1) < 0.2).astype(np.float32),
        True,
        False,
        True,
        "random",
    )
    return make_setup(config, Material(SPEC, [episode]), torch.device("cpu"))


@pytest.mark.parametrize("channels_last", [False, True])
def test_a_resumed_fit_of_the_diamond_networks_is_bitwise_the_uninterrupted_one(tmp_path: Path, channels_last: bool):
    config = make_config(steps=6, channels_last=channels_last, precision="bf16")
    whole = make(config)
    fit(whole.learners, whole.store, config.fit, Position(), Losses())

    first = make(config)
    with pytest.raises(KeyboardInterrupt):
        fit(first.learners, first.store, replace(config.fit, log_every=3), Position(), CtrlC(tmp_path, first))

    second = make(replace(config, fit=replace(config.fit, seed=9)))  # other weights, to be replaced by the checkpoint's
    start = run.load_checkpoint(tmp_path, second.learners)
    assert start.step == 3
    fit(second.learners, second.store, config.fit, start, Losses())
    for a, b in zip(whole.learners, second.learners, strict=True):
        expected, found = a.tensors(), b.tensors()
        assert expected.keys() == found.keys()
        assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_the_networks_learn_one_stretch_of_play_by_heart():
    config = make_config(steps=60, log_every=10)
    config = replace(config, denoiser=replace(config.denoiser, lr=3e-3), reward_end=replace(config.reward_end, lr=1e-2))
    setup, losses = make(config, num_frames=8), Losses()
    fit(setup.learners, setup.store, config.fit, Position(), losses)
    first, last = losses.reports[0], losses.reports[-1]
    assert last["denoiser/loss"] < 0.8 * first["denoiser/loss"]
    assert last["reward_end/loss"] < 0.3 * first["reward_end/loss"]


def test_a_strip_shows_play_above_its_dream_with_the_same_beginning():
    setup = make(make_config(steps=1))
    picture = strip(setup.average, setup.store, num_frames=3, seed=0, num_strips=2)
    assert picture.shape == (2 * 2 * 16, (4 + 3) * 16, 3)
    assert picture.dtype == np.uint8
    real, dreamt = picture[:16], picture[16:32]
    assert np.array_equal(real[:, : 4 * 16], dreamt[:, : 4 * 16])
    assert not np.array_equal(real[:, 4 * 16 :], dreamt[:, 4 * 16 :])


def test_a_strip_of_play_that_is_too_short_is_shorter():
    setup = make(make_config(steps=1), num_frames=6)
    assert strip(setup.average, setup.store, num_frames=16, seed=0).shape == (4 * 16, 6 * 16, 3)
