"""Names to policies: from what a person writes after `--policy` to the player that is meant.

    random, sticky      aimless play
    scripted            follows the ball (Breakout and Pong), with a lapse every 100 steps or so
    scripted:20         the same with a lapse every 20 steps
    always:NOOP         one action for ever, by its meaning
    A/PATH.zip          what stable-baselines3 trained
    A/WORLD             the policy in a world directory

Each can be followed by @ and the share of its actions that random ones replace: scripted:20@0.1, A/PATH.zip@0.3. So a
few players give many levels of skill.
"""

from pathlib import Path

from gym_diamond.collection.actor import load_actor
from gym_diamond.collection.policies import (
    ConstantPolicy,
    EpsilonPolicy,
    Policy,
    RandomPolicy,
    SB3Policy,
    StickyPolicy,
)
from gym_diamond.collection.scripted import PATIENCE, ScriptedPolicy
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import game as find_game


def make_policy(
    name: str,
    game: str,
    num_actions: int | tuple[int, ...],
    num_rows: int,
    frame_shape: tuple[int, int, int],
    epsilon: float | None = None,
) -> Policy:
    """The policy called `name`, for `num_rows` rows.

    Args:
        name: as above.
        game: what is played, "Breakout".
        num_actions: of the game; of actions of several parts, that of each part.
        num_rows: that it remembers.
        frame_shape: (H, W, C) of what it sees.
        epsilon: the share of random actions, from 0 to 1, where the name gives none.

    Raises:
        InvalidArgument: there is no such policy, or it does not fit the game.
        InvalidWorld: the world directory holds no policy, or it does not fit the game.
        MissingExtra: a .zip is given and stable-baselines3 is not installed.
    """
    player, share = _split(name)
    policy = _make_player(player, game, num_actions, num_rows, frame_shape)
    if share is not None:
        return EpsilonPolicy(policy, num_actions, share, f"{policy.name}@{share:g}")
    return policy if epsilon is None else EpsilonPolicy(policy, num_actions, epsilon)


def _split(name: str) -> tuple[str, float | None]:
    """A name without its share of random actions, and the share; what follows an @ may also be part of a path."""
    player, at, share = name.rpartition("@")
    try:
        return (player, float(share)) if at and not Path(name).exists() else (name, None)
    except ValueError:
        return name, None


def _make_player(
    name: str, game: str, num_actions: int | tuple[int, ...], num_rows: int, frame_shape: tuple[int, int, int]
) -> Policy:
    kind, _, detail = name.partition(":")
    if name == "random":
        return RandomPolicy(num_actions)
    if name == "sticky":
        return StickyPolicy(num_actions, num_rows)
    if kind == "scripted":
        return ScriptedPolicy(game, num_rows, _patience(name, detail) if detail else PATIENCE)
    if kind == "always":
        return ConstantPolicy(_action(name, detail, game), detail)
    path = Path(name)
    if path.suffix == ".zip" and path.is_file():
        return SB3Policy(path, num_actions, num_rows, frame_shape)
    if path.is_dir():
        return load_actor(path, num_actions, num_rows, frame_shape)
    raise InvalidArgument(
        f"There is no policy {name!r}; give random, sticky, scripted, scripted:STEPS (between lapses), always:ACTION, "
        "an existing .zip of stable-baselines3, or an existing world directory, each with @SHARE of random actions or "
        "without."
    )


def _patience(name: str, detail: str) -> float:
    try:
        return float(detail)
    except ValueError as error:
        raise InvalidArgument(
            f"Policy {name} has the patience {detail!r}; it must be the mean number of steps between lapses, as in "
            "scripted:20."
        ) from error


def _action(name: str, detail: str, game: str) -> int:
    meanings = find_game(game).action_meanings
    if detail not in meanings:
        raise InvalidArgument(f"Policy {name} asks for the action {detail!r}; {game} has {', '.join(meanings)}.")
    return meanings.index(detail)
