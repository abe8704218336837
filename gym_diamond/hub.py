"""Where a world comes from: a directory that is given, or the one that is bundled."""

from pathlib import Path

from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.games import game as find_game

BUNDLED = Path(__file__).parent / "worlds"


def find_world(world: str | Path | None, game: str | None) -> Path:
    """The directory of a world.

    Args:
        world: a world directory, taken as it is; None = the world that is bundled for `game`.
        game: in CamelCase, as in ALE's ids; needed where `world` is None.

    Raises:
        UnknownGame: there is no such game.
        InvalidWorld: no world is bundled for the game.
        InvalidArgument: neither was given, or `world` is an address that this version cannot reach.
    """
    if world is not None:
        if str(world).startswith("hub:"):
            raise InvalidArgument(f"world is {str(world)!r}; this version reads worlds from directories only.")
        return Path(world).expanduser()
    if game is None:
        raise InvalidArgument('Which world? Give its directory: world="runs/breakout", as `gym-diamond fit` writes it.')
    name = find_game(game).name
    if not (BUNDLED / name / "config.json").exists():
        bundled = ", ".join(bundled_games()) or "none"
        raise InvalidWorld(
            f"No world is bundled for {name} (bundled: {bundled}). Make one from real play:\n"
            f"  gym-diamond collect {name} --policy random=0.3 sticky=0.7 --dataset {name.lower()}/mixed-v0\n"
            f"  gym-diamond fit --dataset {name.lower()}/mixed-v0 --out runs/{name.lower()}\n"
            f'and dream it with world="runs/{name.lower()}".'
        )
    return BUNDLED / name


def bundled_games() -> list[str]:
    """The games whose worlds come with the package."""
    return sorted(path.parent.name for path in BUNDLED.glob("*/config.json"))
