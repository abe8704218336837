"""The loop of `agents.imagine`: dream, learn, and between updates report, look at the real game and save."""

import math
import time
from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from agents.actor_learner import ActorLearner, update
from agents.imagine_config import MOST_BETWEEN_LOOKS, ImagineConfig
from agents.imagine_run import Position
from agents.playing import Play
from agents.rollout import rollout
from gym_diamond.errors import InvalidRun
from gym_diamond.fitting.loop import deferred_interrupt


class Hooks(Protocol):
    """What the loop calls between updates."""

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        """Take the means since the last report, with `dream_return`, `progress` and `steps_per_second`."""
        ...

    def look_at_reality(self, position: Position) -> None:
        """Play real games with the policy as it is by now."""
        ...

    def checkpoint(self, play: Play, position: Position) -> None:
        """Save everything."""
        ...


def imagine(learner: ActorLearner, play: Play, config: ImagineConfig, start: Position, hooks: Hooks) -> Position:
    """The position at the end: where the budget of `config` is used up.

    Args:
        learner: changed in place.
        play: where the dreams, the memory and the random numbers stand; the dreams and numbers are changed in place.
        config: budget and intervals.
        start: where to go on from.
        hooks: called between updates; a checkpoint is taken every so often and at the end.

    Raises:
        InvalidRun: a loss or a gradient is not finite; the last checkpoint stays as it was.
        KeyboardInterrupt: Ctrl-C; the checkpoint holds all that was done.
    """
    position = reported = saved = looked = start
    began = time.monotonic() - start.elapsed
    tally: list[dict[str, Tensor]] = []
    with deferred_interrupt() as interrupted:
        while position.progress(config) < 1 and not interrupted.is_set():
            dreamt, memory = rollout(play.rows, learner.policy, play.memory, config.rollout_steps, play.generator)
            play = play._replace(memory=memory)
            tally.append(update(learner, dreamt, config.loss, position.updates))
            position = Position(position.updates + 1, time.monotonic() - began)
            saves = position.elapsed - saved.elapsed >= 60 * config.checkpoint_minutes
            if is_time_to_look(config, looked, position):  # before the report, which shows it
                before = time.monotonic()
                hooks.look_at_reality(position)
                began += time.monotonic() - before  # a look is no training: it takes nothing from max_minutes
                looked = position
            if saves or position.updates % config.log_every == 0:
                hooks.report(position, _summary(tally, reported, position, config))
                tally, reported = [], position
            if saves:  # always just after a report, so that numbers that are not finite are never saved
                hooks.checkpoint(play, position)
                saved = position
        if position != reported:
            hooks.report(position, _summary(tally, reported, position, config))
        if position != saved:
            hooks.checkpoint(play, position)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return position


def is_time_to_look(config: ImagineConfig, looked: Position, position: Position) -> bool:
    """Whether the real game is looked at in `position`.

    Args:
        config: says how often, or leaves it to the length of the run: then after each tenth of it, or sooner.
        looked: where the last look was, or the run began or was taken up.
        position: just after an update.
    """
    if config.real_every is not None:
        return config.real_every > 0 and position.updates % config.real_every == 0
    tenths = [int(10 * place.progress(config)) for place in (looked, position)]
    return tenths[0] < tenths[1] or position.updates - looked.updates >= MOST_BETWEEN_LOOKS


def _summary(
    tally: list[dict[str, Tensor]], since: Position, position: Position, config: ImagineConfig
) -> dict[str, float]:
    """The means of `tally`, the mean return of a dream, progress and speed.

    Raises:
        InvalidRun: one of the means is not finite.
    """
    means = {name: sum(float(part[name]) for part in tally) / len(tally) for name in tally[0]}
    for name, mean in means.items():
        if not math.isfinite(mean):
            raise InvalidRun(
                f"{name} became {mean} between updates {since.updates} and {position.updates}, so training was "
                "stopped; the last checkpoint is as it was. Start anew with a lower rate (for example --adam.lr 3e-5)."
            )
    seconds = position.elapsed - since.elapsed
    steps = (position.updates - since.updates) * config.steps_per_update
    if means["over"]:  # otherwise no dream was over
        means["dream_return"] = means["reward"] / means["over"]
    return {**means, "progress": position.progress(config), "steps_per_second": steps / seconds if seconds else 0.0}
