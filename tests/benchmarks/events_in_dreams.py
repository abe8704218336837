"""Of real rewards and ends, how many does a dream show that began a few frames before them, under the same actions?

    python -m tests.benchmarks.events_in_dreams gym_diamond/worlds/Pong pong/heldout-v1 --before 1 3 10

A dream that begins one frame before an event has nothing to draw but that frame: what is not seen there is not for want
of a ball. *Seen*: it is the likeliest at some step at most two before or one after the event's own (an end: at most its
own). *Believed*: the probabilities of those steps and one more before, summed, at most 1.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import say
from gym_diamond.data import dataset
from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.rollout import rollouts
from gym_diamond.evaluation.starts import Start

EARLIEST = 30  # steps of an episode before its events count
AFTER = 2  # frames that are dreamt after an event


def events(episodes: Sequence[Episode], kind: str) -> list[tuple[int, int]]:
    """Episode and step of every event of a kind, "reward" or "end"."""
    found = []
    for number, episode in enumerate(episodes):
        steps = np.flatnonzero(episode.rewards) if kind == "reward" else np.arange(len(episode.actions))[-1:]
        lasts = episode.terminated or kind == "reward"
        found += [(number, int(step)) for step in steps if lasts and step >= EARLIEST]
    return found


def shown(judged: Judged, kind: str, before: int, none: int) -> tuple[bool, float]:
    """Whether an event was seen that is due at step `before - 1`, and how far it was believed in."""
    belief = 1 - judged.reward_probs[:, none] if kind == "reward" else judged.end_prob
    likeliest = judged.predicted_reward != none if kind == "reward" else judged.predicted_end
    near, wider = slice(max(0, before - 3), before + 1), slice(max(0, before - 4), before + 1)
    return bool(likeliest[near].any()), min(1.0, float(belief[wider].sum()))


def main(world: Path, play: str, before: Sequence[int], num: int, seed: int) -> None:
    """Prints a line for each kind of event and each number of frames."""
    torch.set_num_threads(1)
    model = load_world(world, sampling={"reward_mode": "mode", "end_mode": "never"}).model
    _, episodes = dataset.load(play)
    none = model.spec.reward_values.index(0.0)
    for kind in ("reward", "end"):
        every = events(episodes, kind)
        chosen = [every[i] for i in np.random.default_rng(seed).permutation(len(every))[:num]]
        for frames in before:
            starts = [Start(episode, step + 1 - frames) for episode, step in chosen]
            dreams = rollouts(
                model, episodes, starts, model.spec.context_length, frames + AFTER, seed, lambda dreamt: None
            )
            seen, believed = np.array(
                [shown(judged, kind, frames, none) for dream in dreams for judged in dream.judged], float
            ).T
            found = f"seen {seen.mean():.2f}, believed {believed.mean():.2f} (n = {len(seen)})"
            say(f"{kind}, {frames} frames before: {found}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("play", help="a dataset that the world was not fitted to")
    parser.add_argument("--before", nargs="+", type=int, default=[1, 3, 10], help="frames before an event")
    parser.add_argument("--num", type=int, default=40, help="events of each kind")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
