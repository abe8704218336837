"""A copy of a world whose dreams all begin with a ball in play, or those moments alone, for Breakout and Pong.

A frame that is drawn in one denoising step is a mean over all that may come, and a ball that is served at one of many
moments, or to one of many places, is faint in it and gone in the next. So in a world that was not trained on its own
dreams one that begins without a ball stays without, and in one that was every ball is served the same way. Who trains
there learns nothing, or that way by heart. With --coming, the ball also flies towards the agent's paddle:
of a dream that begins with a ball flying away, the first twenty steps go as they go, whatever the agent does. With
--within PIXELS it has no more than that to go to the line on which the paddle moves, with --beyond PIXELS no less:
where it is too near, nobody gets there any more, and the dream is lost whatever the agent does.

An agent learns the balls that dreams begin with, so the world's moments should hold all kinds: play of chance wins
hardly a point of Pong, nearly all its balls are served, and who learned from them lets pass what the opponent returns
(`examples/which_balls_are_met.py` tells).

    python -m examples.begin_in_play gym_diamond/worlds/Breakout runs/far.npz --contexts coming --beyond 16
    python -m examples.ppo_in_the_dream --game Breakout --contexts runs/far.npz

With an OUT that ends in .npz only the moments are written, else a copy of the world with them. `coming` names the
moments that the bundled worlds bring along (docs/worlds.md).
"""

import argparse
import shutil
import sys
from pathlib import Path

import torch
from torch import Tensor

from gym_diamond.banks import COMING, CONTEXTS
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.evaluation.hits import PADDLE, TOWARDS


def begin_in_play(
    world: Path,
    out: Path,
    coming: bool = False,
    within: int | None = None,
    beyond: int | None = None,
    contexts: str | None = None,
) -> tuple[int, int]:
    """How many start states the world has and how many of them, those with a ball in their last frame, `out` keeps.

    Args:
        world: a world directory of Breakout or Pong.
        out: where the copy is written, or the moments alone if it ends in .npz; must not exist.
        coming: keep only those whose ball came nearer to the agent's paddle from the last frame but one to the last.
        within: keep only those whose ball has at most so many pixels to go to the paddle's line; None = all.
        beyond: keep only those whose ball has at least so many; None = all.
        contexts: which start states are chosen from, as `load_world` takes it.

    Raises:
        InvalidWorld: the world is missing or damaged.
        InvalidArgument: it dreams another game, no start state is to be kept, or `out` exists; nothing is written.
    """
    if out.exists():
        raise InvalidArgument(f"{out} exists; give another place, or remove it first.")
    loaded = load_world(world, contexts=contexts)
    bank = loaded.contexts
    game = loaded.model.spec.game
    before, last = (torch.from_numpy(bank.frames[:, t]) for t in (-2, -1))
    num, place = balls_alone(game, last)
    in_play = ball_comes(game, before, last) if coming else num == 1
    if within is not None:
        in_play &= (place <= PADDLE[game]) & (PADDLE[game] - place <= within)
    if beyond is not None:
        in_play &= PADDLE[game] - place >= beyond
    keep = in_play.numpy()
    if not keep.any():
        raise InvalidArgument(f"No start state of {world} has such a ball; ask for less, or fit with more of them.")
    kept = ContextBank(bank.frames[keep], bank.actions[keep], bank.is_real[keep])
    if out.suffix == ".npz":
        out.parent.mkdir(parents=True, exist_ok=True)
        kept.save(out)
    else:
        shutil.copytree(world, out, ignore=shutil.ignore_patterns(COMING))
        kept.save(out / CONTEXTS)
    return len(bank), int(keep.sum())


def ball_comes(game: str, before: Tensor, last: Tensor) -> Tensor:
    """Whether the one ball of each frame of `last` is nearer to the agent's paddle than in `before`: `(N,)` bool.

    Args:
        game: "Breakout" or "Pong".
        before, last: `(N, 64, 64, 3)` uint8.
    """
    num, place = balls_alone(game, last)
    return (num == 1) & (place > balls_alone(game, before)[1])


def balls_alone(game: str, frames: Tensor) -> tuple[Tensor, Tensor]:
    """How many balls each of `frames` shows `(N,)`, and how far the brightest is towards the paddle `(N,)`, or NaN."""
    found = [find_balls(game, frame[None]) for frame in frames]  # each on its own: they do not follow each other
    return torch.cat([balls.num for balls in found]), torch.cat([balls.centre for balls in found])[:, TOWARDS[game]]


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("out", type=Path, help="a folder for the copy, or FILE.npz for the moments alone")
    parser.add_argument("--coming", action="store_true", help="only those whose ball flies towards the agent's paddle")
    parser.add_argument("--within", type=int, help="only those whose ball has at most so many pixels to go to its line")
    parser.add_argument("--beyond", type=int, help="only those whose ball has so many to go at least")
    parser.add_argument("--contexts", help="choose from another bank of the world, by its name (coming), or a .npz")
    num, kept = begin_in_play(**vars(parser.parse_args(words)))
    print(f"{kept} of {num} start states have a ball in play")


if __name__ == "__main__":
    sys.exit(exit_status("examples.begin_in_play", command, sys.argv[1:]))
