"""What becomes of a ball that the agent's paddle hits, in dreams of Breakout and Pong?

    python -m tests.benchmarks.after_a_hit gym_diamond/worlds/Pong --dataset pong/heldout-v1

Dreams begin eight frames before hits of held-out play, under the actions played. At each mark, in frames after the hit,
two shares of those whose real ball is there: one ball is there, and it is within two pixels of the real one.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from examples.begin_in_play import PADDLE, TOWARDS
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.evaluation.rollout import rollouts
from gym_diamond.evaluation.starts import Start

BEFORE, AFTER = 8, 20  # frames
MARKS = (-7, -1, 1, 3, 5, 9, 13, 20)
NEAR = 2  # pixels
AT_PADDLE = 9  # pixels from its line, where a ball that turns was hit by it
IN_PLAY = 0.9  # of the frames around a hit that show the real ball
PER_EPISODE = 6  # hits, so that no long rally is all there is


def turns(game: str, episode: Episode, earliest: int) -> list[int]:
    """The last frames in which a ball flies towards the paddle that it is hit by."""
    there, place = seen(game, torch.from_numpy(episode.frames))
    along = place[:, TOWARDS[game]]
    speed = along.diff()
    found = []
    for t in range(max(earliest, 1), len(there) - AFTER - 1):
        turned = bool(there[t - 1 : t + 2].all()) and speed[t - 1] > 0.5 and speed[t] < -0.5
        if turned and along[t] > PADDLE[game] - AT_PADDLE and there[t - BEFORE : t + AFTER].float().mean() > IN_PLAY:
            found.append(t)
    return found


def seen(game: str, frames: Tensor) -> tuple[Tensor, Tensor]:
    """Where `frames` `(T, H, W, C)` show one ball and not more, `(T,)` bool, and its place `(T, 2)` (y, x)."""
    balls = find_balls(game, frames)
    return balls.num == 1, balls.centre


def hits(game: str, episodes: Sequence[Episode], context: int, num: int) -> list[Start]:
    """At most `num` moments eight frames before a hit, of episodes in a random order."""
    found: list[Start] = []
    for index in np.random.default_rng(0).permutation(len(episodes)).tolist():
        found += [Start(index, t - BEFORE) for t in turns(game, episodes[index], context + BEFORE)[:PER_EPISODE]]
        if len(found) >= num:
            break
    return found[:num]


def shares(world: Path, episodes: Sequence[Episode], starts: Sequence[Start]) -> list[tuple[float, float]]:
    """The two shares at each of `MARKS`."""
    model = load_world(world, sampling={"reward_mode": "mode", "end_mode": "never"}).model
    game, there, near = model.spec.game, [], []
    for part in rollouts(model, episodes, starts, model.spec.context_length, BEFORE + AFTER, 0, lambda dreamt: None):
        for real, dreamt in zip(part.real, part.dreamt, strict=True):
            (is_real, place), (is_dreamt, found) = seen(game, real), seen(game, dreamt)
            close = is_dreamt & ((place - found).abs().amax(dim=1) <= NEAR)
            there.append(torch.where(is_real, is_dreamt.float(), torch.nan))
            near.append(torch.where(is_real, close.float(), torch.nan))
    at = [BEFORE + mark for mark in MARKS]
    return [
        (float(a), float(b)) for a, b in zip(*(torch.stack(x).nanmean(dim=0)[at] for x in (there, near)), strict=True)
    ]


def main(worlds: Sequence[Path], name: str, num: int) -> None:
    """Prints a row for each world."""
    torch.set_num_threads(1)
    info, episodes = dataset.load(name)
    starts = hits(info.game, episodes, 4, num)
    say(f"{len(starts)} hits of {name}; there / within {NEAR} px, by frames after the hit")
    say("| world |" + "".join(f" {mark:+d} |" for mark in MARKS))
    for world in worlds:
        found = shares(world, episodes, starts)
        say(f"| {world.name} |" + "".join(f" {there:.2f} / {near:.2f} |" for there, near in found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--dataset", dest="name", required=True, help="play that the worlds were not fitted to")
    parser.add_argument("--num", type=int, default=96, help="hits")
    main(**vars(parser.parse_args()))
