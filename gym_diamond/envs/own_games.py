"""Reality of one's own: many copies of any registered Gymnasium env, played side by side for a dataset."""

import difflib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gym_diamond.envs.pixels import PixelConfig, PixelEnv
from gym_diamond.errors import InvalidArgument, UnknownGame
from gym_diamond.games import GAMES

# Gymnasium's own refusals, and what the constructors of envs raise when an argument means nothing to them.
CANNOT_MAKE = (gymnasium.error.Error, ImportError, TypeError, ValueError, LookupError, AssertionError, AttributeError)


class PixelGames(SyncVectorEnv):
    """N copies of one env as a vector env of `PixelEnv` with SAME_STEP autoreset.

    Row i of games that are seeded s begins with the seed s + i and goes on with the env's own random numbers.

    Args:
        id: of a registered env, "CarRacing-v3", or with the module that registers it, "my_game:MyGame-v0".
        num_envs: N.
        config: how it is seen and played.

    Raises:
        UnknownGame: there is no such env.
        InvalidArgument: it cannot be made so, has no pixels, or its actions cannot be chosen.
    """

    def __init__(self, id: str, num_envs: int, config: PixelConfig) -> None:
        if num_envs < 1:
            raise InvalidArgument(f"num_envs is {num_envs}; it must be at least 1.")
        make: Callable[[], gymnasium.Env] = partial(make_pixel_env, id, config)
        super().__init__([make] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
        first = self.envs[0]
        assert isinstance(first, PixelEnv)
        own = first.spec.id if first.spec else id
        self.game = id if own in GAMES else own  # a game of one's own is never taken for ALE's
        self.code, self.fps = first.code, first.fps
        self.frame_shape = first.frame_shape


def make_pixel_env(id: str, config: PixelConfig) -> PixelEnv:
    """The env `id` as `config` says.

    Raises:
        UnknownGame: there is no such env; the message names those that are spelled alike.
        InvalidArgument: it cannot be made with these arguments, has no pixels, or its actions cannot be chosen.
    """
    if id.count(":") > 1 or id.startswith(":"):
        raise UnknownGame(_unknown(id))
    kwargs = _read_kwargs(config.env_kwargs)
    if config.pixels == "render":
        kwargs["render_mode"] = "rgb_array"
    try:
        env = gymnasium.make(id, max_episode_steps=config.max_episode_steps, disable_env_checker=True, **kwargs)
    except gymnasium.error.UnregisteredEnv as error:
        raise UnknownGame(_unknown(id)) from error
    except CANNOT_MAKE as error:
        why = f"{type(error).__name__}: {error}"
        raise InvalidArgument(f"The env {id!r} cannot be made with the arguments {kwargs}: {why}") from error
    return PixelEnv(env, config)


def _read_kwargs(text: str) -> dict[str, Any]:
    try:
        kwargs = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"--env-kwargs {text!r} is no JSON: {error}.") from error
    if not isinstance(kwargs, dict):
        raise InvalidArgument(f"--env-kwargs {text!r} must be a JSON object, such as '{{\"continuous\": false}}'.")
    return kwargs


def _unknown(id: str) -> str:
    names = [*GAMES, *(known for known in gymnasium.registry if not known.startswith("DiamondDream"))]
    folded = {name.lower(): name for name in names}
    close = [folded[match] for match in difflib.get_close_matches(id.rpartition(":")[2].lower(), folded, n=3)]
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return (
        f"{id!r} is neither a game that ALE knows (Breakout, MsPacman, ...) nor a registered Gymnasium env; {hint}"
        "An env of your own is MODULE:ID, where importing MODULE registers ID: my_game:MyGame-v0."
    )
