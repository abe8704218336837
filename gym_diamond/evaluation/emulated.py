"""A world held against the emulator: what real games do that no data set tells."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gym_diamond.checkpoint import World
from gym_diamond.collection.policies import Policy
from gym_diamond.evaluation.controllability import HOLD, controllability
from gym_diamond.evaluation.hallucination import PLAYERS, hallucination
from gym_diamond.evaluation.open_loop import Track
from gym_diamond.evaluation.ranking import ranking
from gym_diamond.evaluation.reality import obstacle
from gym_diamond.world_models.protocol import WorldSpec


class Amount(NamedTuple):
    """How much of the real game a world is held against."""

    moments: int  # for made-up rewards and controllability; 0 leaves both out
    ranking_starts: int  # moments at which each policy takes over; 0 leaves the ranking out
    horizon: int  # steps


def omissions(spec: WorldSpec, amount: Amount) -> dict[str, str]:
    """Why sections that need the emulator will be missing, by their names; empty if none will be."""
    reason = obstacle(spec)
    if reason is not None:
        return dict.fromkeys(("hallucinated", "controllability", "ranking"), reason)
    left_out = {}
    if amount.moments == 0:
        text = "left out by `--moments 0`; leave that option away to measure it."
        left_out = dict.fromkeys(("hallucinated", "controllability"), text)
    if amount.ranking_starts == 0:
        left_out["ranking"] = "left out by `--ranking-starts 0`; leave that option away to measure it."
    return left_out


def emulated(
    world: World, policies: Sequence[Policy], amount: Amount, seed: int, left_out: Sequence[str], track: Track
) -> dict[str, Any]:
    """The sections of metrics.json for which real games are played, but for those that are `left_out`.

    Args:
        world: what dreams.
        policies: to be ranked, as `enlist` gives them.
        amount: how much is played.
        seed: of games, players and dreams.
        left_out: sections not to be measured.
        track: shows how far each part of the work is.
    """
    model, context, moments = world.model, world.contexts.frames.shape[1], amount.moments
    found: dict[str, Any] = {}
    if "hallucinated" not in left_out:
        with track("do nothing", len(PLAYERS) * moments * amount.horizon, "steps") as advance:
            found["hallucinated"] = hallucination(model, context, moments, amount.horizon, seed, advance)
    if "controllability" not in left_out:
        with track("obey", moments * model.spec.num_actions * HOLD, "steps") as advance:
            found["controllability"] = controllability(model, context, moments, HOLD, seed, advance)
    if "ranking" not in left_out:
        with track("rank", len(policies) * amount.ranking_starts * amount.horizon, "steps") as advance:
            found["ranking"] = ranking(model, policies, context, amount.ranking_starts, amount.horizon, seed, advance)
    return found
