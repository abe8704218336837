"""Where a dream is made: in processes that Gymnasium forks, as it does on Linux, and where nothing can be compiled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.errors import InvalidArgument
from gym_diamond.hardware import settle_after_fork
from tests.tiny import write_tiny_world

STEP = """
import sys
import gymnasium
import numpy as np
import torch
import gym_diamond

torch.ones(2**22).add(1)  # two threads compute, before there is a fork
make = {"world": sys.argv[1], "device": "cpu", "precision": "fp32", "end_mode": "never"}
workers = gymnasium.make_vec("DiamondDream-Breakout-v0", 2, vectorization_mode="async", **make)
seen = [workers.reset(seed=0)[0], *(workers.step(np.array([1, 2]))[0] for _ in range(3))]
workers.close()
batch = gymnasium.make_vec("DiamondDream-Breakout-v0", 2, **make)
same = [batch.reset(seed=0)[0], *(batch.step(np.array([1, 2]))[0] for _ in range(3))]
print(np.mean([np.abs(a.astype(int) - b) <= 1 for a, b in zip(seen, same)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are spawned there")
def test_a_dream_in_a_forked_process_does_not_wait_for_threads_that_are_not_there(tmp_path: Path) -> None:
    """With one thread nothing would hang; two have computed in the first process before it is forked."""
    world = write_tiny_world(tmp_path / "world")
    command = [sys.executable, "-W", "ignore", "-c", STEP, str(world)]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= 0.99, "of pixels, within a grey level: another number of rows rounds otherwise"


def test_a_dream_that_cannot_be_compiled_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than be found out by a traceback of the compiler's in the first step."""
    world = write_tiny_world(tmp_path / "world")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InvalidArgument, match="no-such-compiler was not found"):
        load_dream(DreamArguments(world=str(world), device="cpu", compile=True))


def test_a_gpu_that_was_in_use_before_the_fork_is_answered_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda, threads = torch.device("cuda"), torch.get_num_threads()
    monkeypatch.setattr("torch.cuda._is_in_bad_fork", lambda: True)
    settle_after_fork(cuda)  # not in the process that imported it
    monkeypatch.setattr("gym_diamond.hardware._IMPORTED_BY", os.getpid() + 1)
    with pytest.raises(InvalidArgument, match=r"vector_kwargs=\{.context.: .spawn.\}"):
        settle_after_fork(cuda)
    assert torch.get_num_threads() == threads
