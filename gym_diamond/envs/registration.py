"""The ids of the dreams, by strings: registering them imports neither torch nor a world.

`DiamondDream-<Game>-v0` dreams the world that is bundled for a game, else the authors', or the one given as `world`;
`gym_diamond:DiamondDream-v0` dreams any world, given as `world`.
"""

import gymnasium

from gym_diamond.games import GAMES

MAX_EPISODE_STEPS = 50  # what the reference plays at; 15 is what it trains its agent with
SINGLE = "gym_diamond.envs.loading:LoadedDreamEnv"
VECTOR = "gym_diamond.envs.loading:LoadedDreamVectorEnv"


def register_dreams() -> None:
    """Make the ids known to Gymnasium; once more changes nothing."""
    ids = {f"DiamondDream-{name}-v0": {"game": name} for name in GAMES} | {"DiamondDream-v0": {}}
    for id, kwargs in ids.items():
        if id not in gymnasium.registry:
            gymnasium.register(
                id, SINGLE, vector_entry_point=VECTOR, max_episode_steps=MAX_EPISODE_STEPS, kwargs=kwargs
            )
