"""Where a dataset is made: beside its place, by one process at a time, and without a trace if that one fails."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gym_diamond.errors import InvalidDataset
from gym_diamond.files import locked

PREFIX = ".making-"
REPLACED = "replaced"  # in it: the dataset of that name that was there before
STALE_SECONDS = 24 * 3600  # after which what a killed process left is removed


@contextmanager
def workplace(folder: Path, name: str, timeout: float = 0) -> Iterator[Path]:
    """A folder in `folder` in which the dataset `name` can be made, and nobody else makes it; it vanishes afterwards.

    Args:
        folder: where all datasets are.
        name: of the dataset.
        timeout: seconds to wait for another process that makes it; -1 = as long as that takes.

    Raises:
        InvalidDataset: another process makes it.
        OSError: `folder` cannot be written to.
    """
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another process is done with it just now
            newest = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
            if time.time() - newest > STALE_SECONDS and not (left / REPLACED).exists():
                shutil.rmtree(left, ignore_errors=True)
    held = InvalidDataset(f"Another process makes the dataset {name!r} just now; choose another name.")
    with locked(folder / f".{name.replace('/', '--')}.lock", timeout, held):
        temporary = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        try:
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
