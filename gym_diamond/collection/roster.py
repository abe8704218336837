"""Names to policies: from what a person writes after `--policy` to the player that is meant."""

from pathlib import Path

from gym_diamond.collection.actor import load_actor
from gym_diamond.collection.policies import Policy, RandomPolicy, SB3Policy, StickyPolicy
from gym_diamond.collection.scripted import ScriptedPolicy
from gym_diamond.errors import InvalidArgument


def make_policy(name: str, game: str, num_actions: int, num_rows: int, frame_shape: tuple[int, int, int]) -> Policy:
    """The policy called `name`: random, sticky, scripted, or the path of a .zip or of a world directory.

    Raises:
        InvalidArgument: there is no such policy, or it does not fit the game.
        InvalidWorld: the world directory holds no policy, or it does not fit the game.
        MissingExtra: a .zip is given and stable-baselines3 is not installed.
    """
    if name == "random":
        return RandomPolicy(num_actions)
    if name == "sticky":
        return StickyPolicy(num_actions, num_rows)
    if name == "scripted":
        return ScriptedPolicy(game, num_rows)
    path = Path(name)
    if path.suffix == ".zip" and path.is_file():
        return SB3Policy(path, num_actions, num_rows, frame_shape)
    if path.is_dir():
        return load_actor(path, num_actions, num_rows, frame_shape)
    raise InvalidArgument(
        f"There is no policy {name!r}; give random, sticky, scripted, an existing .zip of stable-baselines3, "
        "or an existing world directory."
    )
