"""Every number of a run of `agents.imagine`, each with a default: the reference's, where it has one."""

from dataclasses import dataclass, field
from typing import Annotated

import tyro

from agents.actor_critic_loss import ActorCriticLossConfig
from agents.actor_learner import AdamConfig
from agents.resuming import check_unchanged
from gym_diamond.envs.loading import DreamArguments
from gym_diamond.errors import InvalidArgument

MOST_BETWEEN_LOOKS = 4_000  # updates: the reference's ten epochs
FREE = ("steps", "max_minutes", "threads", "checkpoint_minutes", "log_every", "real_every")  # --resume may change them


@dataclass(frozen=True)
class ImagineConfig:
    """All that decides a run."""

    steps: int | None = None
    """Dreamt steps, of all dreams together. The paper's agent dreams 192,000,000. Give this, max_minutes or both."""
    max_minutes: float | None = None
    """Minutes to train for, those before a --resume included. Looks at the real game come on top."""
    num_dreams: int = 32
    """Dreams at once."""
    dream_steps: int = 15
    """Steps after which a dream is cut off; it bootstraps from the critic there."""
    rollout_steps: int = 15
    """Steps of every dream between two updates."""
    channels: tuple[int, ...] = (32, 32, 64, 64)
    """Of the policy's levels; each halves the resolution."""
    lstm_dim: int = 512
    """Size of the LSTM's hidden state."""
    normalize: tyro.conf.FlagCreatePairsOff[bool] = False
    """Normalise each pixel by its running mean and deviation, in dreams as in the game: small things that move stand
    out."""
    seed: int = 0
    """Decides the policy's first weights, its actions and the dreams."""
    threads: int | None = None
    """CPU threads; by default one a core."""
    checkpoint_minutes: float = 5.0
    """Minutes between checkpoints. A killed run loses at most these."""
    log_every: int = 20
    """Updates between reports."""
    real_every: int | None = None
    """Updates between looks at the real game; 0 = never. By default a tenth of the run, of its steps or its minutes,
    and at most 4,000 updates, the reference's ten epochs. Without influence on training; needs the emulator, and is
    left out where ALE has no such game."""
    real_games: int = 4
    """Games that are played then."""
    real_max_steps: int = 5_000
    """Steps after which such a game is cut off: an agent that does nothing may play for half an hour."""
    loss: ActorCriticLossConfig = field(default_factory=ActorCriticLossConfig)
    adam: AdamConfig = field(default_factory=AdamConfig)
    dream: Annotated[DreamArguments, tyro.conf.arg(name="")] = field(default_factory=DreamArguments)

    def __post_init__(self) -> None:
        for name in ("steps", "max_minutes", "threads"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidArgument(f"{name} is {value}; it must be positive.")
        for name in ("num_dreams", "dream_steps", "rollout_steps", "lstm_dim", "log_every", "real_games"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("seed", "checkpoint_minutes", "real_every"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InvalidArgument(f"{name} is {value}; it must be at least 0.")
        if not self.channels or min(self.channels) < 1:
            raise InvalidArgument(f"channels is {self.channels}; give at least one number, each at least 1.")
        if self.dream.frame_stack != 1:
            raise InvalidArgument("frame_stack must be 1: this agent remembers frames, it does not need a stack.")

    @property
    def steps_per_update(self) -> int:
        """Dreamt steps between two updates."""
        return self.num_dreams * self.rollout_steps


def check_is_complete(config: ImagineConfig) -> None:
    """Nothing, if `config` says in which dream and for how long.

    Raises:
        InvalidArgument: it does not.
    """
    if config.dream.world is None and config.dream.game is None:
        raise InvalidArgument("no world to dream: give --game Breakout, or --world DIRECTORY.")
    if config.steps is None and config.max_minutes is None:
        raise InvalidArgument("no end: give --steps N (dreamt steps) or --max-minutes M (both: whichever comes first).")


def check_can_resume(saved: ImagineConfig, wanted: ImagineConfig) -> None:
    """Nothing, if a run with the config `saved` can go on with `wanted`.

    Raises:
        InvalidRun: something that decides the run differs; the message names it.
    """
    check_unchanged(saved, wanted, FREE)
