"""Does a dream return the balls that the paddle meets, and only those? In worlds of Breakout or Pong.

    python -m tests.benchmarks.hit_or_miss gym_diamond/worlds/Pong --dataset pong/heldout-v1

Dreams begin where a ball has `AHEAD` pixels to go to the paddle's line, and go on under the actions played. A ball that
goes away again from within these, in `LENGTH` frames, was returned. A world that returns balls which were lost in the
game is kind where it should be strict, and an agent that learns there need not meet a ball.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.ball_scores import find_all
from gym_diamond.evaluation.hits import LEAST, PADDLE, TOWARDS
from gym_diamond.evaluation.rollout import rollouts
from gym_diamond.evaluation.starts import Start

SHOWN = 4  # frames
AHEAD = 12  # pixels
LENGTH = 24  # frames; a slow ball is lost sooner, and dreams may have served the next one by then


def coming_starts(game: str, episodes: Sequence[Episode]) -> list[Start]:
    """The moments at which a ball that comes has passed the line `AHEAD` pixels before the paddle's."""
    starts = []
    for index, episode in enumerate(episodes):
        place = places(game, [torch.from_numpy(episode.frames)], len(episode.frames))[0]
        line = PADDLE[game] - AHEAD
        passes = (place[:-1] <= line) & (place[1:] > line) & (np.diff(place) > LEAST)
        frames = np.flatnonzero(passes) + 1
        starts += [Start(index, int(frame)) for frame in frames if SHOWN <= frame < len(place) - LENGTH // 2]
    return starts


def places(game: str, sequences: Sequence[Tensor], length: int) -> np.ndarray:
    """How far towards the paddle the one ball of each frame is `(S, length)`, or NaN."""
    found = find_all(game, list(sequences), length)
    return np.where(found.num == 1, found.centre[..., TOWARDS[game]], np.nan)


def returned(game: str, sequences: Sequence[Tensor]) -> np.ndarray:
    """Whether a ball that was within `AHEAD` pixels of the paddle's line goes away from it, in each sequence of
    `LENGTH` frames after the first: `(S,)`. One that appears farther away was served.
    """
    place = places(game, sequences, LENGTH + 1)
    return ((place[:, :-1] > PADDLE[game] - AHEAD) & (np.diff(place, axis=1) < -LEAST)).any(axis=1)


def main(worlds: Sequence[Path], name: str, num: int, steps: int | None, precision: str) -> None:
    """Prints a row for each world."""
    torch.set_num_threads(1)
    info, episodes = dataset.load(name)
    starts = coming_starts(info.game, episodes)
    if not starts:
        raise SystemExit(f"No ball of {name} comes to the paddle; name other play with --dataset.")
    starts = [starts[i] for i in np.linspace(0, len(starts) - 1, min(num, len(starts)), dtype=int)]
    say(f"{len(starts)} balls of {name} that come to the paddle")
    say("| | returned in the game, and in the dream | lost in the game, returned in the dream |\n|---|---|---|")
    for world in worlds:
        sampling = {"reward_mode": "mode", "end_mode": "never"}
        if steps is not None:
            sampling["num_denoising_steps"] = steps
        model = load_world(world, sampling=sampling, precision=precision).model
        parts = list(rollouts(model, episodes, starts, SHOWN, LENGTH, 0, lambda dreamt: None))
        game = np.concatenate([returned(info.game, list(part.real)) for part in parts])
        dream = np.concatenate([returned(info.game, list(part.dreamt)) for part in parts])
        cells = [f"{dream[kind].mean():.2f} of {kind.sum()}" if kind.any() else "none" for kind in (game, ~game)]
        say(f"| {world.name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--dataset", dest="name", required=True, help="play that the worlds were not fitted to")
    parser.add_argument("--num", type=int, default=256, help="balls")
    parser.add_argument("--steps", type=int, help="denoising steps of a frame; as many as the world says by default")
    parser.add_argument("--precision", default="auto", help="bf16, fp32, or auto for bf16 where the hardware has it")
    main(**vars(parser.parse_args()))
