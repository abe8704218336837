"""`gym-diamond push`: put a world on the Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from gym_diamond.cli import say


@dataclass(frozen=True)
class Arguments:
    """Put a world directory on the Hugging Face Hub, for others to dream with world="hub:OWNER/NAME":
      gym-diamond push runs/breakout somebody/breakout-world

    Sends the files of the world and no others, in one commit. Its dream card becomes the model card: with tags, licence
    and where its data came from in the form that the Hub reads. Needs a token (`hf auth login`, or HF_TOKEN).
    """

    world: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="WORLD")]
    """A world directory, as `gym-diamond fit` writes it."""
    repository: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="OWNER/NAME")]
    """Where to; it is made if it does not exist."""
    licence: str | None = None
    """As the Hub names it: mit, cc-by-4.0, ... By default what the card says, else mit. Must be given for weights that
    others made, or that were fitted on from theirs."""
    private: bool = False
    """Make a new repository private."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond push`."""
    arguments = tyro.cli(Arguments, args=argv, prog="gym-diamond push")
    from gym_diamond.hub.push import push

    address = push(
        arguments.world.expanduser(), arguments.repository, licence=arguments.licence, private=arguments.private
    )
    say(f'{arguments.world} is on the Hub. Dream it: gymnasium.make("gym_diamond:DiamondDream-v0", world="{address}")')
    return 0
