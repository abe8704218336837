"""`gym-diamond fit` by two processes: one run, one message, and resumed by as many as one likes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import write
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_tensors
from gym_diamond.fitting import run
from tests.noisy_play import INFO, QUICK, make_episodes
from tests.processes import ROOT, run_together

NAME = "breakout/shared-v0"
STEADY = ("--denoiser.schedule", "constant", "--reward-end.schedule", "constant", "--preview-every", "1e-6")
FIT = ("fit", "--dataset", NAME, *QUICK, *STEADY, "--preview-frames", "2", "--precision", "fp32")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(autouse=True)
def _dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    write(NAME, INFO, make_episodes(2, seed=0))


def networks(out: Path) -> Tensor:
    """All weights of the run in `out`, end to end."""
    tensors, _ = read_tensors(out / run.CHECKPOINT, InvalidRun)
    return torch.cat([tensor.flatten() for name, tensor in sorted(tensors.items()) if ".network." in name])


def test_a_run_goes_on_with_one_process_and_again_with_two(tmp_path: Path):
    """Under the real torchrun; then it ends where a run of one process does, but for the rounding of sums."""
    together, alone = tmp_path / "together", tmp_path / "alone"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    words = ["-m", "gym_diamond", *FIT, "--out", str(together), "--steps", "2"]
    torchrun = subprocess.run([*TORCHRUN, *words], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert torchrun.returncode == 0, torchrun.stderr
    assert torchrun.stdout.splitlines()[0] == "2 episodes, 58 transitions; 2 processes, fp32"
    assert torchrun.stdout.count("the world is in") == 1
    assert len(list((together / "fit" / "tensorboard").iterdir())) == 1
    world = load_world(together)
    assert (world.provenance["steps"], world.provenance["processes"]) == (2, 2)
    assert "(2 processes of 1 thread)" in (together / "README.md").read_text()

    assert main(["fit", "--out", str(together), "--resume", "--steps", "4"]) == 0
    resume = ["-m", "gym_diamond", "fit", "--out", str(together), "--resume", "--steps", "6"]
    assert [(ended.status, ended.out.count("the world is in")) for ended in run_together(resume)] == [(0, 1), (0, 0)]

    assert main([*FIT, "--out", str(alone), "--steps", "6"]) == 0
    first = tmp_path / "first"
    assert main([*FIT, "--out", str(first), "--steps", "1"]) == 0
    moved = networks(alone) - networks(first)
    assert (networks(together) - networks(alone)).norm() < 0.01 * moved.norm()


def test_an_error_in_one_process_ends_both_with_one_message(tmp_path: Path):
    """Process 1 finds no dataset, process 0 does; neither waits for the other for ever."""
    (tmp_path / "empty").mkdir()
    words = ["-m", "gym_diamond", *FIT, "--out", str(tmp_path / "run"), "--steps", "1"]
    first, second = run_together(words, environments={1: {"MINARI_DATASETS_PATH": str(tmp_path / "empty")}})
    assert (first.status, second.status) == (2, 2)
    assert second.err.startswith("gym-diamond fit: ")
    assert NAME in second.err
    assert "gym-diamond" not in first.err  # torch may log there that the other has gone
    assert not (tmp_path / "run").exists()


def test_a_mistake_that_all_processes_see_is_told_once(tmp_path: Path):
    words = ["-m", "gym_diamond", *FIT, "--out", str(tmp_path / "run"), "--steps", "1", "--denoiser.batch-size", "1"]
    ended = run_together(words)
    assert [each.status for each in ended] == [2, 2]
    assert sorted(each.err.count("--denoiser.batch-size is 1, to be shared by 2 processes") for each in ended) == [0, 1]
    assert sorted("gym-diamond" in each.err for each in ended) == [False, True]


def test_what_the_parser_says_is_said_once(tmp_path: Path):
    ended = run_together(["-m", "gym_diamond", *FIT, "--out", str(tmp_path / "run"), "--denoiser.lr", "fast"])
    assert [each.status for each in ended] == [2, 2]
    assert "denoiser.lr" in ended[0].out + ended[0].err
    assert "denoiser.lr" not in ended[1].out + ended[1].err
