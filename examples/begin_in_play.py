"""A copy of a world whose dreams all begin with a ball in play, for Breakout and Pong.

A frame that is drawn in one denoising step is a mean over all that may come, and a ball that is served at one of many
moments, or to one of many places, is faint in it and gone in the next. So a dream that begins without a ball stays
without one, and who trains there learns nothing from it.

    python -m examples.begin_in_play gym_diamond/worlds/Breakout runs/breakout-in-play
    python -m examples.ppo_in_the_dream --game Breakout --world runs/breakout-in-play --denoising-steps 1
"""

import argparse
import shutil
from pathlib import Path

import torch

from gym_diamond.checkpoint import CONTEXTS, load_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.evaluation.ball import find_balls


def begin_in_play(world: Path, out: Path) -> tuple[int, int]:
    """How many start states the world has and how many of them, those with a ball in their last frame, `out` keeps.

    Args:
        world: a world directory of Breakout or Pong.
        out: where the copy is written; must not exist.

    Raises:
        InvalidWorld: the world is missing or damaged.
        InvalidArgument: it dreams another game.
    """
    loaded = load_world(world)
    bank = loaded.contexts
    last = torch.from_numpy(bank.frames[:, -1])  # (N, T, H, W, C) -> (N, H, W, C)
    game = loaded.model.spec.game
    has_ball = torch.cat([find_balls(game, frame[None]).num for frame in last]).numpy() == 1  # each on its own
    shutil.copytree(world, out)
    ContextBank(bank.frames[has_ball], bank.actions[has_ball], bank.is_real[has_ball]).save(out / CONTEXTS)
    return len(bank), int(has_ball.sum())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("out", type=Path)
    num, kept = begin_in_play(**vars(parser.parse_args()))
    print(f"{kept} of {num} start states have a ball in play")
