"""Where the numbers of a fit go."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gym_diamond.errors import MissingExtra
from gym_diamond.fitting.reporters import TensorBoardReporter, WandbReporter


def test_wandb_is_told_the_config_the_numbers_and_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[Any] = []
    run = SimpleNamespace(log=lambda *a, **k: calls.append((a, k)), finish=lambda: calls.append("finish"))
    fake = SimpleNamespace(init=lambda **k: calls.append(k) or run, Image=lambda picture: picture.shape)
    monkeypatch.setitem(sys.modules, "wandb", fake)
    reporter = WandbReporter("dreams", tmp_path / "breakout" / "fit", {"seed": 3}, resumes=False)
    reporter.scalars(7, {"denoiser/loss": 0.5})
    reporter.image(8, "strip", np.zeros((2, 4, 3), np.uint8))
    reporter.close()
    started, scalars, image, finished = calls
    assert (started["project"], started["name"], started["resume"]) == ("dreams", "breakout", "allow")
    assert started["config"] == {"seed": 3}
    assert scalars == (({"denoiser/loss": 0.5},), {"step": 7})
    assert image == (({"strip": (2, 4, 3)},), {"step": 8})
    assert finished == "finish"


def test_only_a_fit_that_is_resumed_goes_on_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Folders of the same name are no same run, nor is a fit that begins anew in its folder."""
    started: list[str] = []
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **given: started.append(given["id"])))
    for seed, resumes in (("0", False), ("1", False), ("0", True), ("0", False), ("0", True)):
        WandbReporter("dreams", tmp_path / seed / "breakout" / "fit", {}, resumes)
    a, b, again, anew, last = started
    assert (again, last) == (a, anew)
    assert len({a, b, anew}) == 3


def test_a_missing_wandb_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtra, match=r"gym-diamond\[wandb\]"):
        WandbReporter("dreams", tmp_path, {}, resumes=False)


def test_a_missing_tensorboard_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtra, match=r"gym-diamond\[train\]"):
        TensorBoardReporter(tmp_path)
