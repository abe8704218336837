"""What a resumed fit leaves: a world that is its checkpoint's, and that tells of both commands."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gym_diamond.checkpoint import load_world, save_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import write
from tests.noisy_play import INFO, QUICK, make_episodes

NAME = "breakout/test-v0"


@pytest.fixture(autouse=True)
def _datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    write(NAME, INFO, make_episodes(2, seed=0))


def fit(out: Path, *words: str) -> int:
    return main(["fit", "--dataset", NAME, "--out", str(out), *QUICK, *words])


def test_a_resumed_run_tells_how_it_began_and_how_it_went_on(tmp_path: Path):
    out = tmp_path / "run"
    assert fit(out, "--steps", "2") == 0
    began = load_world(out).provenance
    assert main(["fit", "--out", str(out), "--resume", "--steps", "3"]) == 0
    now = load_world(out).provenance
    assert (now["steps"], now["command"], now["config"]["fit"]["steps"]) == (3, began["command"], 3)
    (resumed,) = now["resumed"]
    assert resumed["from_step"] == 2
    assert resumed["command"] == "gym-diamond fit --out run --resume --steps 3"
    assert resumed["hardware"] == began["hardware"]


def test_a_fit_that_could_not_write_its_last_world_writes_it_when_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("gym_diamond.fitting.session.save_world", full_after(1))
        assert fit(out, "--steps", "2") != 0
    assert load_world(out).provenance["steps"] == 0
    assert main(["fit", "--out", str(out), "--resume"]) == 0
    assert load_world(out).provenance["steps"] == 2
    assert fit(tmp_path / "whole", "--steps", "2") == 0
    assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_a_finished_fit_that_is_resumed_keeps_what_was_measured_of_its_world(tmp_path: Path):
    out = tmp_path / "run"
    assert fit(out, "--steps", "2") == 0
    (out / "metrics.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert main(["fit", "--out", str(out), "--resume"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


def full_after(num: int) -> Callable[..., None]:
    """`save_world`, for which there is room so many times."""
    left = [save_world] * num

    def save(*args: Any, **kwargs: Any) -> None:
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        left.pop()(*args, **kwargs)

    return save
