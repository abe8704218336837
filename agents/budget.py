"""What a run of Atari-100k may use up, and what it does next: all of it follows from how far it has come.

The paper's numbers are the defaults. A scale makes a run of them that is as much smaller in real steps, in epochs and
so in time; what is done in an epoch stays the same.
"""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal, NamedTuple

from gym_diamond.errors import InvalidArgument

Mode = Literal["collect", "static", "model_free"]
Turn = Literal["first_collection", "collect", "denoiser", "reward_end", "actor", "close", "over"]
NETWORKS = ("denoiser", "reward_end", "actor")  # in the order of their turns


class Position(NamedTuple):
    """How far a run has come."""

    epoch: int = 0  # epochs that are done
    first_steps: int = 0  # real steps of the first collection; 0 = it is not over yet
    denoiser: int = 0  # updates
    reward_end: int = 0
    actor: int = 0
    elapsed: float = 0.0  # seconds, those before a resume included


@dataclass(frozen=True)
class Updates:
    """Of one network."""

    first: int = 10_000
    """Updates in the first epoch."""
    each: int = 400
    """Updates in each other epoch."""

    def until(self, epoch: int) -> int:
        """Those of the first `epoch` epochs together."""
        return self.first + (epoch - 1) * self.each if epoch else 0


@dataclass(frozen=True)
class Budget:
    """What a run may use up, before it is scaled. The defaults are the paper's."""

    real_steps: int = 100_000
    """Steps in the real game, 400,000 emulated frames."""
    first_steps: int = 5_000
    """Of these, taken before anything is learned."""
    first_steps_at_most: int = 10_000
    """The first collection goes on until it has seen enough rewards, but not beyond so many steps."""
    first_rewards: int = 10
    """Rewards of a rare sign that are enough; not scaled."""
    steps_per_epoch: int = 100
    """Real steps of each epoch; not scaled."""
    final_epochs: int = 50
    """Epochs after the last real step. With a static dataset there are no others."""
    denoiser: Updates = field(default_factory=Updates)
    reward_end: Updates = field(default_factory=Updates)
    actor: Updates = field(default_factory=lambda: Updates(first=5_000))

    def __post_init__(self) -> None:
        for name in ("real_steps", "first_steps", "first_steps_at_most", "steps_per_epoch"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.first_steps > self.first_steps_at_most:
            raise InvalidArgument(
                f"first_steps {self.first_steps:,} must be at most first_steps_at_most {self.first_steps_at_most:,}."
            )
        counts = [self.first_rewards, self.final_epochs]
        counts += [count for name in NETWORKS for count in (getattr(self, name).first, getattr(self, name).each)]
        if min(counts) < 0:
            raise InvalidArgument("first_rewards, final_epochs and numbers of updates must be at least 0.")

    def scaled(self, scale: float) -> "Budget":
        """The budget times `scale`; real steps in whole epochs' worth, at least one, and at least one final epoch.

        The first epoch, though scaled, keeps at least the updates of any other. No collection exceeds `real_steps`.
        """

        def steps(number: int) -> int:
            return min(number, self.steps_per_epoch * max(1, round(number * scale / self.steps_per_epoch)))

        def updates(of: Updates) -> Updates:
            return replace(of, first=min(of.first, max(of.each, round(of.first * scale))))

        return replace(
            self,
            real_steps=steps(self.real_steps),
            first_steps=min(steps(self.real_steps), steps(self.first_steps)),
            first_steps_at_most=min(steps(self.real_steps), steps(self.first_steps_at_most)),
            final_epochs=min(self.final_epochs, max(1, round(self.final_epochs * scale))),
            denoiser=updates(self.denoiser),
            reward_end=updates(self.reward_end),
            actor=updates(self.actor),
        )


@dataclass(frozen=True)
class Schedule:
    """What a run does, in which order."""

    budget: Budget  # scaled
    mode: Mode
    steps_per_update: int  # of the actor: real ones without a world

    def epochs(self, position: Position) -> int:
        """All epochs of the run; known once the first collection is over.

        Without a world an epoch is an update, since that takes as many real steps as several epochs with one.
        """
        budget = self.budget
        if self.mode == "model_free":
            return max(1, budget.real_steps // self.steps_per_update)
        if self.mode == "static":
            return budget.final_epochs
        return ceil((budget.real_steps - position.first_steps) / budget.steps_per_epoch) + budget.final_epochs

    def steps(self, epoch: int, position: Position) -> int:
        """Real steps that have to be collected before the networks learn in epoch number `epoch` (from 1)."""
        if self.mode != "collect":
            return 0
        return min(self.budget.real_steps, position.first_steps + epoch * self.budget.steps_per_epoch)

    def updates(self, network: str, epoch: int) -> int:
        """Updates of a network in the first `epoch` epochs."""
        if self.mode == "model_free":
            return epoch if network == "actor" else 0
        return getattr(self.budget, network).until(epoch)

    def turn(self, position: Position, num_steps: int) -> Turn:
        """What comes next, `num_steps` real steps having been collected."""
        if self.mode == "collect" and not position.first_steps:
            return "first_collection"
        if position.epoch >= self.epochs(position):
            return "over"
        epoch = position.epoch + 1
        if num_steps < self.steps(epoch, position):
            return "collect"
        for network in ("denoiser", "reward_end", "actor"):
            if getattr(position, network) < self.updates(network, epoch):
                return network
        return "close"

    def has_first(self, num_steps: int, rare_rewards: int) -> bool:
        """Whether the first collection is over."""
        budget = self.budget
        enough = num_steps >= budget.first_steps and rare_rewards >= budget.first_rewards
        return enough or num_steps >= budget.first_steps_at_most

    def progress(self, position: Position) -> float:
        """The fraction of all updates that is done, from 0 to 1; 0 while it is not known how many there will be."""
        if self.mode == "collect" and not position.first_steps:
            return 0.0
        planned = sum(self.updates(network, self.epochs(position)) for network in NETWORKS)
        done = position.denoiser + position.reward_end + position.actor
        return min(1.0, done / planned) if planned else 1.0
