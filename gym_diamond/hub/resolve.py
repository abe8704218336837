"""From what `world=` says to a directory: given, bundled, in the cache, or fetched from the Hub into it."""

from pathlib import Path

from gym_diamond.errors import HubError, InvalidArgument, InvalidWorld
from gym_diamond.games import ATARI_100K
from gym_diamond.games import game as find_game
from gym_diamond.hub.address import PREFIX, read_address
from gym_diamond.hub.bundled import bundled_games, bundled_world
from gym_diamond.hub.cache import home, hub_place, is_world, known_commit, official_place

OFFICIAL = "official:"  # GAME: the authors' world even where another is bundled


def find_world(world: str | Path | None, game: str | None) -> Path:
    """The directory of a world. What is not here yet is fetched from the Hub into the cache, once.

    No real game is ever played to get it.

    Args:
        world: a world directory, taken as it is; "hub:OWNER/NAME" or "hub:OWNER/NAME@REVISION", a world directory on
            the Hub; "official:GAME", what the authors of DIAMOND released; None = the best there is for `game`: the
            bundled world, else the authors'.
        game: in CamelCase, as in ALE's ids; needed where `world` is None.

    Raises:
        UnknownGame: there is no such game.
        InvalidWorld: there is no world for the game.
        HubError: the world is on the Hub and cannot be had now.
        InvalidArgument: neither was given, or `world` is no address.
    """
    if world is not None:
        return _named_world(str(world))
    if game is None:
        raise InvalidArgument('Which world? Give its directory: world="runs/breakout", as `gym-diamond fit` writes it.')
    name = find_game(game).name
    bundled = bundled_world(name)
    if bundled is not None:
        return bundled
    if name not in ATARI_100K:
        raise InvalidWorld(
            f"No world is bundled for {name} (bundled: {', '.join(bundled_games()) or 'none'}), and the authors of "
            "DIAMOND released none. Make one from real play:\n"
            f"  gym-diamond collect {name} --policy random=0.3 sticky=0.7 --dataset {name.lower()}/mixed-v0\n"
            f"  gym-diamond fit --dataset {name.lower()}/mixed-v0 --out runs/{name.lower()} --max-minutes 60\n"
            f'and dream it with world="runs/{name.lower()}".'
        )
    return _official(name)


def _named_world(world: str) -> Path:
    if world.startswith(OFFICIAL):
        name = find_game(world.removeprefix(OFFICIAL)).name
        if name not in ATARI_100K:
            raise InvalidWorld(
                f"The authors of DIAMOND released no world of {name}; they did of {', '.join(ATARI_100K)}."
            )
        return _official(name)
    if world.startswith(PREFIX):
        return _from_hub(world)
    return Path(world).expanduser()


def _official(game: str) -> Path:
    if is_world(official_place(game)):
        return official_place(game)
    from gym_diamond.hub.official import official_world  # here, and only now: the Hub's library takes a while

    try:
        return official_world(game)
    except HubError as error:
        raise HubError(
            f"No world of {game} is here: none is bundled, and there is none in the cache {home()}. The authors' is on "
            f"the Hub, but: {error}\nOnce that is mended, `gym-diamond pull {game}` gets it."
        ) from None  # the message says it all


def _from_hub(world: str) -> Path:
    address = read_address(world)
    commit = known_commit(*address)
    if commit is not None and is_world(hub_place(address.repository, commit)):
        return hub_place(address.repository, commit)
    from gym_diamond.hub.repository import hub_world

    try:
        return hub_world(address)
    except HubError as error:
        raise HubError(
            f"The world {address} is not in the cache {home()}, and: {error}\nOnce that is mended, "
            f"`gym-diamond pull {address}` gets it."
        ) from None
