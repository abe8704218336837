"""What changes while an actor-critic plays: the games, its memory and its random numbers; saved and put back."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from agents.real_rows import RealRows
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import Snapshot
from gym_diamond.fitting.optim import below
from gym_diamond.nn.lstm import LSTMState


class Play(NamedTuple):
    """N games that are being played. The memory is replaced, the others change in place."""

    rows: Dream | RealRows
    memory: LSTMState
    generator: torch.Generator  # of the actions


def play_tensors(play: Play) -> dict[str, Tensor]:
    """All that an exact continuation needs, by name."""
    tensors = {"memory.hx": play.memory[0], "memory.cx": play.memory[1], "generator": play.generator.get_state()}
    if not isinstance(play.rows, Dream):
        return tensors | {f"games.{name}": value for name, value in play.rows.tensors().items()}
    now = play.rows.snapshot()
    tensors |= {f"dream.state.{i}": leaf.clone() for i, leaf in enumerate(now.state)}
    return tensors | {f"dream.{name}": getattr(now, name) for name in Snapshot._fields if name != "state"}


def restored(play: Play, tensors: Mapping[str, Tensor]) -> Play:
    """`play`, put back to where it was when `tensors` were taken of it.

    Raises:
        KeyError: a tensor is missing.
        InvalidArgument: the dreams are of another number.
        InvalidRun: the games are of another number, or the emulator does not bring them back.
    """
    device = play.memory[0].device
    if isinstance(play.rows, Dream):
        play.rows.restore(_snapshot(tensors, play.rows.snapshot()))
    else:
        play.rows.load_tensors(below("games.", tensors))
    play.generator.set_state(tensors["generator"])
    return play._replace(memory=(tensors["memory.hx"].to(device), tensors["memory.cx"].to(device)))


def _snapshot(tensors: Mapping[str, Tensor], like: Snapshot) -> Snapshot:
    """The saved snapshot, whose state is of the kind and on the device of that in `like`."""
    leaves = [tensors[f"dream.state.{i}"].to(leaf.device) for i, leaf in enumerate(like.state)]
    clock = {name: tensors[f"dream.{name}"].to(like.keys.device) for name in Snapshot._fields if name != "state"}
    return Snapshot(state=type(like.state)(*leaves), **clock)
