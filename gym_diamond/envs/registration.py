"""The ids of the dreams, by strings: registering them imports neither torch nor a world.

`DiamondDream-<Game>-v0` dreams the world that is bundled for a game, else the authors', or the one given as `world`;
`gym_diamond:DiamondDream-v0` dreams any world, given as `world`. `register_world` gives a world an id of its own.
"""

from pathlib import Path

import gymnasium

from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.games import GAMES

MAX_EPISODE_STEPS = 50  # what the reference plays at; 15 is what it trains its agent with
SINGLE = "gym_diamond.envs.loaded:LoadedDreamEnv"
VECTOR = "gym_diamond.envs.loaded:LoadedDreamVectorEnv"


def register_dreams() -> None:
    """Make the ids known to Gymnasium; once more changes nothing."""
    ids = {f"DiamondDream-{name}-v0": {"game": name} for name in GAMES} | {"DiamondDream-v0": {}}
    for id, kwargs in ids.items():
        if id not in gymnasium.registry:
            gymnasium.register(
                id, SINGLE, vector_entry_point=VECTOR, max_episode_steps=MAX_EPISODE_STEPS, kwargs=kwargs
            )


def register_world(id: str, world: str | Path, *, max_episode_steps: int = MAX_EPISODE_STEPS) -> None:
    """Make `gymnasium.make(id)` and `make_vec(id)` dream a world; the same once more changes nothing.

    The world is loaded when an env is made, not here. The other arguments of an env can be given there, as always.

    Args:
        id: what the dreams are to be called, for example "MyDream-v0" or "mygames/MyDream-v0".
        world: a world directory, as `gym-diamond fit` writes it, remembered by its full path; or, as in `make`,
            "hub:OWNER/NAME@REVISION" or "official:GAME".
        max_episode_steps: a dream is truncated after so many steps, unless `make` is told otherwise. (Leave it out
            there to have these: for `make_vec` None means 50.)

    Raises:
        InvalidArgument: the id is malformed or taken by another env, or `max_episode_steps` is no number from 1 on.
        InvalidWorld: there is no world in that directory.
    """
    if isinstance(max_episode_steps, bool) or not isinstance(max_episode_steps, int) or max_episode_steps < 1:
        raise InvalidArgument(f"max_episode_steps is {max_episode_steps!r}; it must be at least 1, and whole.")
    if ":" in id:  # which Gymnasium registers, and never finds again
        raise InvalidArgument(f"The id {id!r} has a module before its colon, which only `make` takes: leave that out.")
    kwargs = {"world": _address(world)}
    known = gymnasium.registry.get(id)
    if known is not None:
        if (known.entry_point, known.kwargs, known.max_episode_steps) == (SINGLE, kwargs, max_episode_steps):
            return
        raise InvalidArgument(
            f"The id {id!r} is taken by {known.entry_point} with {known.kwargs}. Choose another, such as a higher "
            f"version, or free it with `del gymnasium.registry[{id!r}]`."
        )
    try:
        gymnasium.register(id, SINGLE, vector_entry_point=VECTOR, max_episode_steps=max_episode_steps, kwargs=kwargs)
    except gymnasium.error.Error as error:
        raise InvalidArgument(f"The id {id!r} cannot be registered: {error} Ids look like MyDream-v0.") from error


def _address(world: str | Path) -> str:
    if str(world).startswith(("hub:", "official:")):
        return str(world)
    path = Path(world).expanduser().absolute()
    if not (path / "config.json").is_file():
        raise InvalidWorld(
            f"{str(world)!r} is not a world: there is no {path / 'config.json'}. Give the folder that "
            "`gym-diamond fit --out FOLDER` wrote."
        )
    return str(path)
