"""The sections of metrics.json: all numbers of an evaluation, as JSON values, with what they were made from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation import pixels
from gym_diamond.evaluation.confusion import end_confusion, reward_confusion
from gym_diamond.evaluation.drift import summary
from gym_diamond.evaluation.judging import Judged
from gym_diamond.evaluation.reward_end import end_scores, reward_scores
from gym_diamond.evaluation.reward_error import reward_error
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import KINDS, Start
from gym_diamond.world_models.protocol import WorldSpec


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


def drift(
    measured: Mapping[str, np.ndarray], starts: Sequence[Start], episodes: Sequence[Episode], min_episode_steps: int
) -> dict[str, Any]:
    """How the dreams drift, all of them, by the policy that played and by the kind of start, with the thresholds that
    the numbers rest on. Frames after the end of the real episode do not count, so n falls with the mark.

    Args:
        measured: what `drift.curves` gives.
        starts: one for each row of it.
        episodes: that the starts are in.
        min_episode_steps: of those episodes.
    """
    owners = np.array([start.episode for start in starts])
    players = np.array([episodes[start.episode].policy for start in starts])
    kinds = np.array([start.kind for start in starts])
    by_policy = {name: players == name for name in sorted(set(players.tolist()))}
    by_kind = {kind: kinds == kind for kind in KINDS if kind in kinds}
    return {
        "num_starts": len(starts),
        "starts_by_policy": {name: int(chosen.sum()) for name, chosen in by_policy.items()},
        "starts_by_kind": {kind: int(chosen.sum()) for kind, chosen in by_kind.items()},
        "episodes": len({start.episode for start in starts}),
        "min_episode_steps": min_episode_steps,
        "horizon": measured["psnr"].shape[1],
        "moving_levels": pixels.MOVING_LEVELS,
        "tolerance": pixels.TOLERANCE,
        "reach": pixels.REACH,
        "error_floor": pixels.ERROR_FLOOR,
        **summary(measured, owners),
        "by_policy": {name: summary(_rows(measured, chosen), owners[chosen]) for name, chosen in by_policy.items()},
        "by_kind": {kind: summary(_rows(measured, chosen), owners[chosen]) for kind, chosen in by_kind.items()},
    }


def _rows(measured: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[chosen] for name, values in measured.items()}


def reward_end(
    judged: Sequence[Judged], rollouts: Sequence[Rollout], spec: WorldSpec, rng: np.random.Generator
) -> dict[str, Any]:
    """Whether rewards and ends are right, on real frames and in the dreams, there up to the end of the real episode.

    Rewards that are classes are scored class by class ("reward"), others by how far they are off ("reward_error").
    """
    dreamt, values = [each for rollout in rollouts for each in rollout.judged], spec.reward_values
    owners = np.array([start.episode for rollout in rollouts for start in rollout.starts])
    classes = spec.reward_coding == "classes"
    name, score = ("reward", reward_scores) if classes else ("reward_error", reward_error)
    return {
        "transitions": sum(len(stretch.reward) for stretch in judged),
        "dreamt_transitions": sum(len(stretch.reward) for stretch in dreamt),
        name: score(judged, values, rng),
        "end": end_scores(judged, rng),
        f"dreamt_{name}": score(dreamt, values, rng, owners),
        "dreamt_end": end_scores(dreamt, rng, owners),
        **({"confusion": _confusion(judged, dreamt, values)} if classes else {}),
        "end_confusion": {"real": end_confusion(judged), "dreamt": end_confusion(dreamt)},
    }


def _confusion(judged: Sequence[Judged], dreamt: Sequence[Judged], values: Sequence[float]) -> dict[str, Any]:
    real, dream = (reward_confusion(stretches, len(values)) for stretches in (judged, dreamt))
    return {"values": list(values), "real": real, "dreamt": dream}


def speed(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    """The frames dreamt in a second, all rows together, and the rows of a full batch."""
    rows, horizon = len(rollouts[0].starts), rollouts[0].dreamt.shape[1] - 1
    seconds = [rollout.seconds for rollout in rollouts if len(rollout.starts) == rows]
    return {"env_steps_per_second": len(seconds) * rows * horizon / sum(seconds), "rows": rows}
