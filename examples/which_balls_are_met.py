"""Which balls does an agent meet in the real Pong: those that are served to it, those that the opponent returns?

A score does not tell what an agent cannot do. One that was trained in dreams can do what its dreams began with: play of
chance wins no point, so nearly all balls that come in it were served, and who learned there meets those and lets a ball
pass that the opponent has hit. Needs `pip install "gym-diamond[atari,sb3]"`. From a checkout:

    python -m examples.which_balls_are_met scripted runs/experiment/Pong-ppo_dream-0/agents/000300000.zip
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from gym_diamond.cli import exit_status
from gym_diamond.collection.play import play
from gym_diamond.collection.policies import Policy
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.evaluation.hits import LEAST, PADDLE, REACH, TOWARDS

GAME = "Pong"


class Coming(NamedTuple):
    """A ball that came to the agent's paddle."""

    returned: bool  # by the opponent; else it was served
    met: bool


def balls_that_came(place: np.ndarray, rewards: np.ndarray) -> list[Coming]:
    """The balls of an episode that came and were met or lost.

    Args:
        place: how far the ball is towards the agent's paddle `(T+1,)`, NaN where no one ball is seen.
        rewards: `(T,)`; each that is not 0 ends a point.
    """
    ends = np.flatnonzero(rewards)
    points = np.split(place, ends + 2)  # rewards[t] came with place[t + 1]
    lost = [*(rewards[ends] < 0), False]
    return [ball for point in zip(points, lost, strict=True) for ball in _of_a_point(*point)]


def _of_a_point(place: np.ndarray, lost: bool) -> list[Coming]:
    """The balls of one point, whose frames have them at `place` `(T,)`."""
    seen = place[~np.isnan(place)]
    speed = np.diff(seen)
    moves = np.abs(speed) > LEAST
    seen, comes = seen[:-1][moves], speed[moves] > 0
    turns = np.flatnonzero(comes[:-1] & ~comes[1:] & (seen[1:] > PADDLE[GAME] - REACH))
    came = [Coming(returned=not comes[:turn].all(), met=True) for turn in turns]
    return [*came, Coming(returned=not comes.all(), met=False)] if lost else came


def played(
    games: RealAtari, player: Policy, steps: int, seed: int, advance: Callable[[int], object]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Where the ball is `(T+1,)` and what was paid `(T,)`, as `balls_that_came` takes them, by the episode."""

    def proceed(num: int) -> bool:
        advance(num)
        return True

    for episode in play(games, [player], [1.0], steps, seed, proceed):
        balls = find_balls(GAME, torch.from_numpy(episode.frames))
        yield torch.where(balls.num == 1, balls.centre[:, TOWARDS[GAME]], torch.nan).numpy(), episode.rewards


def main(policies: Sequence[str], steps: int, rows: int, seed: int) -> dict[str, list[Coming]]:
    """Prints, for each of `policies`, the shares of served and of returned balls that it meets in real games."""
    games = RealAtari(GAME, rows)
    players = {name: make_policy(name, atari_info(games), rows) for name in policies}  # a wrong name costs no wait
    print(f"{'':<32}{'points won':>16}{'served, met':>18}{'returned, met':>18}")
    found: dict[str, list[Coming]] = {}
    for name, player in players.items():
        with tqdm(total=steps, desc=name[-30:], unit=" steps", leave=False) as bar:
            episodes = list(played(games, player, steps, seed, bar.update))
        came = [ball for place, rewards in episodes for ball in balls_that_came(place, rewards)]
        points = [reward > 0 for _, rewards in episodes for reward in rewards if reward]
        shares = [[ball.met for ball in came if ball.returned == returned] for returned in (False, True)]
        words = [f"{np.mean(share):.2f} of {len(share)}" if share else "none" for share in (points, *shares)]
        print(f"{name[-30:]:<32}{words[0]:>16}{words[1]:>18}{words[2]:>18}", flush=True)
        found[name] = came
    games.close()
    return found


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policies", nargs="+", help="as `gym-diamond collect` has them: scripted, or an agent's .zip")
    parser.add_argument("--steps", type=int, default=15_000, help="in all games together")
    parser.add_argument("--rows", type=int, default=10, help="games at a time")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(exit_status("examples.which_balls_are_met", command, sys.argv[1:]))
