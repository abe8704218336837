"""The parts of an evaluation, each a function from values to sections of metrics.json."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from gym_diamond.checkpoint import World
from gym_diamond.collection.policies import Policy
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation import ball_scores, metrics
from gym_diamond.evaluation.ball import LIGHTS, has_detector
from gym_diamond.evaluation.controllability import HOLD, controllability
from gym_diamond.evaluation.drift import curves
from gym_diamond.evaluation.hallucination import PLAYERS, hallucination
from gym_diamond.evaluation.held_out import check_unseen
from gym_diamond.evaluation.hits import AFTER, BEFORE, after_hits, hit_starts
from gym_diamond.evaluation.judging import judge_episode
from gym_diamond.evaluation.ranking import ranking
from gym_diamond.evaluation.reality import obstacle
from gym_diamond.evaluation.rollout import Rollout, rollouts
from gym_diamond.evaluation.spread import spread
from gym_diamond.evaluation.starts import Start, pick_starts
from gym_diamond.world_models.protocol import WorldSpec

Sections = dict[str, Any]  # of metrics.json, by their names
# Shows how far a part of the work is: given a title, a total and a unit, it is a context in which the function that it
# gives is told what was done.
Track = Callable[[str, int, str], AbstractContextManager[Callable[[int], object]]]


class Plan(NamedTuple):
    """How much is measured, and with which random numbers."""

    horizon: int  # frames of each dream
    min_episode_steps: int  # of the held-out episodes in which dreams start
    hits: int  # of the ball by the paddle, shortly before which dreams begin; 0 leaves them out
    moments: int  # of real games, for made-up rewards and controllability; 0 leaves both out
    ranking_starts: int  # moments of real games at which each policy takes over; 0 leaves the ranking out
    seed: int


class OpenLoop(NamedTuple):
    """The dreams of one world beside held-out play, and what was measured of them."""

    rollouts: list[Rollout]
    curves: dict[str, np.ndarray]  # by measure, (S, N)
    ball: dict[str, np.ndarray] | None  # the same of the ball; None where no detector knows it
    sections: Sections  # "drift", "speed" and, where they are known, "reward_end" and "ball"


def choose_starts(world: World, episodes: Sequence[Episode], num: int, plan: Plan) -> list[Start]:
    """`num` moments of `episodes` and a few more before their ends, as `pick_starts` gives them for a plan."""
    context, rng = world.contexts.frames.shape[1], np.random.default_rng(plan.seed)
    return pick_starts(episodes, num, context, plan.horizon, plan.min_episode_steps, rng)


def choose_hits(world: World, episodes: Sequence[Episode], plan: Plan, track: Track) -> list[Start]:
    """Moments shortly before at most `plan.hits` hits of the ball; none where no detector knows it."""
    spec, context, rng = world.model.spec, world.contexts.frames.shape[1], np.random.default_rng(plan.seed)
    if plan.hits == 0 or not _has_ball(spec):
        return []
    with track("look for hits", len(episodes), "episodes") as advance:
        return hit_starts(spec.game, episodes, context, plan.hits, rng, advance)


def open_loop(world: World, episodes: Sequence[Episode], starts: Sequence[Start], plan: Plan, track: Track) -> OpenLoop:
    """The dreams of `world` from all `starts`, and its beliefs about all `episodes`, beside what happened."""
    context = world.contexts.frames.shape[1]
    with track("dream", len(starts) * plan.horizon, "frames") as advance:
        dreams = list(rollouts(world.model, episodes, starts, context, plan.horizon, plan.seed, advance))
    judged = []
    with track("judge", len(episodes), "episodes") as advance:
        for episode in episodes:
            judged.append(judge_episode(world.model, episode))
            advance(1)
    measured, rng = curves(dreams, episodes), np.random.default_rng(plan.seed)
    ball = _ball(dreams, world.model.spec)
    sections: Sections = {
        "drift": metrics.drift(measured, starts, episodes, plan.min_episode_steps),
        "speed": metrics.speed(dreams),
    }
    if world.model.spec.has_rewards or world.model.spec.has_ends:
        found = metrics.reward_end(judged, dreams, world.model.spec, rng)
        sections["reward_end"] = _known(found, world.model.spec)
    if ball is not None:
        owners = np.array([start.episode for start in starts])
        sections["ball"] = ball_scores.summary(world.model.spec.game, ball, owners)
    return OpenLoop(dreams, measured, ball, sections)


def hits(world: World, episodes: Sequence[Episode], starts: Sequence[Start], plan: Plan, track: Track) -> Sections:
    """The section "hits": the dreams of `world` from all `starts`, as `choose_hits` gives them; empty without any."""
    if not starts:
        return {}
    with track("hits", len(starts) * (BEFORE + AFTER), "frames") as advance:
        return {"hits": after_hits(world.model, episodes, starts, world.contexts.frames.shape[1], plan.seed, advance)}


def _ball(dreams: Sequence[Rollout], spec: WorldSpec) -> dict[str, np.ndarray] | None:
    if not _has_ball(spec):
        return None
    parts = [ball_scores.ball_curves(spec.game, part.real, part.dreamt, part.valid.numpy()) for part in dreams]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _has_ball(spec: WorldSpec) -> bool:
    return has_detector(spec.game, (spec.height, spec.width, spec.channels))


def _known(found: Mapping[str, Any], spec: WorldSpec) -> dict[str, Any]:
    """The section "reward_end" without what the world was never told of, and so cannot be right or wrong about."""
    unknown = (
        () if spec.has_rewards else ("reward", "dreamt_reward", "reward_error", "dreamt_reward_error", "confusion")
    )
    unknown += () if spec.has_ends else ("end", "dreamt_end", "end_confusion")
    return {name: value for name, value in found.items() if name not in unknown}


def omissions(
    spec: WorldSpec, plan: Plan, hits: Sequence[Start], dataset: str, others: Sequence[World]
) -> dict[str, str]:
    """Why some sections will be missing, and what would bring them, by the names of the sections."""
    reasons = _no_ball(spec, plan, hits)
    if not spec.has_rewards:
        reasons["rewards"] = "the play that it was fitted to holds no rewards, so its dreams always give reward 0."
    if not spec.has_ends:
        reasons["ends"] = "the play that it was fitted to does not tell when the game ended, so its dreams never end."
    blocked = obstacle(spec) if plan.moments or plan.ranking_starts else None
    for name, option in (("hallucinated", "moments"), ("controllability", "moments"), ("ranking", "ranking_starts")):
        if getattr(plan, option) == 0:
            reasons[name] = f"left out by `--{option.replace('_', '-')} 0`; it is measured without that option."
        elif blocked is not None:
            reasons[name] = blocked
        elif name != "controllability" and not spec.has_rewards:
            reasons[name] = "its dreams always give reward 0."
    if not others:
        again = f"gym-diamond evaluate WORLD --dataset {dataset} --compare OTHER_WORLD"
        reasons["spread"] = f"no other fit was given. Fit once more with another `--seed`, then `{again}`."
    return reasons


def _no_ball(spec: WorldSpec, plan: Plan, hits: Sequence[Start]) -> dict[str, str]:
    if not _has_ball(spec):
        games = " and ".join(LIGHTS)
        return {"ball": f"there is no detector of a ball for {spec.game} in such frames, but for {games}."}
    if plan.hits == 0:
        return {"hits": "left out by `--hits 0`; it is measured without that option."}
    if not hits:
        return {"hits": "in the held-out play no paddle hits a ball that is in play all the time around it."}
    return {}


def emulated(
    world: World, policies: Sequence[Policy], plan: Plan, left_out: Mapping[str, str], track: Track
) -> Sections:
    """The sections for which real games are played, but for those that are `left_out`.

    Args:
        world: what dreams.
        policies: to be ranked, as `enlist` gives them.
        plan: how much is played.
        left_out: as `omissions` gives them.
        track: shows the progress.
    """
    model, context = world.model, world.contexts.frames.shape[1]
    horizon, moments, takeovers, seed = plan.horizon, plan.moments, plan.ranking_starts, plan.seed
    found: Sections = {}
    if "hallucinated" not in left_out:
        with track("rewards", len(PLAYERS) * moments * horizon, "steps") as advance:
            found["hallucinated"] = hallucination(model, context, moments, horizon, seed, advance)
    if "controllability" not in left_out:
        with track("actions", moments * model.spec.num_actions * HOLD, "steps") as advance:
            found["controllability"] = controllability(model, context, moments, HOLD, seed, advance)
    if "ranking" not in left_out:
        with track("policies", len(policies) * takeovers * horizon, "steps") as advance:
            found["ranking"] = ranking(model, policies, context, takeovers, horizon, seed, advance)
    return found


def check_comparable(other: World, world: World, dataset: str, episodes: Sequence[Episode]) -> None:
    """Nothing, if `other` can be measured from the same starts in `episodes` as `world`.

    Raises:
        InvalidArgument: it dreams something else.
        InvalidDataset: it was fitted to some of the episodes.
    """
    shared = (
        "game",
        "height",
        "width",
        "channels",
        "action_meanings",
        "action_sizes",
        "reward_values",
        "reward_coding",
        "has_ends",
    )
    for name in shared:
        given, asked = getattr(other.model.spec, name), getattr(world.model.spec, name)
        if given != asked:
            raise InvalidArgument(
                f"--compare {other.directory}: its {name} is {given}, that of {world.directory} is {asked}. Only fits "
                "of the same game and frames can be compared."
            )
    check_unseen(dataset, episodes, other.model.spec, other.provenance)


def compared(
    world: World,
    dreams: OpenLoop,
    others: Sequence[World],
    episodes: Sequence[Episode],
    starts: Sequence[Start],
    plan: Plan,
    track: Track,
) -> Sections:
    """The section "spread": `world`, of which `dreams` were measured, beside the `others`; empty without others."""
    if not others:
        return {}
    sections = [dreams.sections, *(open_loop(other, episodes, starts, plan, track).sections for other in others)]
    return {"spread": spread([each.directory.resolve().name for each in (world, *others)], sections)}
