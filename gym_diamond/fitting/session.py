"""What happens between the steps of a fit: reporters are told, strips are drawn, checkpoint and world are written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from gym_diamond.checkpoint import save_world
from gym_diamond.fitting import first_card, provenance
from gym_diamond.fitting.config import FitConfig
from gym_diamond.fitting.loop import Position
from gym_diamond.fitting.preview import strip
from gym_diamond.fitting.reporters import Reporter
from gym_diamond.fitting.run import save_checkpoint
from gym_diamond.fitting.setup import Setup

WEIGHTS_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Session:
    """The loop's hooks for a run in a folder.

    Args:
        out: the run's folder.
        config: how the world is stored and how long a strip is.
        setup: what is fitted.
        origin: the part of the provenance that stays the same.
        reporters: who is told.
    """

    def __init__(
        self, out: Path, config: FitConfig, setup: Setup, origin: dict[str, Any], reporters: Sequence[Reporter]
    ) -> None:
        self.out = out
        self.config = config
        self.setup = setup
        self.origin = origin
        self.reporters = reporters

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        for reporter in self.reporters:
            reporter.scalars(position.step, values)

    def preview(self, position: Position) -> None:
        picture = strip(self.setup.average, self.setup.store, self.config.preview_frames, self.config.seed)
        for reporter in self.reporters:
            reporter.image(position.step, "real above dreamt", picture)

    def checkpoint(self, position: Position) -> None:
        """Write what the fit goes on from, then the world as it is by now."""
        save_checkpoint(self.out, self.setup.learners, position)
        now = provenance.at(self.origin, position)
        save_world(
            self.out,
            model=self.setup.average,
            state_dict=self.setup.average.state_dict(),
            contexts=self.setup.contexts,
            provenance=now,
            card=first_card.card(self.setup.average.spec, now),
            weights_dtype=WEIGHTS_DTYPES[self.config.weights_dtype],
        )

    def close(self) -> None:
        """Let the reporters write what is left."""
        for reporter in self.reporters:
            reporter.close()


class Follower:
    """The loop's hooks in all processes of a fit but the first: they neither write nor report."""

    def report(self, position: Position, values: Mapping[str, float]) -> None: ...

    def preview(self, position: Position) -> None: ...

    def checkpoint(self, position: Position) -> None: ...
