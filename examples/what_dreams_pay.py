"""Does it matter in these dreams what the agent does? What each of some policies has won after so many steps.

If the best player you have wins no more than one who acts at random, nothing can be learned there yet: the dreams are
too short, begin at the wrong moments, or their rewards are not seen.

    python -m examples.what_dreams_pay gym_diamond/worlds/Breakout --policies random scripted
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import make_policy
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.frames import to_frames

MARKS = (5, 10, 15, 20, 30, 40, 50, 75, 100)


def won(world: Path, policy: str, num_dreams: int, steps: int, seed: int) -> np.ndarray:
    """What `policy` has won in each dream after each step, `(steps, num_dreams)`; nothing more after its end.

    Dreams begin at start states of the world drawn by `seed`: equal seeds give all policies the same ones.
    """
    dream = load_dream(DreamArguments(world=str(world)), num_dreams, autoreset_mode="Disabled").dream
    player, rng, rows = (
        make_policy(policy, dream.world.spec, num_dreams),
        np.random.default_rng(seed),
        np.arange(num_dreams),
    )
    drawn = rng.choice(len(dream.contexts), num_dreams, replace=num_dreams > len(dream.contexts))
    obs = dream.reset(seed=seed, context=torch.from_numpy(drawn))
    player.begin(rows)
    rewards, goes_on = np.zeros((steps, num_dreams)), np.ones(num_dreams, bool)
    for t in range(steps):
        step = dream.step(torch.from_numpy(player.act(rows, to_frames(obs).cpu().numpy(), rng)))
        obs, rewards[t] = step.obs, np.where(goes_on, step.reward.cpu().numpy(), 0)
        goes_on &= ~step.terminated.cpu().numpy()
    return rewards.cumsum(axis=0)


def main(world: Path, policies: list[str], num_dreams: int, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Prints the mean return with its standard error at some steps, and gives what each policy `won`."""
    marks = [mark for mark in MARKS if mark < steps] + [steps]
    print("after steps          " + "".join(f"{mark:>15}" for mark in marks))
    found = {}
    for policy in policies:
        found[policy] = won(world, policy, num_dreams, steps, seed)
        mean, error = found[policy].mean(axis=1), found[policy].std(axis=1) / num_dreams**0.5
        print(f"{policy:<21}" + "".join(f"{mean[mark - 1]:>8.2f} ± {error[mark - 1]:.2f}" for mark in marks))
    return found


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument(
        "--policies", nargs="+", default=["random", "scripted"], help="as `gym-diamond collect` has them"
    )
    parser.add_argument("--num-dreams", type=int, default=128)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(exit_status("examples.what_dreams_pay", command, sys.argv[1:]))
