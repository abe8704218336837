"""Does it matter in these dreams what the agent does? What each of some policies has won after so many steps.

If the best player you have wins no more than one who acts at random, nothing can be learned there yet: the dreams are
too short, begin at the wrong moments, or their rewards are not seen. If one who does nothing wins much, nothing is what
will be learned: dreams that begin in an expert's play begin where the expert has brought the paddle.

    python -m examples.what_dreams_pay gym_diamond/worlds/Breakout --policies always:NOOP random scripted
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from examples.lost_ball import open_dream
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import make_policy
from gym_diamond.envs.loading import DreamArguments
from gym_diamond.frames import to_frames

HALF = 0.5  # a smaller sum of rewards is none: means of rewards are never quite 0
MARKS = (5, 10, 15, 20, 30, 40, 50, 75, 100)


class Played(NamedTuple):
    """What a policy got in each dream."""

    won: np.ndarray  # (steps, num_dreams) after each step; nothing more after the dream's end
    lasted: np.ndarray  # (num_dreams,) steps until the dream ended or was cut off
    ended: np.ndarray  # (num_dreams,) bool, it was not cut off

    @property
    def unpaid(self) -> float:
        """The share of dreams that ended without a reward."""
        return float((self.ended & (np.abs(self.won[-1]) < HALF)).mean())


def play(
    world: Path, policy: str, num_dreams: int, steps: int, lost_after: int, seed: int, contexts: str | None = None
) -> Played:
    """What `policy` gets in dreams of at most so many steps, which end also after `lost_after` frames without a ball.

    Dreams begin at start states of the world drawn by `seed`: equal seeds give all policies the same ones.
    """
    dream = open_dream(DreamArguments(world=str(world), contexts=contexts), num_dreams, steps, lost_after=lost_after)
    player, rng, rows = (
        make_policy(policy, dream.world.spec, num_dreams),
        np.random.default_rng(seed),
        np.arange(num_dreams),
    )
    drawn = rng.choice(len(dream.contexts), num_dreams, replace=num_dreams > len(dream.contexts))
    obs = dream.reset(seed=seed, context=torch.from_numpy(drawn))
    player.begin(rows)
    rewards, lasted, goes_on = np.zeros((steps, num_dreams)), np.zeros(num_dreams), np.ones(num_dreams, bool)
    for t in range(steps):
        lasted += goes_on
        step = dream.step(torch.from_numpy(player.act(rows, to_frames(obs).cpu().numpy(), rng)))
        obs, rewards[t] = step.obs, np.where(goes_on, step.reward.cpu().numpy(), 0)
        goes_on &= ~step.terminated.cpu().numpy()
    return Played(rewards.cumsum(axis=0), lasted, ~goes_on)


def main(
    world: Path,
    policies: list[str],
    num_dreams: int,
    steps: int,
    lost_after: int,
    seed: int,
    contexts: str | None = None,
) -> dict[str, Played]:
    """Prints mean returns with their standard errors, how long dreams last and how many end unpaid; gives all of it."""
    marks = [mark for mark in MARKS if mark < steps] + [steps]
    print("after steps          " + "".join(f"{mark:>15}" for mark in marks) + "    lasts   ends unpaid")
    found = {}
    for policy in policies:
        found[policy] = play(world, policy, num_dreams, steps, lost_after, seed, contexts)
        returns = found[policy].won
        mean, error = returns.mean(axis=1), returns.std(axis=1) / num_dreams**0.5
        row = "".join(f"{mean[mark - 1]:>8.2f} ± {error[mark - 1]:.2f}" for mark in marks)
        print(f"{policy[-21:]:<21}{row}{found[policy].lasted.mean():>9.1f}{found[policy].unpaid:>14.2f}")
    return found


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--contexts", help="where dreams begin: a bank of the world, by its name (coming), or a .npz")
    parser.add_argument(
        "--policies", nargs="+", default=["random", "scripted"], help="as `gym-diamond collect` has them"
    )
    parser.add_argument("--num-dreams", type=int, default=128)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--lost-after", type=int, default=0, help="frames without a ball that end a dream; 0 = none do")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(exit_status("examples.what_dreams_pay", command, sys.argv[1:]))
