"""Where a world comes from, and how it gets to others.

`resolve` turns what `world=` says into a directory: one that is given, that is bundled, that is in the cache, or that
is fetched from the Hub into it. `official` knows the weights that the authors of DIAMOND released, `repository` the
worlds that anyone may put on the Hub, `push` puts one there. `connection` and `download` are the only files that
talk to the Hub, and `cache` the only one that knows where things are kept. docs/worlds.md tells it to users.
"""

from gym_diamond.hub.bundled import BUNDLED, bundled_games
from gym_diamond.hub.resolve import find_world

__all__ = ["BUNDLED", "bundled_games", "find_world"]
