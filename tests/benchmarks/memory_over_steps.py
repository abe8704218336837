"""How much memory dreams take, by rows, and that it does not grow with steps.

    python -m tests.benchmarks.memory_over_steps --preset small --num-envs 1 64 1024 --steps 2
    python -m tests.benchmarks.memory_over_steps --preset tiny --num-envs 2 --steps 10000
    python -m tests.benchmarks.memory_over_steps --preset free --num-envs 8 --steps 100000

Each line is a process of its own, which steps the NumPy vector env through its resets: dreams are cut off after 50
steps. It tells the most memory that the process ever held, after the first steps and at the end. `free` is the world of
`overhead.py`, which computes nothing: what keeps memory from step to step is the shell around a world, and there an
hour's steps take minutes.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import gymnasium
import torch
from tqdm import tqdm

from gym_diamond.benchmarking.memory import peak_bytes
from gym_diamond.benchmarking.random_world import find_preset, write_random_world
from gym_diamond.cli import say
from gym_diamond.hardware import resolve_device
from tests.benchmarks.overhead import stepper

MIB = 2**20
EPISODE = 50  # steps of a dream
FIRST = 1_000  # steps after which all that is kept once is there


def measure(preset: str, num_envs: int, steps: int, passes: int, device: str) -> None:
    """Print a line for so many rows, from this process."""
    torch.set_num_threads(1)
    place = torch.device("cpu") if preset == "free" else resolve_device(device)
    step = stepper("NumPy", num_envs, EPISODE) if preset == "free" else dreaming(preset, num_envs, passes, device)
    early = loaded = told(place)
    for number in tqdm(range(steps), unit="step", mininterval=10):
        step()
        if number == min(FIRST, steps - 1):
            early = told(place)
    say(
        f"{preset}, {num_envs:,} rows, {steps:,} steps: at most {loaded:.0f} MiB before the first, {early:.0f} up "
        f"to step {min(FIRST, steps):,}, {told(place):.0f} in all"
    )


def dreaming(preset: str, num_envs: int, passes: int, device: str) -> Callable[[], object]:
    """A step, with random actions, of envs that were just reset."""
    with tempfile.TemporaryDirectory() as folder:
        envs = gymnasium.make_vec(
            "gym_diamond:DiamondDream-Breakout-v0",
            num_envs=num_envs,
            world=str(write_random_world(Path(folder) / "world", find_preset(preset))),
            device=device,
            num_denoising_steps=passes,
            max_episode_steps=EPISODE,
        )
    envs.action_space.seed(0)
    envs.reset(seed=0)
    return lambda: envs.step(envs.action_space.sample())


def told(device: torch.device) -> float:
    """The most memory so far, in MiB; NaN where the platform does not tell."""
    most = peak_bytes(device)
    return float("nan") if most is None else most / MIB


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--num-envs", type=int, nargs="+", default=[1, 64, 1024])
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--passes", type=int, default=1, help="denoising steps of a frame")
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    if len(given.num_envs) == 1:
        measure(given.preset, given.num_envs[0], given.steps, given.passes, given.device)
    else:
        for num_envs in given.num_envs:
            words = [f"--preset={given.preset}", f"--num-envs={num_envs}", f"--steps={given.steps}"]
            words += [f"--passes={given.passes}", f"--device={given.device}"]
            subprocess.run([sys.executable, "-m", "tests.benchmarks.memory_over_steps", *words], check=True)
