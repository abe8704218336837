"""`gym-diamond collect`: play real games and keep what was seen as a Minari dataset."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import tyro
from tqdm import tqdm

from gym_diamond.cli import say
from gym_diamond.collection.play import play
from gym_diamond.collection.policies import Policy
from gym_diamond.collection.roster import make_policy
from gym_diamond.data.dataset import DatasetInfo, check_name, write
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import ATARI_FPS


@dataclass(frozen=True)
class CollectConfig:
    """Play real Atari games and keep what was seen as a Minari dataset, to fit a world model to.

    Frames are 64x64 RGB, one action for four emulated frames, rewards unclipped. An episode ends when a life is lost.
    Ctrl-C keeps what was played so far. Datasets stand in ~/.minari/datasets, or where MINARI_DATASETS_PATH says.

    A world dreams well only what it has seen: mix policies, so that both lost and long lives are in the data, e.g.
      gym-diamond collect Breakout --steps 100000 --dataset breakout/mixed-v0 \\
          --policy random=0.2 sticky=0.1 scripted=0.7 --epsilon 0.15
    """

    game: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="GAME")]
    """Name as in ALE's ids: Breakout, MsPacman, UpNDown, ..."""

    dataset: str
    """Name of the dataset to write: namespace/name-v0."""

    steps: int = 100_000
    """Agent steps to play, in all games together (1,500 to 3,000 a second on one core; 1.2 to 1.8 GB for 100,000)."""

    policy: tuple[str, ...] = ("random",)
    """Who plays: NAME or NAME=WEIGHT, the weight being the share of steps. NAME is random (uniform), sticky (holds a
    random action for a while), scripted (Breakout and Pong: follows the ball, with lapses every 100 steps),
    scripted:20 (every 20 steps), always:NOOP (or another action, for ever), the path of a stable-baselines3 .zip, or of
    a world directory that holds a policy. NAME@0.1 replaces a share of 0.1 of that policy's actions by random ones,
    whatever --epsilon says: scripted:20@0.1=0.3."""

    epsilon: float = 0.0
    """Share of the actions that are replaced by random ones, from 0 to 1, of policies whose name gives none."""

    sticky_actions: float = 0.0
    """Probability that the game itself ignores a new action for a frame. The reference uses 0, ALE's -v5 ids 0.25."""

    seed: int = 0
    """Of games and policies. Equal seeds and numbers of games give equal datasets."""

    num_envs: int = 8
    """Games that are played at a time."""

    num_threads: int = 1
    """Threads that emulate."""

    overwrite: bool = False
    """Replace a dataset of that name."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond collect`."""
    config = tyro.cli(CollectConfig, prog="gym-diamond collect", args=argv)
    if config.steps < 1:
        raise InvalidArgument(f"--steps is {config.steps}; it must be at least 1.")
    path = check_name(config.dataset, overwrite=config.overwrite)
    env = RealAtari(
        config.game,
        config.num_envs,
        repeat_action_probability=config.sticky_actions,
        num_threads=config.num_threads,
    )
    info = _describe(env)
    policies, weights = _cast(config, info)
    description = f"{info.game}, real play by {', '.join(config.policy)} with epsilon {config.epsilon}."
    with _interruptible() as interrupted, tqdm(total=config.steps, desc=info.game, unit=" steps") as bar:

        def proceed(num_steps: int) -> bool:
            bar.update(min(num_steps, config.steps - bar.n))
            return not interrupted()

        num_episodes, num_steps = write(
            config.dataset,
            info,
            play(env, policies, weights, config.steps, config.seed, proceed),
            seed=config.seed,
            description=description,
            overwrite=config.overwrite,
        )
        cut = " (stopped by Ctrl-C; what was played is kept)" if interrupted() else ""
    say(f"{config.dataset}: {num_steps:,} steps in {num_episodes:,} episodes{cut}, in {path}")
    say(f"Next: gym-diamond fit --dataset {config.dataset} --out runs/{info.game.lower()}")
    return 0


def _describe(env: RealAtari) -> DatasetInfo:
    height, width, channels = env.frame_shape
    meanings = env.game.action_meanings
    return DatasetInfo(env.game.name, len(meanings), meanings, ATARI_FPS, height, width, channels)


def _cast(config: CollectConfig, info: DatasetInfo) -> tuple[list[Policy], list[float]]:
    policies: list[Policy] = []
    weights: list[float] = []
    frame_shape = (info.height, info.width, info.channels)
    for word in config.policy:
        name, equals, weight = word.rpartition("=")
        try:
            weights.append(float(weight) if equals else 1.0)
        except ValueError as error:
            raise InvalidArgument(
                f"--policy {word} has the weight {weight!r}; it must be a number, as in random=0.3."
            ) from error
        name = name if equals else word
        policies.append(make_policy(name, info.game, info.num_actions, config.num_envs, frame_shape, config.epsilon))
    return policies, weights


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """A question that is answered with True once Ctrl-C was pressed; a second Ctrl-C stops at once."""
    pressed = threading.Event()

    def press(signum: int, frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
