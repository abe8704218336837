"""Do served balls take different ways, in dreams of worlds of Breakout or Pong as in the game?

    python -m tests.benchmarks.serves gym_diamond/worlds/Pong --dataset pong/heldout-v1

Dreams begin when the ball has been gone for as long as the world remembers. Which way a served ball took is told by
where it is eight frames after it came: how far these places are from each other (standard deviation), and which share
of them is not within `ELSEWHERE` pixels of the middle one.
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
from gym_diamond.evaluation.rollout import rollouts
from gym_diamond.evaluation.starts import Start

LENGTH = 4  # frames without a ball that a dream is shown
WAIT, LATER = 60, 8  # frames: for a ball to come, and after it came
ELSEWHERE = 4.0  # pixels


def gone_starts(game: str, episodes: Sequence[Episode]) -> list[Start]:
    """The moments at which a ball that had been there has been gone for `LENGTH` frames, and one comes later."""
    starts = []
    for index, episode in enumerate(episodes):
        there = find_all(game, [torch.from_numpy(episode.frames)], len(episode.frames)).num[0] > 0
        for frame in np.flatnonzero(there[:-1] & ~there[1:]) + LENGTH:
            if not there[frame - LENGTH + 1 : frame + 1].any() and there[frame : frame + WAIT].any():
                starts.append(Start(index, int(frame)))
    return starts


def places(game: str, sequences: Sequence[Tensor]) -> np.ndarray:
    """Where `(S, 2)` (y, x) each sequence's first ball is after `LATER` frames; without the rows in which none is."""
    found = find_all(game, list(sequences), WAIT + LATER + 1)
    there = found.num > 0
    came = there.argmax(axis=1)
    then = np.minimum(came + LATER, there.shape[1] - 1)
    one = found.num[np.arange(len(then)), then] == 1
    rows = np.flatnonzero(there.any(axis=1) & (came > 0) & (came <= WAIT) & one)
    return found.centre[rows, then[rows]]


def described(where: np.ndarray) -> str:
    """A row's cells."""
    height, width = where.std(axis=0)
    far = np.linalg.norm(where - np.median(where, axis=0), axis=1) > ELSEWHERE
    return f" {len(where)} | {height:.1f} | {width:.1f} | {far.mean():.2f} |"


def main(worlds: Sequence[Path], name: str, num: int, precision: str) -> None:
    """Prints a row for the game and for each world."""
    torch.set_num_threads(1)
    info, episodes = dataset.load(name)
    starts = gone_starts(info.game, episodes)
    if not starts:
        raise SystemExit(f"No ball of {name} is lost and served again; name play of more games with --dataset.")
    starts = [starts[i] for i in np.linspace(0, len(starts) - 1, min(num, len(starts)), dtype=int)]
    say(f"{len(starts)} moments of {name}; {LATER} frames after a ball came")
    say("| | served | height, px | breadth, px | elsewhere |")
    for number, world in enumerate(worlds):
        sampling = {"reward_mode": "mode", "end_mode": "never"}
        model = load_world(world, sampling=sampling, precision=precision).model
        parts = list(rollouts(model, episodes, starts, LENGTH, WAIT + LATER, 0, lambda dreamt: None))
        if number == 0:
            say("| the game |" + described(places(info.game, [real for part in parts for real in part.real])))
        say(f"| {world.name} |" + described(places(info.game, [dream for part in parts for dream in part.dreamt])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--dataset", dest="name", required=True, help="play that the worlds were not fitted to")
    parser.add_argument("--num", type=int, default=128, help="moments")
    parser.add_argument("--precision", default="auto", help="bf16, fp32, or auto for bf16 where the hardware has it")
    main(**vars(parser.parse_args()))
