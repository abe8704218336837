"""`gym-diamond collect`: play real games and keep what was seen as a Minari dataset."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, NamedTuple

import tyro
from tqdm import tqdm

from gym_diamond.cli import check_seed, find_own_modules, run_folder, say
from gym_diamond.collection.play import Games, play
from gym_diamond.collection.policies import Policy
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.data.dataset import DatasetInfo, check_name, write
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.own_games import PixelGames
from gym_diamond.envs.pixels import PixelConfig
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import GAMES

ATARI_ONLY = ("sticky_actions", "num_threads")


@dataclass(frozen=True)
class CollectConfig:
    """Play a real game and keep what was seen as a Minari dataset, to fit a world model to.

    The game is one of ALE's, by its name, or any registered Gymnasium env, by its id (or MODULE:ID, where importing
    MODULE registers ID). Ctrl-C keeps what was played so far. Datasets stand in ~/.minari/datasets, or where
    MINARI_DATASETS_PATH says.

    Atari games: frames are 64x64 RGB, one action for four emulated frames, rewards unclipped; an episode ends when a
    life is lost. A world dreams well only what it has seen: mix policies, so that both lost and long lives are in it:
      gym-diamond collect Breakout --steps 100000 --dataset breakout/mixed-v0 \\
          --policy random=0.2 sticky=0.1 scripted=0.7 --epsilon 0.15

    Envs of your own: say where the pixels are, how they are cropped and shrunk, for how many steps an action is held,
    and, where actions are continuous, from which values they are chosen:
      gym-diamond collect CarRacing-v3 --steps 20000 --dataset car/sticky-v0 --policy sticky \\
          --crop 0 0 84 96 --frame-skip 4 --bins "-1,0,1;0,0.5;0,0.5"
      gym-diamond collect minigrid:MiniGrid-DoorKey-5x5-v0 --steps 20000 --dataset doorkey/random-v0 --pixels render
      gym-diamond collect my_game:MyGame-v0 --steps 20000 --dataset mine/mixed-v0 \\
          --policy random=0.5 python:my_game:expert@0.1=0.5
    """

    game: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="GAME")]
    """Name as in ALE's ids (Breakout, MsPacman, UpNDown, ...), or id of a Gymnasium env (CarRacing-v3,
    my_game:MyGame-v0)."""

    dataset: str
    """Name of the dataset to write: namespace/name-v0."""

    steps: int = 100_000
    """Agent steps to play, in all games together (Atari: 1,500 to 3,000 a second on one core; frames of 64x64 take 1.2
    to 1.8 GB for 100,000)."""

    policy: tuple[str, ...] = ("random",)
    """Who plays: NAME or NAME=WEIGHT, the weight being the share of steps. NAME is random (uniform), sticky (holds a
    random action for a while), scripted (Breakout and Pong: follows the ball, with lapses every 100 steps),
    scripted:20 (every 20 steps), edge and edge:20 (the same, but it hits the ball with the edge of the paddle, and in
    Pong hard, so that the opponent misses some), graze and graze:20 (the same, but it just meets the ball or just
    misses it), always:NOOP (or another action, for ever; of an action of several parts one for each, with commas),
    python:MODULE:FUNCTION (from a frame (H, W, C) to an action) or python:MODULE:CLASS (with a memory; see
    gym_diamond/collection/own.py), the path of a stable-baselines3 .zip, or of a world
    directory that holds a policy. NAME@0.1 replaces a share of 0.1 of that policy's actions by random ones, whatever
    --epsilon says: scripted:20@0.1=0.3."""

    epsilon: float = 0.0
    """Share of the actions that are replaced by random ones, from 0 to 1, of policies whose name gives none."""

    seed: int = 0
    """Of games and policies. Equal seeds and numbers of games give equal datasets, as far as the env keeps its seed.
    Game i begins with the seed plus i: datasets that are to share no games, as held-out play, need seeds far apart."""

    num_envs: int = 8
    """Games that are played at a time."""

    overwrite: bool = False
    """Replace a dataset of that name."""

    sticky_actions: float = 0.0
    """Atari: probability that the game itself ignores a new action for a frame. The reference uses 0, ALE's -v5 ids
    0.25."""

    num_threads: int = 1
    """Atari: threads that emulate."""

    env: Annotated[PixelConfig, tyro.conf.arg(name="")] = field(default_factory=PixelConfig)


class Stage(NamedTuple):
    """The games and what they are."""

    games: Games
    info: DatasetInfo
    preparation: str  # in words, for the dataset's description


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond collect`."""
    config = tyro.cli(CollectConfig, prog="gym-diamond collect", args=argv)
    if config.steps < 1:
        raise InvalidArgument(f"--steps is {config.steps}; it must be at least 1.")
    check_seed(config.seed)
    path = check_name(config.dataset, overwrite=config.overwrite)
    find_own_modules()
    games, info, preparation = _stage(config)
    policies, weights = _cast(config, info)
    description = f"{info.game}, real play by {', '.join(config.policy)} with epsilon {config.epsilon}{preparation}."
    with _interruptible() as interrupted, tqdm(total=config.steps, desc=info.game, unit=" steps") as bar:

        def proceed(num_steps: int) -> bool:
            bar.update(min(num_steps, config.steps - bar.n))
            return not interrupted()

        num_episodes, num_steps = write(
            config.dataset,
            info,
            play(games, policies, weights, config.steps, config.seed, proceed),
            seed=config.seed,
            description=description,
            overwrite=config.overwrite,
        )
        cut = " (stopped by Ctrl-C; what was played is kept)" if interrupted() else ""
    say(f"{config.dataset}: {num_steps:,} steps in {num_episodes:,} episodes{cut}, in {path}")
    say(f"Next: gym-diamond fit --dataset {config.dataset} --out {run_folder(info.game)} --max-minutes 60")
    return 0


def _stage(config: CollectConfig) -> Stage:
    """One of ALE's games where the name is that of one, else a Gymnasium env.

    Raises:
        InvalidArgument: an option is given that only the other kind has.
    """
    if config.game in GAMES:
        changed = _changed(config.env, [f.name for f in fields(PixelConfig)])
        _refuse(changed, f"{config.game} is an Atari game by name, prepared as the reference does it")
        return _stage_atari(config)
    _refuse(_changed(config, ATARI_ONLY), f"{config.game} is no Atari game by name")
    games = PixelGames(config.game, config.num_envs, config.env)
    choices, names = games.code.choices, games.code.meanings
    info = DatasetInfo(games.game, choices.num_actions, names, games.fps, *games.frame_shape, choices.action_sizes)
    prepared = _changed(config.env, [f.name for f in fields(PixelConfig)])
    return Stage(games, info, "".join(f", {name} {value}" for name, value in prepared.items()))


def _changed(options: Any, names: Sequence[str]) -> dict[str, Any]:
    """The values of a dataclass that are not the default ones, of those with these names."""
    defaults = {f.name: f.default for f in fields(options)}
    return {name: getattr(options, name) for name in names if getattr(options, name) != defaults[name]}


def _refuse(given: Iterable[str], why: str) -> None:
    for name in given:
        raise InvalidArgument(f"--{name.replace('_', '-')} has no meaning here: {why}. Leave it out.")


def _stage_atari(config: CollectConfig) -> Stage:
    env = RealAtari(
        config.game,
        config.num_envs,
        repeat_action_probability=config.sticky_actions,
        num_threads=config.num_threads,
    )
    return Stage(env, atari_info(env), "")


def _cast(config: CollectConfig, info: DatasetInfo) -> tuple[list[Policy], list[float]]:
    policies: list[Policy] = []
    weights: list[float] = []
    for word in config.policy:
        name, equals, weight = word.rpartition("=")
        try:
            weights.append(float(weight) if equals else 1.0)
        except ValueError as error:
            raise InvalidArgument(
                f"--policy {word} has the weight {weight!r}; it must be a number, as in random=0.3."
            ) from error
        policies.append(make_policy(name if equals else word, info, config.num_envs, config.epsilon))
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
