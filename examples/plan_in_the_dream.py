"""Plan by dreaming: fork the present many times, try actions at random, do what paid best on average.

No emulator can be forked a thousand times on a GPU; a dream's `snapshot` costs nothing and its rows can be copied. With
`--real` the plan is made in the dream and carried out in the real game (needs `gym-diamond[atari]`).
"""

import argparse
import sys
from collections import deque

import numpy as np
import torch
from torch import Tensor

from gym_diamond.cli import exit_status
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.envs.moments import Snapshot
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_obs
from gym_diamond.world_models import rows
from gym_diamond.world_models.protocol import Context


def best_action(fork: Dream, horizon: int, generator: torch.Generator) -> int:
    """The first action whose futures pay most on average.

    Args:
        fork: K rows, all at the present moment but with random streams of their own; they dream on from there.
        horizon: steps that are tried.
        generator: of the actions.

    Raises:
        InvalidArgument: there are more actions than rows, so that not each can be tried.
    """
    num_actions, K = fork.world.spec.num_actions, fork.num_envs
    if num_actions > K:
        raise InvalidArgument(f"{K} forks cannot try {num_actions} actions; give at least --num-forks {num_actions}.")
    first = torch.arange(K) % num_actions  # every first action equally often
    returns, alive = torch.zeros(K), torch.ones(K)
    for t in range(horizon):
        action = first if t == 0 else torch.randint(num_actions, (K,), generator=generator)
        step = fork.step(action.to(fork.world.device))
        returns += step.reward.cpu() * alive
        alive *= ~step.terminated.cpu()  # nothing counts after the end
    return int(torch.stack([returns[first == a].mean() for a in range(num_actions)]).argmax())


def forked(now: Snapshot, num: int) -> Snapshot:
    """The one row of `now`, `num` times."""
    index = torch.zeros(num, dtype=torch.int64, device=now.keys.device)
    return Snapshot(rows.gather(now.state, index), *(part.index_select(0, index) for part in now[1:]))


def in_the_dream(game: str, num_forks: int, horizon: int, steps: int, seed: int) -> float:
    """What the planner is paid in `steps` steps of a dream."""
    played = load_dream(DreamArguments(game=game)).dream
    fork = load_dream(DreamArguments(game=game), num_forks).dream
    generator = torch.Generator().manual_seed(seed)
    played.reset(seed=seed)
    total = 0.0
    for t in range(steps):
        # With streams of their own: the planner cannot foresee the noise of what it plays.
        fork.restore(forked(played.snapshot(), num_forks), seed=1_000_000 * (seed + 1) + num_forks * t)
        action = best_action(fork, horizon, generator)
        step = played.step(torch.tensor([action], device=played.world.device))
        total += float(step.reward)
        if step.terminated:
            played.reset()
    return total


def in_reality(game: str, num_forks: int, horizon: int, steps: int, seed: int) -> float:
    """What the planner is paid, by signs, in `steps` steps of the real game."""
    fork = load_dream(DreamArguments(game=game), num_forks).dream
    T = fork.contexts.frames.shape[1]  # as long as the contexts that the world is used to
    generator = torch.Generator().manual_seed(seed)
    envs = RealAtari(game, 1)
    frames, _ = envs.reset(seed=seed)
    seen, done = deque([frames[0]], maxlen=T), deque(maxlen=T - 1)
    total = 0.0
    for t in range(steps):
        fork.reset(seed=1_000_000 * (seed + 1) + num_forks * t, context=context(seen, done, T, num_forks, fork))
        action = best_action(fork, horizon, generator)
        frames, rewards, terminated, truncated, info = envs.step(np.array([action]))
        total += float(np.sign(rewards[0]))
        if terminated[0] or truncated[0] or info["life_lost"][0]:
            seen.clear()
            done.clear()
        else:
            done.append(action)
        seen.append(frames[0])
    envs.close()
    return total


def context(seen: deque[np.ndarray], done: deque[int], T: int, num_rows: int, dream: Dream) -> Context:
    """The last T frames and the actions between them, padded on the left, as the start of every row."""
    missing = T - len(seen)
    obs = to_obs(torch.from_numpy(np.stack(seen)))  # (t, H, W, C) -> (t, C, H, W)
    obs = torch.cat([obs.new_zeros(missing, *obs.shape[1:]), obs])
    act = torch.tensor([0] * missing + list(done))
    return Context(*(every_row(part, num_rows, dream) for part in (obs, act, torch.arange(T) >= missing)))


def every_row(part: Tensor, num_rows: int, dream: Dream) -> Tensor:
    """`part` `(T, ...)` for each row, `(N, T, ...)`, on the dream's device."""
    return part.expand(num_rows, *part.shape).to(dream.world.device)


def main(game: str, num_forks: int, horizon: int, steps: int, seed: int, real: bool) -> float:
    """What the planner was paid."""
    play = in_reality if real else in_the_dream
    return play(game, num_forks, horizon, steps, seed)


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--num-forks", type=int, default=64)
    parser.add_argument("--horizon", type=int, default=10)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", action="store_true", help="carry the plans out in the real game")
    arguments = parser.parse_args(words)
    print(f"paid: {main(**vars(arguments)):+.0f} in {arguments.steps} steps")


if __name__ == "__main__":
    sys.exit(exit_status("examples.plan_in_the_dream", command, sys.argv[1:]))
