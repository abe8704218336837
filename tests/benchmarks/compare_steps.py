"""How much faster a dream of the bundled Breakout world steps than by the model's own step, in the same run.

    python -m tests.benchmarks.compare_steps --num-envs 1 32 --passes 1 3 --compile

Every way of stepping steps a few times in turn, round after round, so that whatever else the machine does falls on all
of them alike. A ratio is the median of the ratios of the rounds; beside it stands their middle half.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gym_diamond.checkpoint import load_world
from gym_diamond.envs.compiled import compiled, engine
from gym_diamond.envs.dream import Dream
from gym_diamond.hardware import describe
from gym_diamond.hub import BUNDLED
from gym_diamond.world_models.diamond.fast_step import FastStep


def ways(model: Any, num_envs: int, with_compiled: bool) -> dict[str, Callable[..., Any]]:
    """The steps to compare; the first is what the others are compared with."""
    steps = {
        "model.step": model.step,
        "fast, all rows at once": FastStep(model, most_rows=num_envs),
        "fast": engine(model).step,
    }
    if with_compiled:
        steps |= {
            "torch.compile(model.step)": torch.compile(model.step),
            "fast, compiled, all rows at once": FastStep(model, compiled, most_rows=num_envs),
            "fast, compiled": engine(model, compile=True).step,
        }
    return steps


def seconds(work: Callable[[], Any], times: int) -> float:
    """How long `work` takes once, of `times`."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def compare(num_envs: int, passes: int, precision: str, rounds: int, times: int, with_compiled: bool) -> None:
    """Print a line for each way of stepping `num_envs` dreams with so many denoising passes."""
    world = load_world(BUNDLED / "Breakout", precision=precision, sampling={"num_denoising_steps": passes})
    actions = torch.zeros(num_envs, dtype=torch.int64)
    works: dict[str, Callable[[], Any]] = {}
    for name, step in ways(world.model, num_envs, with_compiled).items():
        dream = Dream(world.model, world.contexts, num_envs, step=step, autoreset_mode="Disabled")
        dream.reset(seed=0, context=torch.arange(num_envs) % len(world.contexts))
        first = seconds(lambda dream=dream: dream.step(actions), 1)
        sys.stderr.write(f"{name}: first step {first:.1f} s\n")
        works[name] = lambda dream=dream: dream.step(actions)
    now = dream.snapshot()
    works["noise alone"] = lambda: world.model.draw(now.keys, now.counter)
    taken = np.array([[seconds(work, times) for work in works.values()] for _ in range(rounds)])  # (rounds, ways)
    for i, name in enumerate(works):
        ratios = taken[:, 0] / taken[:, i]
        low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        ms = 1e3 * np.median(taken[:, i])
        sys.stdout.write(
            f"| {num_envs} | {passes} | {name} | {ms:.1f} ms | {num_envs * 1e3 / ms:.1f} "
            f"| {middle:.2f} [{low:.2f}, {high:.2f}] |\n"
        )
        sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-envs", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--passes", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--precision", default="fp32", choices=("fp32", "bf16"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=3, help="steps in a row, in each round")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="compare the compiled steps too")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    sys.stdout.write(f"{describe(torch.device('cpu'))}, torch {torch.__version__}\n")
    sys.stdout.write("| envs | passes | step | a step | env-steps/s | times as fast |\n|---|---|---|---|---|---|\n")
    for passes in args.passes:
        for num_envs in args.num_envs:
            compare(num_envs, passes, args.precision, args.rounds, args.times, args.compile)


if __name__ == "__main__":
    main()
