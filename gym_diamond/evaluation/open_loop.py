"""A world held against held-out play: the same starts, the same actions, and no correction on the way."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.checkpoint import World
from gym_diamond.data.episode import Episode
from gym_diamond.evaluation import metrics
from gym_diamond.evaluation.drift import curves
from gym_diamond.evaluation.judging import judge_episode
from gym_diamond.evaluation.rollout import Rollout, rollouts
from gym_diamond.evaluation.starts import Start

Track = Callable[[str, int, str], AbstractContextManager[Callable[[int], object]]]  # of a title, a total and a unit


class OpenLoop(NamedTuple):
    """The dreams of one world, and what was measured of them."""

    rollouts: list[Rollout]
    curves: dict[str, np.ndarray]  # by measure, (S, N)
    sections: dict[str, Any]  # of metrics.json: "drift", "reward_end", "speed"


def open_loop(
    world: World,
    episodes: Sequence[Episode],
    starts: Sequence[Start],
    horizon: int,
    min_steps: int,
    seed: int,
    track: Track,
) -> OpenLoop:
    """The dreams of `world` from all `starts`, and its beliefs about all `episodes`, beside what happened.

    Args:
        world: what dreams and judges.
        episodes: held-out play.
        starts: moments in it.
        horizon: frames of each dream.
        min_steps: of the episodes that the starts are in, to be told beside the numbers.
        seed: of the dreams, and of the intervals of the scores.
        track: shows how far each part of the work is; it is given a title, a total and a unit, and gives a context in
            which a function is told what was done.
    """
    context, num_frames = world.contexts.frames.shape[1], len(starts) * horizon
    with track("dream", num_frames, "frames") as advance:
        dreams = list(rollouts(world.model, episodes, starts, context, horizon, seed, advance))
    judged = []
    with track("judge", len(episodes), "episodes") as advance:
        for episode in episodes:
            judged.append(judge_episode(world.model, episode))
            advance(1)
    measured = curves(dreams, episodes)
    rng = np.random.default_rng(seed)
    sections = {
        "drift": metrics.drift(measured, starts, episodes, min_steps),
        "reward_end": metrics.reward_end(judged, dreams, world.model.spec.reward_values, rng),
        "speed": metrics.speed(dreams),
    }
    return OpenLoop(dreams, measured, sections)
