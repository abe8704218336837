"""Dreams in every mode, and the reference in both of its own, timed in turns on the same batch.

A machine's speed drifts while it is measured: it heats up, and others use it. So nobody runs twice in a row: each
contestant has a turn in every round, and its speed is the median over the rounds.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import mean, median
from typing import NamedTuple

from gym_diamond.benchmarking.dreams import Dreams, DreamSettings, Facts, Mode
from gym_diamond.benchmarking.flops import Cost
from gym_diamond.benchmarking.parts import Parts
from gym_diamond.benchmarking.reference import Reference, ReferenceSettings
from gym_diamond.benchmarking.timing import steps_for
from gym_diamond.benchmarking.worker import Crashed, Worker
from gym_diamond.errors import InvalidArgument

Tell = Callable[[str], None]  # what is done next

MIN_STEPS = 3  # of a turn


class Pace(NamedTuple):
    """How long everything is measured."""

    rounds: int
    seconds: float  # of each contestant, over all rounds; as many again for the parts of its step
    parts: bool  # whether the parts of a step are timed too


class Turn(NamedTuple):
    """What one contestant did in one round."""

    num_steps: int
    step_seconds: float  # the mean, torch-native
    latencies: list[float]  # seconds of each step of the NumPy vector env; the reference has none


class Lane(NamedTuple):
    """A contestant that is ready to run."""

    name: str
    precision: str
    run: Callable[[int], Turn]  # so many steps
    first_step_seconds: float
    peak_bytes: Callable[[], int | None]


class Ours(NamedTuple):
    """What was measured of dreams in one mode."""

    settings: DreamSettings
    facts: Facts
    cost: Cost
    turns: list[Turn]
    peak_bytes: int | None
    parts: Parts | None

    @property
    def step_seconds(self) -> float:
        """Of the torch-native `Dream`: the median of the rounds."""
        return median(turn.step_seconds for turn in self.turns)

    @property
    def vector_step_seconds(self) -> float:
        """Of the NumPy vector env: the median of the rounds."""
        return median(mean(turn.latencies) for turn in self.turns)

    @property
    def latencies(self) -> list[float]:
        """Of every single step of the NumPy vector env."""
        return [latency for turn in self.turns for latency in turn.latencies]


class Theirs(NamedTuple):
    """What was measured of the reference in one mode."""

    mode: Mode
    precision: str
    first_step_seconds: float
    turns: list[Turn]
    peak_bytes: int | None

    @property
    def step_seconds(self) -> float:
        """The median of the rounds."""
        return median(turn.step_seconds for turn in self.turns)


class Result(NamedTuple):
    """What was measured on one batch."""

    ours: list[Ours]
    theirs: list[Theirs]
    failed: dict[Mode, str]  # why the reference does not run in a mode


def num_tellings(num_dreams: int, num_rivals: int, pace: Pace) -> int:
    """How often `race` tells what it does next, if nothing fails."""
    return (num_dreams + num_rivals) * (1 + pace.rounds) + num_dreams * pace.parts


def race(dreams: Sequence[DreamSettings], rivals: Sequence[ReferenceSettings], pace: Pace, tell: Tell) -> Result:
    """What was measured of each of `dreams` and of each of `rivals`, which all have the same batch.

    Raises:
        GymDiamondError: dreams cannot be had with these settings on this machine, or the reference in no mode.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(start_dreams(settings, tell)) for settings in dreams]
        facts = [worker.call(Dreams.facts) for worker in workers]
        ours = [
            Lane(
                s.mode,
                fact.precision,
                partial(run_dreams, w),
                fact.first_step_seconds,
                partial(w.call, Dreams.peak_bytes),
            )
            for s, w, fact in zip(dreams, workers, facts, strict=True)
        ]
        theirs, failed = start_rivals(stack, rivals, tell)
        turns = take_turns([*ours, *theirs.values()], pace, tell)
        peaks = [lane.peak_bytes() for lane in (*ours, *theirs.values())]
        num = len(dreams)
        parts = [time_parts(worker, s, pace, tell) for s, worker in zip(dreams, workers, strict=True)]
        costs = [worker.call(Dreams.cost) for worker in workers]
        return Result(
            [Ours(*row) for row in zip(dreams, facts, costs, turns[:num], peaks[:num], parts, strict=True)],
            [
                Theirs(mode, lane.precision, lane.first_step_seconds, taken, peak)
                for (mode, lane), taken, peak in zip(theirs.items(), turns[num:], peaks[num:], strict=True)
            ],
            failed,
        )


def take_turns(lanes: Sequence[Lane], pace: Pace, tell: Tell) -> list[list[Turn]]:
    """The turns of each of `lanes`: one in every round, one after the other."""
    steps = [steps_a_turn(lane, pace) for lane in lanes]
    turns: list[list[Turn]] = [[] for _ in lanes]
    for i in range(pace.rounds):
        for lane, num, taken in zip(lanes, steps, turns, strict=True):
            tell(f"{lane.name}, round {i + 1}")
            taken.append(lane.run(num))
    return turns


def steps_a_turn(lane: Lane, pace: Pace) -> int:
    """How many steps of `lane` fill a round; `MIN_STEPS` at least, but one if it takes longer than all rounds may.

    The very first step is not the last that is slow, as memory is still asked for, so one more goes before the step
    that is looked at.
    """
    lane.run(1)
    step_seconds = _whole(lane.run(1))
    return 1 if step_seconds > pace.seconds else max(MIN_STEPS, steps_for(pace.seconds / pace.rounds, step_seconds))


def _whole(turn: Turn) -> float:
    return turn.step_seconds + sum(turn.latencies) / turn.num_steps


def start_dreams(settings: DreamSettings, tell: Tell) -> Worker[Dreams]:
    """Dreams that have made their first step.

    Raises:
        GymDiamondError: they cannot be had with these settings on this machine.
    """
    tell(f"{settings.mode}, first step of {settings.num_envs}")
    try:
        return Worker(f"{settings.num_envs} dreams, {settings.mode}", Dreams, settings)
    except Crashed as crash:
        if settings.mode == "eager":
            raise
        raise InvalidArgument(
            f"The step cannot be compiled on this machine ({crash.reason}). torch.compile needs a C++ compiler on a "
            "CPU and Triton on a GPU; without them measure --mode eager."
        ) from crash


def run_dreams(worker: Worker[Dreams], num_steps: int) -> Turn:
    """Steps of both faces."""
    step_seconds = worker.call(Dreams.step_seconds, num_steps)
    return Turn(num_steps, step_seconds, worker.call(Dreams.vector_step_seconds, num_steps))


def time_parts(worker: Worker[Dreams], settings: DreamSettings, pace: Pace, tell: Tell) -> Parts | None:
    """The parts of a step, if they are asked for."""
    if not pace.parts:
        return None
    tell(f"{settings.mode}, parts of a step")
    return worker.call(Dreams.parts, pace.seconds)


def start_rivals(
    stack: ExitStack, rivals: Sequence[ReferenceSettings], tell: Tell
) -> tuple[dict[Mode, Lane], dict[Mode, str]]:
    """The reference in each mode in which it runs, and why it does not run in the others.

    Raises:
        GymDiamondError: it runs in no mode.
    """
    lanes: dict[Mode, Lane] = {}
    failed: dict[Mode, str] = {}
    for settings in rivals:
        tell(f"reference, {settings.mode}, first step of {settings.num_envs}")
        name = f"reference, {settings.mode}"
        try:
            worker = stack.enter_context(Worker(name, Reference, settings))
        except Crashed as crash:
            failed[settings.mode] = crash.reason
            continue
        run = partial(run_reference, worker)
        first, precision = worker.call(Reference.first_seconds), worker.call(Reference.precision)
        lanes[settings.mode] = Lane(name, precision, run, first, partial(worker.call, Reference.peak_bytes))
    if rivals and not lanes:
        reasons = "; ".join(f"{mode}: {reason}" for mode, reason in failed.items())
        raise InvalidArgument(
            f"--reference {rivals[0].checkout}: the reference does not run here ({reasons}). It must be a checkout of "
            "its main branch, with the packages that it imports."
        )
    return lanes, failed


def run_reference(worker: Worker[Reference], num_steps: int) -> Turn:
    """Steps of the reference."""
    return Turn(num_steps, worker.call(Reference.step_seconds, num_steps), [])
