"""The cache: a folder of the user's in which what was fetched is kept, each world whole or not there at all.

    worlds/official/REVISION/GAME/      the authors' weights, converted
    worlds/hub/OWNER--NAME/COMMIT/      a world directory from the Hub
    worlds/hub/OWNER--NAME/refs/NAME    the commit that a branch or tag was when it was last looked up

It is where GYM_DIAMOND_HOME says, by default in the platform's folder for caches. All of it may be deleted.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from gym_diamond.checkpoint import CONFIG, REQUIRED, load_world
from gym_diamond.errors import HubError, InvalidWorld
from gym_diamond.files import locked, write_text
from gym_diamond.hub.address import RELEASE, is_commit

HOME_VARIABLE = "GYM_DIAMOND_HOME"
STAGING = ".filling-"
STALE_SECONDS = 24 * 3600.0  # a folder that is still being filled after that was left by a process that was killed
SPARE_BYTES = 2**26  # left on the disk


def home() -> Path:
    """The folder of the cache, which need not exist."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "gym-diamond"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "gym-diamond"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gym-diamond"


def official_place(game: str) -> Path:
    """Where the authors' world of a game is kept."""
    return home() / "worlds" / "official" / RELEASE.revision[:12] / game


def hub_place(repository: str, commit: str) -> Path:
    """Where the world that a repository held at a commit is kept."""
    return _hub_folder(repository) / commit


def is_world(directory: Path) -> bool:
    """Whether a whole world is there. They are moved into place whole, but somebody may have deleted files."""
    return all((directory / name).is_file() for name in REQUIRED)


def known_commit(repository: str, revision: str) -> str | None:
    """The commit that `revision` was when it was last looked up; None if it never was."""
    if is_commit(revision):
        return revision
    path = _hub_folder(repository) / "refs" / quote(revision, safe="")
    commit = path.read_text(encoding="utf-8") if path.is_file() else ""
    return commit if is_commit(commit) else None


def remember_commit(repository: str, revision: str, commit: str) -> None:
    """Keep what `revision` was."""
    if not is_commit(revision):
        path = _hub_folder(repository) / "refs" / quote(revision, safe="")
        with _writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, commit)


def hub_worlds() -> list[tuple[str, str, Path]]:
    """Repository, commit and directory of every world from the Hub that is in the cache."""
    found = sorted((home() / "worlds" / "hub").glob(f"*/*/{CONFIG}"))
    places = [path.parent for path in found if is_commit(path.parent.name)]  # others are being filled, or never were
    whole = [place for place in places if is_world(place)]
    return [(place.parent.name.replace("--", "/"), place.name, place) for place in whole]


@contextmanager
def filling(place: Path, num_bytes: int) -> Iterator[Path]:
    """A new, empty folder, which becomes `place` on leaving; after an error it vanishes and `place` is as before.

    Args:
        place: of the world, which is not there, or not whole.
        num_bytes: that will be written.

    Raises:
        HubError: the cache cannot be written to, or the disk is full.
    """
    with _writing(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        _check_space(place.parent, num_bytes)
        _remove_stale(place.parent)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=place.parent))
        try:
            yield staging
            staging.chmod(0o755)
            shutil.rmtree(place, ignore_errors=True)  # a part of a world, of which files were deleted
            os.replace(staging, place)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def loads(directory: Path) -> bool:
    """Whether the world in `directory` is as it was written: a disk may fail."""
    try:
        load_world(directory)
    except InvalidWorld:
        return False
    return True


@contextmanager
def alone(name: str) -> Iterator[None]:
    """While it lasts, no other process fetches what is called `name`: it waits for this one, then finds it there."""
    folder = home() / "locks"
    with ExitStack() as stack:
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            held = HubError(f"Another process fetches {name}.")  # never said: it is waited for
            stack.enter_context(locked(folder / quote(name, safe=""), -1, held))
        yield


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except HubError:
        raise
    except OSError as error:
        raise HubError(
            f"The cache {folder} cannot be written to: {error.strerror or error}. Nothing was left behind. Make room "
            f"there, or name another folder in the environment variable {HOME_VARIABLE}."
        ) from error


def _check_space(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < num_bytes + SPARE_BYTES:
        raise HubError(
            f"The disk of the cache {folder} is full: {free / 2**20:,.0f} MiB are free, and "
            f"{(num_bytes + SPARE_BYTES) / 2**20:,.0f} MiB are needed. Make room there, or name another folder in the "
            f"environment variable {HOME_VARIABLE}."
        )


def _remove_stale(folder: Path) -> None:
    for path in folder.glob(f"{STAGING}*"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _hub_folder(repository: str) -> Path:
    return home() / "worlds" / "hub" / repository.replace("/", "--")
