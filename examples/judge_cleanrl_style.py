"""What the agent of `ppo_cleanrl_style.py` scores in whole real games. Needs `pip install "gym-diamond[atari]"`.

`python -m agents.evaluate` plays the networks of `agents.imagine` and of stable-baselines3, and does not know this one.
This is all that it takes to play any other in the same way:

    python -m examples.judge_cleanrl_style runs/ppo.safetensors --games 100
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from agents.real_games import PlayedGame, play_games
from agents.statistics import summarize
from examples.ppo_cleanrl_style import Agent
from gym_diamond.cli import exit_status
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.files import read_tensors
from gym_diamond.frames import to_obs


class Player:
    """An agent in N real games at once, of which it sees the last k frames, oldest first, as in its dreams.

    Args:
        agent: from obs `(n, k*C, H, W)` to the chances of actions and a value.
        seen: `(N, k*C, H, W)`, to be changed in place.
    """

    name = "ppo_cleanrl_style"

    def __init__(self, agent: nn.Module, seen: Tensor) -> None:
        self.agent, self.seen = agent, seen

    def begin(self, rows: np.ndarray) -> None:
        """Forget `rows`: before a game all is mid-grey, as where dreams begin with one."""
        self.seen[rows] = 0.0

    @torch.no_grad()
    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Actions `(n,)`, drawn as in training, where `frames` `(n, H, W, C)` uint8 are seen."""
        newest = to_obs(torch.from_numpy(frames))  # (n, H, W, C) -> (n, C, H, W)
        self.seen[rows] = torch.cat([self.seen[rows][:, newest.shape[1] :], newest], dim=1)
        chances, _ = self.agent(self.seen[rows])
        return np.argmax(chances.logits.numpy() + rng.gumbel(size=chances.logits.shape), axis=1)


def main(path: Path, games: int, seed: int, max_steps: int) -> list[PlayedGame]:
    """The games of the agent that was saved to `path`.

    Raises:
        InvalidArgument: the file is missing or of something else, or a number is below 1.
        MissingExtra: the emulator is not installed.
    """
    tensors, about = read_tensors(path, InvalidArgument)
    if "game" not in about:
        raise InvalidArgument(f"{path} does not say its game; give a file that examples.ppo_cleanrl_style saved.")
    agent = Agent(tensors["body.0.weight"].shape[1], len(tensors["actor.weight"]))
    agent.load_state_dict(tensors)
    envs = RealAtari(about["game"], min(10, games))
    seen = torch.zeros(envs.num_envs, tensors["body.0.weight"].shape[1], *envs.frame_shape[:2])
    played = play_games(envs, Player(agent, seen), games, seed, max_steps)
    envs.close()
    mean = summarize([game.score for game in played])["mean"]
    bounds = "" if mean["low"] is None else f" [{mean['low']:.1f}, {mean['high']:.1f}]"
    print(f"{path} in {about['game']}: mean {mean['value']:.1f}{bounds} ({games} games)")
    return played


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="what examples.ppo_cleanrl_style saved with --out")
    parser.add_argument("--games", type=int, default=20, help="whole ones, all lives")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-steps", type=int, default=5_000, help="at which a game is cut off, unfinished")
    main(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(exit_status("examples.judge_cleanrl_style", command, sys.argv[1:]))
