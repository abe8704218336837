"""A run that is killed, by a real SIGKILL or SIGINT in a process of its own."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import write
from gym_diamond.fitting import run
from tests.noisy_play import INFO, QUICK, make_episodes

NAME = "breakout/killed-v0"


@pytest.fixture(autouse=True)
def _dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    write(NAME, INFO, make_episodes(2, seed=0))


def start(out: Path, *words: str) -> subprocess.Popen[str]:
    """A fit without an end, in a process of its own, that has come at least one step further than before."""
    before = saved_step(out)
    command = "import sys; from gym_diamond.cli import main; sys.exit(main())"
    options = ["--dataset", NAME, "--out", str(out), *QUICK, "--steps", "100000", *words]
    process = subprocess.Popen(
        [sys.executable, "-c", command, "fit", *options],
        env=dict(os.environ),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while saved_step(out) <= before and process.poll() is None:
        time.sleep(0.01)
    return process


def saved_step(out: Path) -> int:
    """The step of the checkpoint in `out`, or -1; read from one open file, for the run may replace it meanwhile."""
    try:
        with (out / run.CHECKPOINT).open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    except FileNotFoundError:
        return -1
    return int(header["__metadata__"]["step"])


def test_a_run_killed_at_any_moment_loads_and_goes_on(tmp_path: Path):
    out, chance = tmp_path / "run", random.Random(0)
    for attempt in range(3):
        before = saved_step(out)
        process = start(out, "--checkpoint-minutes", "0", *(["--resume"] if attempt else []))
        time.sleep(chance.uniform(0, 0.3))  # somewhere within a step or a checkpoint
        process.kill()
        process.communicate()
        assert load_world(out).provenance["steps"] >= 0
        assert saved_step(out) > before
    end = saved_step(out) + 1
    assert main(["fit", "--out", str(out), "--resume", "--steps", str(end)]) == 0
    assert load_world(out).provenance["steps"] == end


def test_ctrl_c_saves_every_step_that_was_done(tmp_path: Path):
    process = start(tmp_path / "run")  # the checkpoint of step 0; the next one would come after minutes
    assert process.stderr is not None
    assert any(", step " in line for line in process.stderr), "it ended before it told of a step"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "stopped by Ctrl-C" in errors
    assert "Traceback" not in errors
    last = int(re.findall(r", step ([\d,]+), ", errors)[-1].replace(",", ""))
    assert saved_step(tmp_path / "run") == load_world(tmp_path / "run").provenance["steps"] == last > 0
