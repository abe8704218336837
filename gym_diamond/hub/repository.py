"""World directories that anyone may put on the Hub, brought into the cache.

Only the files that a world has are asked for, by name; what else a repository holds is never seen. Each is limited in
size before it is fetched, and the whole is loaded once before it is kept: nothing in it is executed.
"""

from pathlib import Path

from tqdm import tqdm

from gym_diamond.banks import COMING, check_coming
from gym_diamond.checkpoint import (
    CARD,
    CONFIG,
    LIMITS,
    MEASURED,
    POLICY,
    REQUIRED,
    load_world,
)
from gym_diamond.errors import HubError, InvalidWorld
from gym_diamond.files import read_tensors
from gym_diamond.hub.address import Address
from gym_diamond.hub.cache import alone, filling, hub_place, is_world, known_commit, loads, remember_commit
from gym_diamond.hub.connection import check_reachable
from gym_diamond.hub.download import RemoteFile, fetch_file, find_file, find_optional_file

OPTIONAL = (CARD, POLICY, COMING, *MEASURED)


def hub_world(address: Address, *, refresh: bool = False) -> Path:
    """The world at `address`: from the cache, else from the Hub into it.

    Args:
        address: of which a branch or tag is looked up once; from then on it means that commit here.
        refresh: look it up again, and fetch again what is damaged.

    Raises:
        HubError: it cannot be had, or it is no world that can be loaded safely; the cache is then as it was.
    """
    commit = known_commit(*address)
    if commit is not None and not refresh and is_world(hub_place(address.repository, commit)):
        return hub_place(address.repository, commit)
    check_reachable()
    with alone(address.repository):  # whatever its revision: a branch and a commit may be the same world
        config = find_file(address, CONFIG, LIMITS[CONFIG])
        commit = config.address.revision
        place = hub_place(address.repository, commit)
        if not is_world(place) or (refresh and not loads(place)):
            _fetch(_files(config), place)
        remember_commit(*address, commit)
    return place


def _files(config: RemoteFile) -> list[RemoteFile]:
    """All files of the world at the commit of `config`."""
    needed = [find_file(config.address, name, LIMITS[name]) for name in REQUIRED if name != CONFIG]
    others = [find_optional_file(config.address, name, LIMITS[name]) for name in OPTIONAL]
    return [config, *needed, *(file for file in others if file is not None)]


def _fetch(files: list[RemoteFile], place: Path) -> None:
    total, address = sum(file.size for file in files), files[0].address
    with filling(place, total) as staging:
        with tqdm(total=total, desc=f"{address.repository} from the Hub", unit="B", unit_scale=True) as bar:
            for file in files:
                fetch_file(file, staging / file.name, bar)
        try:
            check_coming(staging, load_world(staging).model.spec)
            if (staging / POLICY).exists():
                read_tensors(staging / POLICY, InvalidWorld)
        except InvalidWorld as error:
            raise HubError(f"{address} is no world that can be loaded: {error} Nothing was kept.") from error
