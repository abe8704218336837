"""What the runs of examples.ppo_in_the_dream have in common, and what trains them."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Settings:
    """What is the same for all runs of the experiment."""

    game: str
    world: str | None  # None = the bundled one
    steps: int  # that ppo_dream and actor_critic dream, and ppo_steps plays
    real_frames: int  # agent steps that the world was fitted to, and those that its starts are from
    max_minutes: float | None  # of training, after which the next look is the last
    every: int  # steps of training between two looks
    episodes: int  # whole real games at a look
    final_episodes: int  # at the last
    max_game_steps: int | None  # a real game is cut off after so many
    num_envs: int
    n_steps: int  # of each env between two updates of PPO
    dream_steps: int  # after which a dream is cut off
    lost_after: int  # frames without a ball, on end, that end a dream; 0 = it goes on
    cut_faded: bool  # cut a dream off whose ball is gone far from the paddle
    lost_pays: float | None  # what such an end pays if the ball was not won, no other loss paying; None = as is said
    denoising_steps: int | None  # of each dreamt frame; None = as many as the world says
    reward_mode: str
    end_mode: str
    frame_stack: int
    recurrent: bool  # RecurrentPPO, with one frame at a time, instead of PPO
    normalize: bool  # each pixel by its running mean and deviation
    actor_lr: float | None  # the actor-critic's learning rate; None = the reference's, by the dreams at once
    begin_with: str | None  # the .zip of a PPO to go on from, {seed} standing for the run's; None = a new one
    # What follows came later: its defaults are how older runs were, so that these go on.
    lost_chance: float | None = None  # of a loss, from which a ball is lost, seen or not; None = only if seen
    contexts: str | None = None  # where dreams begin: a bank of the world, by its name, or a .npz; None = contexts.npz
    actor_steps: int | None = None  # of each dream between two updates of the actor-critic; None = the reference's 15
    actor_entropy: float | None = None  # the weight of its entropy; None = the reference's 0.001


def completed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a record, with those that came later than it."""
    return {field.name: field.default for field in fields(Settings) if field.default is not MISSING} | dict(settings)


class Engine(NamedTuple):
    """What trains, which does not change what is trained but for rounding."""

    device: str = "auto"
    compile: bool = False
    emulators: int = 1  # threads that play the real games


def first_seed(settings: Settings, seed: int) -> int:
    """Where the seeds of the rows of a run begin, so that runs share none."""
    return seed * max(1_000, settings.num_envs)
