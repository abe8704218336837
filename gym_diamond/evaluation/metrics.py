"""The sections of metrics.json: all numbers of an evaluation, as JSON values, with what they were made from."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation import pixels
from gym_diamond.evaluation.drift import curves, summary
from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.reward_end import end_scores, reward_scores
from gym_diamond.evaluation.rollout import Rollout


def held_out(name: str, episodes: Sequence[Episode], *, checked: bool) -> dict[str, Any]:
    """What a world was judged on.

    Args:
        name: of the dataset.
        episodes: all of it.
        checked: whether the world names what it was fitted to; without that nothing proves that the play is new to it.
    """
    by_policy: Counter[str] = Counter()
    for episode in episodes:
        by_policy[episode.policy] += len(episode.actions)
    return {
        "dataset": name,
        "episodes": len(episodes),
        "transitions": by_policy.total(),
        "transitions_by_policy": dict(sorted(by_policy.items())),
        "checked": checked,
    }


def drift(rollouts: Sequence[Rollout], episodes: Sequence[Episode], min_episode_steps: int) -> dict[str, Any]:
    """How the dreams drift, all of them and by the policy that played, with the thresholds that the numbers rest on."""
    starts = [start for rollout in rollouts for start in rollout.starts]
    players = np.array([episodes[start.episode].policy for start in starts])
    measured = curves(rollouts, episodes)
    names = sorted(set(players.tolist()))
    parts = {name: {key: values[players == name] for key, values in measured.items()} for name in names}
    return {
        "num_starts": len(starts),
        "starts_by_policy": {name: int((players == name).sum()) for name in names},
        "episodes": len({start.episode for start in starts}),
        "min_episode_steps": min_episode_steps,
        "horizon": measured["psnr"].shape[1],
        "moving_levels": pixels.MOVING_LEVELS,
        "tolerance": pixels.TOLERANCE,
        "reach": pixels.REACH,
        "error_floor": pixels.ERROR_FLOOR,
        **summary(measured),
        "by_policy": {name: summary(part) for name, part in parts.items()},
    }


def reward_end(
    judged: Sequence[Judged], rollouts: Sequence[Rollout], reward_values: Sequence[float], rng: np.random.Generator
) -> dict[str, Any]:
    """Whether rewards and ends are right: on real frames, and the rewards in the dreams too."""
    return {
        "transitions": sum(len(stretch.reward) for stretch in judged),
        "reward": reward_scores(judged, reward_values, rng),
        "end": end_scores(judged, rng),
        "dreamt_reward": reward_scores([each for rollout in rollouts for each in rollout.judged], reward_values, rng),
    }


def speed(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    """The frames dreamt in a second, all rows together, and the rows of a full batch."""
    rows, horizon = len(rollouts[0].starts), rollouts[0].dreamt.shape[1] - 1
    seconds = [rollout.seconds for rollout in rollouts if len(rollout.starts) == rows]
    return {"env_steps_per_second": len(seconds) * rows * horizon / sum(seconds), "rows": rows}
