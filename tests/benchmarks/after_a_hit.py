"""What becomes of a ball that the agent's paddle hits, in dreams of several worlds of Breakout or Pong?

    python -m tests.benchmarks.after_a_hit gym_diamond/worlds/Pong --dataset pong/heldout-v1

What a dream card says of hits (`gym_diamond/evaluation/hits.py`), without the rest of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.data import dataset
from gym_diamond.evaluation.ball_scores import NEAR
from gym_diamond.evaluation.hits import MARKS, after_hits, hit_starts


def main(worlds: Sequence[Path], name: str, num: int, precision: str) -> None:
    """Prints a row for each world."""
    torch.set_num_threads(1)
    info, episodes = dataset.load(name)
    starts = hit_starts(info.game, episodes, 4, num, np.random.default_rng(0), lambda looked_at: None)
    say(f"{len(starts)} hits of {name}; there / within {NEAR:g} px, by frames after the hit")
    say("| world |" + "".join(f" {mark:+d} |" for mark in MARKS))
    for world in worlds:
        sampling = {"reward_mode": "mode", "end_mode": "never"}
        model = load_world(world, sampling=sampling, precision=precision).model
        found = after_hits(model, episodes, starts, model.spec.context_length, 0, lambda dreamt: None)
        shares = [(found["recall"][str(mark)]["mean"], found["near"][str(mark)]["mean"]) for mark in MARKS]
        say(f"| {world.name} |" + "".join(f" {there:.2f} / {near:.2f} |" for there, near in shares))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--dataset", dest="name", required=True, help="play that the worlds were not fitted to")
    parser.add_argument("--num", type=int, default=96, help="hits")
    parser.add_argument("--precision", default="auto", help="bf16, fp32, or auto for bf16 where the hardware has it")
    main(**vars(parser.parse_args()))
