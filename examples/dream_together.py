"""Dream in several processes, one vector env each: `torchrun --nproc-per-node 2 -m examples.dream_together`.

Each takes the GPU of its number where there is one. No two rows of all processes share a stream of random numbers.
"""

import argparse

import gymnasium
import torch

import gym_diamond  # registers the ids
from gym_diamond.fitting.distributed import Team, joined


def main(team: Team, num_envs: int, steps: int, seed: int) -> tuple[float, int]:
    """The sum of the rewards of random play in all dreams of all processes, and the number of rows."""
    gymnasium.register_envs(gym_diamond)
    device = str(team.own_device(torch.device("cuda"))) if torch.cuda.is_available() else "cpu"
    envs = gymnasium.make_vec("DiamondDream-Breakout-v0", num_envs=num_envs, device=device)
    first = seed + team.rank * num_envs  # row i of an env seeded s has the stream of s + i
    envs.reset(seed=first)
    envs.action_space.seed(first)
    rewards = sum(float(envs.step(envs.action_space.sample())[1].sum()) for _ in range(steps))
    envs.close()
    return team.add(rewards), int(team.add(num_envs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-envs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with joined() as team:
        rewards, rows = main(team, **vars(arguments))
        if team.leads:
            print(f"{rows} dreams of {arguments.steps} steps in {team.size} processes earned {rewards:g} points")
