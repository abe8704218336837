"""The clock: seconds of a call on a device that may answer before it has finished."""

import math
import time
from collections.abc import Callable, Sequence

import torch


def synchronize(device: torch.device) -> None:
    """Nothing, once the device has finished all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds(call: Callable[[], object], device: torch.device) -> float:
    """The seconds until what `call` gives the device is done; the device must have nothing to do before."""
    began = time.perf_counter()
    call()
    synchronize(device)
    return time.perf_counter() - began


def repeated(call: Callable[[], object], device: torch.device, budget: float, at_least: int = 3) -> list[float]:
    """The seconds of each of several calls, after one that warms up and does not count: `in_turns` with itself."""
    return [taken for (taken,) in in_turns([call], device, budget, at_least)]


def in_turns(
    calls: Sequence[Callable[[], object]], device: torch.device, budget: float, at_least: int = 3
) -> list[list[float]]:
    """The seconds of each of `calls` in each of several rounds, after a round that warms up and does not count.

    A machine's speed drifts while it is measured; what is called in the same round has the same share of that.

    Args:
        calls: what is timed, one after the other in every round.
        device: where they compute.
        budget: seconds for all of them together; there are rounds until they are used up.
        at_least: so many rounds there are in any case.
    """
    for call in calls:
        call()
    synchronize(device)
    rounds: list[list[float]] = []
    spent = 0.0
    while len(rounds) < at_least or spent < budget:
        rounds.append([seconds(call, device) for call in calls])
        spent += sum(rounds[-1])
    return rounds


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed: of 1, 2, 3, 4 and 0.75 it is 3."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def steps_for(budget: float, step_seconds: float) -> int:
    """How many steps of `step_seconds` each fill `budget` seconds; at least one."""
    return max(1, round(budget / max(step_seconds, 1e-9)))
