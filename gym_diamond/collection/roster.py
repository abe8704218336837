"""Names to policies: from what a person writes after `--policy` to the player that is meant.

    random, sticky      aimless play
    scripted            follows the ball (Breakout and Pong), with a lapse every 100 steps or so
    scripted:20         the same with a lapse every 20 steps
    edge, edge:20       hits the ball with the edge of the paddle, and hard: in Pong the opponent misses some
    graze, graze:20     just meets the ball or just misses it, which a world has to tell apart
    always:NOOP         one action for ever, by its meaning; of an action of several parts one for each: always:-1,0.5
    python:mine:play    what `play` is in the module `mine`: a function from a frame (H, W, C) to an action, or a class
                        (`own.py`)
    A/PATH.zip          what stable-baselines3 trained
    A/WORLD             the policy in a world directory

Each can be followed by @ and the share of its actions that random ones replace: scripted:20@0.1, A/PATH.zip@0.3. So a
few players give many levels of skill.
"""

from pathlib import Path
from typing import Protocol

from gym_diamond.choices import Choices
from gym_diamond.collection.actor import load_actor
from gym_diamond.collection.own import load_own
from gym_diamond.collection.policies import (
    ConstantPolicy,
    EpsilonPolicy,
    Policy,
    RandomPolicy,
    SB3Policy,
    StickyPolicy,
)
from gym_diamond.collection.scripted import PATIENCE, STROKES, ScriptedPolicy
from gym_diamond.data.dataset_info import DatasetInfo
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import ATARI_FPS


class Played(Protocol):
    """What a policy has to know of a game; a `WorldSpec` or a `DatasetInfo` tells it."""

    @property
    def game(self) -> str: ...
    @property
    def choices(self) -> Choices: ...
    @property
    def action_meanings(self) -> tuple[str, ...]: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def channels(self) -> int: ...


def atari_info(env: RealAtari) -> DatasetInfo:
    """What is played in `env`."""
    meanings = env.game.action_meanings
    return DatasetInfo(env.game.name, len(meanings), meanings, ATARI_FPS, *env.frame_shape)


def make_policy(name: str, played: Played, num_rows: int, epsilon: float | None = None) -> Policy:
    """The policy called `name`, for `num_rows` rows.

    Args:
        name: as above.
        played: what it is to play.
        num_rows: that it remembers.
        epsilon: the share of random actions, from 0 to 1, where the name gives none.

    Raises:
        InvalidArgument: there is no such policy, or it does not fit the game.
        InvalidWorld: the world directory holds no policy, or it does not fit the game.
        MissingExtra: a .zip is given and stable-baselines3 is not installed.
    """
    player, share = _split(name)
    policy, limits = _make_player(player, played, num_rows), played.choices.limits
    if share is not None:
        return EpsilonPolicy(policy, limits, share, f"{policy.name}@{share:g}")
    return policy if epsilon is None else EpsilonPolicy(policy, limits, epsilon)


def _split(name: str) -> tuple[str, float | None]:
    """A name without its share of random actions, and the share; what follows an @ may also be part of a path."""
    player, at, share = name.rpartition("@")
    try:
        return (player, float(share)) if at and not Path(name).exists() else (name, None)
    except ValueError:
        return name, None


def _make_player(name: str, played: Played, num_rows: int) -> Policy:
    kind, _, detail = name.partition(":")
    limits, frame_shape = played.choices.limits, (played.height, played.width, played.channels)
    if name == "random":
        return RandomPolicy(limits)
    if name == "sticky":
        return StickyPolicy(limits, num_rows)
    if kind in STROKES:
        return ScriptedPolicy(played.game, num_rows, _patience(name, detail) if detail else PATIENCE, kind)
    if kind == "always":
        return ConstantPolicy(_action(name, detail, played), detail)
    if kind == "python":
        return load_own(name, detail, played.choices, num_rows)
    path = Path(name)
    if path.suffix == ".zip" and path.is_file():
        return SB3Policy(path, limits, num_rows, frame_shape)
    if path.is_dir():
        if not isinstance(limits, int):
            raise InvalidArgument(
                f"The policy in {name} takes one action at a time; those of {played.game} have parts."
            )
        return load_actor(path, limits, num_rows, frame_shape)
    raise InvalidArgument(
        f"There is no policy {name!r}; give random, sticky, scripted, edge, graze, scripted:STEPS (between lapses; "
        "also edge:STEPS and graze:STEPS), always:ACTION, python:MODULE:NAME, an existing .zip of "
        "stable-baselines3, or an existing world directory, each with @SHARE of random actions or without."
    )


def _patience(name: str, detail: str) -> float:
    try:
        return float(detail)
    except ValueError as error:
        raise InvalidArgument(
            f"Policy {name} has the patience {detail!r}; it must be the mean number of steps between lapses, as in "
            "scripted:20."
        ) from error


def _action(name: str, detail: str, played: Played) -> int | tuple[int, ...]:
    """The action that is called `detail`: of one with parts a name for each, separated by commas."""
    choices = played.choices
    sizes = choices.action_sizes or (choices.num_actions,)
    words = detail.split(",") if choices.action_sizes else [detail]
    parts = [played.action_meanings[first : first + n] for first, n in zip(choices.first_names, sizes, strict=True)]
    if len(words) != len(parts) or any(word not in part for word, part in zip(words, parts, strict=True)):
        raise InvalidArgument(
            f"Policy {name} asks for the action {detail!r}; {played.game} has "
            f"{' and '.join(', '.join(part) for part in parts)}{' (one of each, with a comma)' if parts[1:] else ''}."
        )
    found = tuple(part.index(word) for word, part in zip(words, parts, strict=True))
    return found if choices.action_sizes else found[0]
