"""All worlds that a person can dream without making one: bundled, in the cache, or on the Hub."""

from pathlib import Path
from typing import NamedTuple

from gym_diamond.games import ATARI_100K
from gym_diamond.hub.address import Address
from gym_diamond.hub.bundled import bundled_games, bundled_world
from gym_diamond.hub.cache import hub_worlds, is_world, official_place


class Listed(NamedTuple):
    """A game, or a world from the Hub that someone shared."""

    name: str  # "Asterix", or "hub:OWNER/NAME@COMMIT"
    bundled: Path | None
    cached: Path | None
    official: bool  # the authors of DIAMOND released it

    @property
    def directory(self) -> Path | None:
        """The world that is dreamt by default; None if it has to be fetched first."""
        return self.bundled or self.cached


def inventory() -> list[Listed]:
    """Every game that has a world somewhere, by name, then the shared worlds that are in the cache."""
    games = sorted({*ATARI_100K, *bundled_games()})
    listed = [Listed(game, bundled_world(game), _cached(game), game in ATARI_100K) for game in games]
    shared = [Listed(str(Address(name, commit)), None, path, False) for name, commit, path in hub_worlds()]
    return listed + shared


def num_bytes(directory: Path) -> int:
    """The size of the files in a world directory."""
    return sum(path.stat().st_size for path in directory.iterdir() if path.is_file())


def _cached(game: str) -> Path | None:
    place = official_place(game)
    return place if is_world(place) else None
