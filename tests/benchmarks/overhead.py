"""What everything around the model costs: steps of the three faces of a dream whose model is free.

    python -m tests.benchmarks.overhead --num-envs 1 8 32 128

The model has 64x64x3 frames and a state of the paper's size and gives back what it was given. The cost is fitted as so
many microseconds a vector step and so many more for each row, once without resets and once with dreams cut off after
50 steps. Ways are stepped in turn, in time of this processor alone, so that other work on the machine counts little;
the median over rounds counts.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gym_diamond.cli import say
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.hardware import describe, keep_freed_memory
from gym_diamond.world_models.protocol import Context, Judgement, Transition, WorldSpec

SIZE, LENGTH, MEMORY, NUM_CONTEXTS = 64, 4, 512, 16
MEANINGS = ("NOOP", "FIRE", "RIGHT", "LEFT")
FACES = ("Dream", "NumPy", "stable-baselines3")


class FreeState(NamedTuple):
    """A state of the size of DIAMOND's."""

    obs: Tensor  # (B, L, C, H, W)
    act: Tensor  # (B, L-1)
    hx: Tensor  # (B, D)
    cx: Tensor  # (B, D)


class FreeWorld:
    """A world in which nothing ever changes and nothing is computed."""

    spec = WorldSpec("Breakout", SIZE, SIZE, 3, len(MEANINGS), MEANINGS, LENGTH, (-1.0, 0.0, 1.0), 15)
    device = torch.device("cpu")

    def __init__(self, num_envs: int) -> None:
        never, nothing = torch.zeros(num_envs, dtype=torch.bool), torch.zeros(num_envs)
        obs, probs = torch.zeros(num_envs, 3, SIZE, SIZE), torch.full((num_envs, 3), 1 / 3)
        self.transition = Transition(obs, nothing, never, probs, nothing)

    def reset(self, context: Context) -> FreeState:
        batch = len(context.obs)
        memory = torch.zeros(batch, MEMORY)
        return FreeState(
            context.obs[:, -LENGTH:].clone(), context.act[:, -LENGTH + 1 :].clone(), memory, memory.clone()
        )

    def draw(self, keys: Tensor, counter: Tensor) -> None:
        return None

    def step(self, state: FreeState, action: Tensor, noise: None) -> tuple[FreeState, Transition]:
        return state, self.transition

    def judge(self, context: Context) -> Judgement:
        return Judgement(torch.zeros(len(context.obs), 0, 3), torch.zeros(len(context.obs), 0))

    def history(self, state: FreeState) -> Tensor:
        return state.obs


def bank() -> ContextBank:
    """Start states of noise."""
    rng = np.random.default_rng(0)
    frames = rng.integers(256, size=(NUM_CONTEXTS, LENGTH, SIZE, SIZE, 3), dtype=np.uint8)
    actions = rng.integers(len(MEANINGS), size=(NUM_CONTEXTS, LENGTH - 1))
    return ContextBank(frames, actions, np.ones((NUM_CONTEXTS, LENGTH), np.bool_))


def stepper(face: str, num_envs: int, max_episode_steps: int | None) -> Callable[[], Any]:
    """A step of a face that was just reset; where dreams are cut off, their clocks are spread."""
    cut = max_episode_steps is not None
    dream = Dream(FreeWorld(num_envs), bank(), num_envs, max_episode_steps=max_episode_steps, stagger=cut)
    actions = np.zeros(num_envs, np.int64)
    if face == "Dream":
        dream.reset(seed=0)
        return lambda: dream.step(torch.from_numpy(actions))
    envs = DreamVectorEnv(dream)
    if face == "NumPy":
        envs.reset(seed=0)
        return lambda: envs.step(actions)
    adapted = DreamVecEnv(envs)
    adapted.reset()
    return lambda: adapted.step(actions)


def microseconds(step: Callable[[], Any], times: int) -> float:
    """The processor time of a step, of so many."""
    began = time.process_time()
    for _ in range(times):
        step()
    return 1e6 * (time.process_time() - began) / times


def measure(num_envs: list[int], max_episode_steps: int | None, rounds: int, times: int) -> None:
    """Print for each face what a step costs at each number of rows, and the line through these costs."""
    ways = {(face, num): stepper(face, num, max_episode_steps) for face in FACES for num in num_envs}
    for step in ways.values():
        microseconds(step, times)
    taken = np.median([[microseconds(step, times) for step in ways.values()] for _ in range(rounds)], axis=0)
    cost = dict(zip(ways, taken, strict=True))
    say("no resets" if max_episode_steps is None else f"dreams of {max_episode_steps} steps")
    for face in FACES:
        found = [cost[face, num] for num in num_envs]
        slope, once = np.polyfit(num_envs, found, 1) if len(num_envs) > 1 else (float("nan"), float("nan"))
        each = ", ".join(f"{num}: {value:.0f}" for num, value in zip(num_envs, found, strict=True))
        say(f"  {face:<18} {once:6.0f} µs + {slope:5.1f} µs an env   ({each})")


def main() -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-envs", nargs="+", type=int, default=[1, 8, 32, 128])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--times", type=int, default=50, help="steps of each way in a round")
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()  # as the engine of every real dream on a CPU does
    say(f"{describe(torch.device('cpu'))}, torch {torch.__version__}, one thread")
    for max_episode_steps in (None, 50):
        measure(given.num_envs, max_episode_steps, given.rounds, given.times)


if __name__ == "__main__":
    main()
