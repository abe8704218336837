"""The loop of `agents.atari100k`: one turn after the other, each what the schedule says comes next.

A turn is one update of one network, a hundred steps of the real game, or the end of an epoch; between any two of them
the run can be saved and go on exactly.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import Tensor

from agents import actor_learner
from agents.atari100k_config import Atari100kConfig
from agents.atari100k_parts import Parts, begin_play
from agents.budget import Position, Turn
from agents.playing import Play
from agents.replay import Replay
from agents.rollout import rollout
from gym_diamond.fitting import learner as world_learner
from gym_diamond.fitting.loop import Tally, count, deferred_interrupt, finite_means


class Moment(NamedTuple):
    """Where a run stands."""

    position: Position
    play: Play | None  # the agent's games; None = those of this epoch have not begun


class Hooks(Protocol):
    """What the loop calls between turns."""

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        """Take the means since the last report, named like `actor/loss`."""
        ...

    def test(self, position: Position) -> None:
        """Play real games with the agent as it is by now."""
        ...

    def checkpoint(self, now: Moment) -> None:
        """Save everything."""
        ...


def learn(parts: Parts, config: Atari100kConfig, start: Moment, hooks: Hooks) -> Position:
    """The position at the end: where the budget of `config` is used up.

    Args:
        parts: changed in place.
        config: complete.
        start: where to go on from.
        hooks: called between turns; a checkpoint is taken every so often and at the end.

    Raises:
        InvalidRun: a loss or a gradient is not finite; the last checkpoint stays as it was.
        KeyboardInterrupt: Ctrl-C; the checkpoint holds all that was done.
    """
    schedule, now, since = config.schedule, start, start.position
    reported, saved = num_updates(since), since
    began = time.monotonic() - since.elapsed
    tally: Tally = {}
    with deferred_interrupt() as interrupted:
        while (turn := schedule.turn(now.position, parts.num_steps)) != "over" and not interrupted.is_set():
            now, metrics = take(turn, parts, config, now)
            count(tally, turn, metrics)
            position = now.position._replace(elapsed=time.monotonic() - began)
            now = now._replace(position=position)
            saves = position.elapsed - saved.elapsed >= 60 * config.checkpoint_minutes
            if saves or turn == "first_collection" or num_updates(position) - reported >= config.log_every:
                hooks.report(position, means(tally, since, position))
                tally, since, reported = {}, position, num_updates(position)
            if turn == "close" and config.test_every and position.epoch % config.test_every == 0:
                hooks.test(position)
            if saves:  # always just after a report, so that numbers that are not finite are never saved
                hooks.checkpoint(now)
                saved = position
        if now.position != since:
            hooks.report(now.position, means(tally, since, now.position))
        if now.position != saved:
            hooks.checkpoint(now)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return now.position


def take(turn: Turn, parts: Parts, config: Atari100kConfig, now: Moment) -> tuple[Moment, dict[str, Tensor]]:
    """Where the run stands after `turn`, and what to log of it."""
    position, play = now
    if turn == "close":
        play = play if parts.world is None else None
        return Moment(position._replace(epoch=position.epoch + 1), play), {}
    if turn == "actor":
        play = play or begin_play(parts, config, position.epoch + 1)
        played, memory = rollout(play.rows, parts.actor.policy, play.memory, config.rollout_steps, play.generator)
        metrics = actor_learner.update(parts.actor, played, config.actor_loss, position.actor)
        return Moment(position._replace(actor=position.actor + 1), play._replace(memory=memory)), metrics
    if turn in ("collect", "first_collection"):
        return now._replace(position=collect(turn, parts, config, position)), {}
    return fit_once(turn, parts, config, now)


def collect(turn: Turn, parts: Parts, config: Atari100kConfig, position: Position) -> Position:
    """The position after some steps of the real game, at most an epoch's."""
    assert parts.world is not None
    replay, collector, schedule = parts.world.replay, parts.world.collector, config.schedule
    assert collector is not None
    assert isinstance(replay, Replay)
    goal = schedule.budget.first_steps_at_most if turn == "first_collection" else schedule.budget.real_steps
    num_steps = min(schedule.budget.steps_per_epoch, goal - replay.num_steps)
    replay.append(collector.collect(num_steps))
    if turn == "first_collection" and schedule.has_first(replay.num_steps, replay.num_rare_rewards()):
        return position._replace(first_steps=replay.num_steps)
    return position


def fit_once(turn: Turn, parts: Parts, config: Atari100kConfig, now: Moment) -> tuple[Moment, dict[str, Tensor]]:
    """Where the run stands after an update of the denoiser or of reward and end, and what to log of it."""
    assert parts.world is not None
    world, position, schedule = parts.world, now.position, config.schedule
    learner = next(learner for learner in world.learners if learner.objective.name == turn)
    number = getattr(position, turn)
    progress = number / max(1, schedule.updates(turn, schedule.epochs(position)))
    store = world.replay.view(config.recency)
    metrics = world_learner.update(learner, store, config.seed, number, progress)
    return now._replace(position=position._replace(**{turn: number + 1})), metrics


def num_updates(position: Position) -> int:
    """The updates of all networks."""
    return position.denoiser + position.reward_end + position.actor


def means(tally: Tally, since: Position, position: Position) -> dict[str, float]:
    """The means of `tally`, the mean return of a dream, and the speed.

    Raises:
        InvalidRun: one of the means is not finite.
    """
    found = finite_means(
        tally,
        f"in epoch {position.epoch + 1}, so the run was stopped",
        "Start anew with a lower rate (for example --denoiser.lr 3e-5), or in float32 (--precision fp32).",
    )
    if found.get("actor/over"):  # otherwise no dream was over
        found["actor/return"] = found["actor/reward"] / found["actor/over"]
    seconds = position.elapsed - since.elapsed
    updates = num_updates(position) - num_updates(since)
    return {**found, "updates_per_second": updates / seconds if seconds > 0 else 0.0}
