"""What a run that goes on may change."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from gym_diamond.errors import InvalidRun


def check_unchanged(saved: Any, wanted: Any, free: Collection[str]) -> None:
    """Nothing, if a run with the config `saved` can go on with `wanted`, a config of the same kind.

    Args:
        saved: a dataclass.
        wanted: what is asked for now.
        free: the fields that may differ.

    Raises:
        InvalidRun: something that decides the run differs; the message names it.
    """
    for name in (f.name for f in fields(saved) if f.name not in free):
        if getattr(saved, name) != getattr(wanted, name):
            raise InvalidRun(
                f"--resume cannot change {name}: the run has {getattr(saved, name)!r}, {getattr(wanted, name)!r} was "
                "asked for. Leave it as it is, or start a new run in another folder."
            )
