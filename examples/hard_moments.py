"""A dataset of the moments that a world dreams worst, cut from real play, to fit it on to.

Most of a game is easy: what moves goes on as it went. A dream goes wrong where something is hit, turns, or comes from
nowhere, which is a few steps in a hundred, so a fit that sees all play alike hardly sees them. Here a world predicts
each frame of real play from the real frames before it; where it errs most, in one place of the screen, play is kept,
with some steps before and after. Name the new dataset beside the old one, so that the easy moments are not forgotten:

    python -m examples.hard_moments gym_diamond/worlds/Pong --dataset pong/edge-v0 --out pong/edge-hard-v0
    gym-diamond fit --dataset pong/edge-v0 pong/edge-hard-v0 --denoiser.start-from gym_diamond/worlds/Pong ...

What it was cut from counts as seen by such a fit: judge it on other play. A prediction costs what a dreamt step does.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.envs.compiled import engine
from gym_diamond.envs.moments import StepFunction
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.held_out import check_fits
from gym_diamond.frames import to_obs
from gym_diamond.hardware import resolve_device, resolve_precision
from gym_diamond.noise import seed_key
from gym_diamond.world_models.protocol import Context, WorldModel

AT_ONCE = 64  # predictions
PLACE = 5  # pixels: the side of a place on the screen


@torch.no_grad()
def mistakes(world: WorldModel[Any, Any], step: StepFunction, episode: Episode, seed: int) -> np.ndarray:
    """By how much `world` misses the frame after each action of `episode` where it misses it most, `(T,)` float32.

    The sum of the squared errors of a place, in units of a channel of a pixel in [-1, 1].

    Args:
        world: is shown as many real frames before each as it remembers, fewer at the beginning.
        step: its `step`, or a faster equal of it.
        episode: T actions of its game.
        seed: of its noise; action t has the t-th number of that stream.
    """
    L, T = world.spec.context_length, len(episode.actions)
    frames = torch.from_numpy(episode.frames)
    actions = torch.from_numpy(np.asarray(episode.actions, np.int64))
    found = []
    for start in range(0, T, AT_ONCE):
        t = torch.arange(start, min(T, start + AT_ONCE))
        index = t[:, None] + torch.arange(1 - L, 1)  # (B, L) frames up to the one before the action
        is_real, index = index >= 0, index.clamp(min=0)
        act = actions[index[:, :-1]]
        act[~is_real[:, :-1]] = 0
        obs = to_obs(frames[index].to(world.device)) * is_real[:, :, None, None, None].to(world.device)
        state = world.reset(Context(obs, act.to(world.device), is_real.to(world.device)))
        keys = torch.tensor([seed_key(seed)] * len(t), device=world.device)
        state, _ = step(state, actions[t].to(world.device), world.draw(keys, t.to(world.device)))
        missed = (world.history(state)[:, -1] - to_obs(frames[t + 1].to(world.device))).square().sum(1)  # (B, H, W)
        found.append(worst_place(missed).cpu())
    return torch.cat(found).numpy()


def worst_place(missed: Tensor) -> Tensor:
    """The largest sum over a place `(B,)` of `missed` `(B, H, W)`."""
    sums = F.avg_pool2d(missed[:, None], PLACE, stride=1, padding=PLACE // 2) * PLACE**2
    return sums.flatten(1).amax(dim=1)


def around(hard: np.ndarray, before: int, after: int) -> Iterator[tuple[int, int]]:
    """The stretches of actions, first and one past the last, that are near one that is `hard` `(T,)` bool."""
    kept = np.zeros(len(hard), np.int8)
    for t in np.flatnonzero(hard):
        kept[max(0, t - before) : t + after + 1] = 1
    edges = np.flatnonzero(np.diff(kept, prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def cut(episode: Episode, first: int, stop: int) -> Episode:
    """The stretch of `episode` from action `first` to the one before `stop`; its end counts only if it holds it."""
    whole = stop == len(episode.actions)
    return episode._replace(
        frames=episode.frames[first : stop + 1],
        actions=episode.actions[first:stop],
        rewards=episode.rewards[first:stop],
        terminated=episode.terminated and whole,
        truncated=episode.truncated or not whole,
        game_over=episode.game_over and whole,
    )


def main(
    world: Path, name: str, out: str, share: float, before: int, after: int, seed: int, device: str
) -> tuple[int, int]:
    """How many steps `name` has and how many of them `out` keeps, around the `share` of them that is hardest.

    Raises:
        InvalidWorld, InvalidDataset: one is missing or damaged, or they do not fit.
        InvalidArgument: `share` is no share, or `before` or `after` is negative.
    """
    if not 0 < share < 1 or before < 0 or after < 0:
        raise InvalidArgument(f"share is {share}, before {before}, after {after}; give 0 to 1, and at least 0 twice.")
    dataset.check_name(out, overwrite=False)  # before minutes of work, not after
    where = resolve_device(device)
    loaded = load_world(world, device=where, precision=resolve_precision("auto", where))
    info, episodes = dataset.load(name)
    check_fits(name, info, loaded.model.spec)
    step = engine(loaded.model).step
    missed = [mistakes(loaded.model, step, episode, seed) for episode in tqdm(episodes, desc=name, unit=" episodes")]
    limit = np.quantile(np.concatenate(missed), 1 - share)
    kept = [
        cut(episode, first, stop)
        for episode, error in zip(episodes, missed, strict=True)
        for first, stop in around(error > limit, before, after)
    ]
    description = f"{info.game}, the hardest {share:g} of {name} for {world.name}, with what is around them."
    _, num = dataset.write(out, info, kept, description=description)
    return sum(len(episode.actions) for episode in episodes), num


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--dataset", dest="name", required=True, help="real play, namespace/name-v0")
    parser.add_argument("--out", required=True, help="the dataset that is written")
    parser.add_argument("--share", type=float, default=0.05, help="of the steps, that are hard")
    parser.add_argument("--before", type=int, default=8, help="steps that are kept before each")
    parser.add_argument("--after", type=int, default=4, help="and after it")
    parser.add_argument("--seed", type=int, default=0, help="of the world's noise")
    parser.add_argument("--device", default="auto", help="cpu, cuda; auto is CUDA where there is one")
    num, kept = main(**vars(parser.parse_args(words)))
    print(f"{kept:,} of {num:,} steps kept")


if __name__ == "__main__":
    sys.exit(exit_status("examples.hard_moments", command, sys.argv[1:]))
