"""The fit loop. It knows objectives only: what a network is or what it is for, it never sees.

Each step updates every objective whose turn it is. Reports, previews and checkpoints happen between steps, and so does
the end on Ctrl-C, so that a checkpoint never holds half a step.
"""

import math
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidRun
from gym_diamond.fitting.config import FitConfig
from gym_diamond.fitting.distributed import ALONE, Team
from gym_diamond.fitting.learner import Learner, update


class Position(NamedTuple):
    """How far a fit has come."""

    step: int = 0
    elapsed: float = 0.0  # seconds of fitting, those before a resume included

    def progress(self, config: FitConfig) -> float:
        """The fraction of the budget that is used up, at most 1: of the steps or of the time, whichever is more."""
        of_steps = self.step / config.steps if config.steps else 0.0
        of_time = self.elapsed / (60 * config.max_minutes) if config.max_minutes else 0.0
        return min(1.0, max(of_steps, of_time))


class Hooks(Protocol):
    """What the loop calls between steps."""

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        """Take the means since the last report, named like `denoiser/loss`, with `progress` and `steps_per_second`."""
        ...

    def preview(self, position: Position) -> None:
        """Show what the averaged networks can do by now."""
        ...

    def checkpoint(self, position: Position) -> None:
        """Save everything."""
        ...


def fit(
    learners: Sequence[Learner],
    store: SegmentStore,
    config: FitConfig,
    start: Position,
    hooks: Hooks,
    team: Team = ALONE,
) -> Position:
    """The position at the end: where the budget of `config` is used up.

    Args:
        learners: changed in place. In each step each is updated whose `every` is not 0 and divides the step.
        store: the data, on the device of the networks.
        config: steps, minutes, seed and intervals.
        start: where to go on from.
        hooks: called between steps; a checkpoint is taken every so often and at the end.
        team: the processes that fit together. All take the same steps: time is that of process 0, and what stops one
            stops all.

    Raises:
        InvalidRun: a loss or a gradient is not finite; the last checkpoint stays as it was.
        KeyboardInterrupt: Ctrl-C; the checkpoint holds all that was done.
    """
    position = reported = saved = previewed = start
    began = time.monotonic() - start.elapsed
    tally: Tally = {}
    with deferred_interrupt() as interrupted:
        while (progress := position.progress(config)) < 1 and not team.any(interrupted.is_set()):
            for learner in learners:
                if learner.config.every and position.step % learner.config.every == 0:
                    metrics = update(learner, store, config.seed, position.step, progress, team)
                    count(tally, learner.objective.name, metrics)
            position = Position(position.step + 1, team.clock(time.monotonic() - began))
            saves = position.elapsed - saved.elapsed >= 60 * config.checkpoint_minutes
            if saves or position.step % config.log_every == 0:
                hooks.report(position, summary(tally, reported, position, config))
                tally, reported = {}, position
            if saves:  # always just after a report, so that numbers that are not finite are never saved
                hooks.checkpoint(position)
                saved = position
            if config.preview_every and position.elapsed - previewed.elapsed >= 60 * config.preview_every:
                hooks.preview(position)
                previewed = position
        if position != reported:
            hooks.report(position, summary(tally, reported, position, config))
        if position != saved:
            hooks.checkpoint(position)
        stops = team.any(interrupted.is_set())
    if stops:
        raise KeyboardInterrupt
    return position


Tally = dict[str, tuple[Tensor, int]]  # sum and number; on the device, since reading a value waits for the device


def count(tally: Tally, name: str, metrics: Mapping[str, Tensor]) -> None:
    """Add the metrics of one update of the objective `name` to `tally`."""
    for metric, value in metrics.items():
        total, number = tally.get(f"{name}/{metric}", (torch.zeros_like(value), 0))
        tally[f"{name}/{metric}"] = (total + value, number + 1)


def summary(tally: Tally, since: Position, position: Position, config: FitConfig) -> dict[str, float]:
    """The means of `tally`, with the progress and speed of the fit.

    Raises:
        InvalidRun: one of the means is not finite.
    """
    means = finite_means(
        tally,
        f"between steps {since.step} and {position.step}, so the fit was stopped",
        "Lower the learning rate (for example --denoiser.lr 1e-4) or compute in float32 (--precision fp32), then go on "
        "with --resume.",
    )
    seconds = position.elapsed - since.elapsed
    speed = (position.step - since.step) / seconds if seconds > 0 else 0.0
    return {**means, "progress": position.progress(config), "steps_per_second": speed}


def finite_means(tally: Tally, when: str, advice: str) -> dict[str, float]:
    """The means of `tally`.

    Raises:
        InvalidRun: one of them is not finite; the message says `when` that was, and gives `advice`.
    """
    means = {key: float(total) / number for key, (total, number) in tally.items()}
    for key, mean in means.items():
        if not math.isfinite(mean):
            raise InvalidRun(f"{key} became {mean} {when}; the last checkpoint is as it was. {advice}")
    return means


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets instead of stopping the program at once; a second Ctrl-C stops it at once.

    Outside the main thread, where Python delivers no signals, the event is never set.
    """
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    previous = signal.getsignal(signal.SIGINT)

    def remember(signum: int, frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, remember)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)
