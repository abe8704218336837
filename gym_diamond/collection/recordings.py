"""Which files belong together in recordings that a person brings: a file or folder of frames, and one of actions, each.

    videos/walk01.mp4  <->  actions/walk01.csv
    videos/walk02/     <->  actions/walk02.csv      a folder of PNG or JPEG pictures
    videos/walk03.npz  <->  actions/walk03.npy

They are matched by their names without the ending. Only names are looked at here, not what is in the files.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gym_diamond.errors import InvalidDataset

VIDEOS = (".mp4", ".avi", ".webm", ".gif", ".mkv", ".mov")
ARRAYS = (".npz", ".npy")
PICTURES = (".png", ".jpg", ".jpeg")
LOGS = (".csv", ".npy")
MAX_TOLD = 20  # problems of one import


class Recording(NamedTuple):
    """The files of one recording."""

    name: str  # without the ending
    frames: Path  # a video, an array, or a folder of pictures
    actions: Path  # CSV or NPY
    rewards: Path | None  # NPY
    ends: Path | None  # NPY


def find_recordings(frames: Path, actions: Path, rewards: Path | None, ends: Path | None) -> list[Recording]:
    """All recordings, in the order of their names, numbers in them counted as such.

    Args:
        frames: a folder of videos, arrays or folders of pictures; or a single one of these.
        actions: a folder of CSV or NPY files; or the single file for a single recording.
        rewards, ends: likewise, NPY; None if they stand in the CSV files or are not known.

    Raises:
        InvalidDataset: a folder is missing or empty, or a file has no partner, or more than one.
    """
    sources = find_frames(frames, [folder for folder in (actions, rewards, ends) if folder is not None])
    columns = [
        _partners("actions", sources, actions, LOGS),
        _partners("rewards", sources, rewards, (".npy",)),
        _partners("ends", sources, ends, (".npy",)),
    ]
    problems = [problem for _, found in columns for problem in found]
    problems += _twins(sources)
    if problems:
        raise problems_of(problems)
    rows = zip(sources, *(partners for partners, _ in columns), strict=True)
    return [Recording(name_of(source), source, *found) for source, *found in rows]  # pyright: ignore[reportArgumentType]


def problems_of(problems: Sequence[str]) -> InvalidDataset:
    """The error that tells all `problems`, a line each, but not hundreds."""
    if len(problems) == 1:
        return InvalidDataset(problems[0])
    told = [f"  {problem}" for problem in problems[:MAX_TOLD]]
    more = [f"  ... and {len(problems) - MAX_TOLD} more"] if len(problems) > MAX_TOLD else []
    return InvalidDataset("\n".join([f"{len(problems)} problems:", *told, *more]))


def find_frames(path: Path, others: Sequence[Path]) -> list[Path]:
    """The videos, arrays and folders of pictures at `path`, a folder or a single one.

    Args:
        path: where to look.
        others: files and folders that hold something else, perhaps within it.

    Raises:
        InvalidDataset: there are none.
    """
    if path.is_file() and path.suffix.lower() in VIDEOS + ARRAYS:
        return [path]
    if not path.is_dir():
        what = f"is neither a video ({', '.join(VIDEOS)}) nor an array (.npz, .npy)" if path.exists() else "is missing"
        raise InvalidDataset(f"{path} {what}; give a folder of recordings, or a single one.")
    inside = sorted((entry for entry in path.iterdir() if not entry.name.startswith(".")), key=order)
    pictures = pictures_in(path)
    shared = pictures or any(other.exists() and other.samefile(path) for other in others)
    endings = (*VIDEOS, ".npz") if shared else VIDEOS + ARRAYS  # an NPY file beside others holds actions
    files = [entry for entry in inside if entry.is_file() and entry.suffix.lower() in endings]
    folders = [entry for entry in inside if entry.is_dir() and not any(_leads_to(entry, other) for other in others)]
    if pictures and (files or folders):
        raise InvalidDataset(
            f"{path} holds pictures, such as {pictures[0].name}, beside {(files + folders)[0].name}. Pictures need a "
            "folder for each episode."
        )
    if pictures:
        return [path]
    if not files and not folders:
        raise InvalidDataset(
            f"{path} is empty: it holds no video ({', '.join(VIDEOS)}), no array (.npz, .npy) and no folder of "
            f"pictures ({', '.join(PICTURES)})."
        )
    empty = [folder for folder in folders if not pictures_in(folder)]
    if empty:
        raise problems_of([f"{folder} is a folder without a picture ({', '.join(PICTURES)})." for folder in empty])
    return sorted([*files, *folders], key=order)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in `folder` in the order of their names: frame9.png comes before frame10.png."""
    return sorted(
        (file for file in folder.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith(".")),
        key=order,
    )


def name_of(source: Path) -> str:
    """The name by which a recording is matched: that of a folder, or of a file without its ending."""
    return source.name if source.is_dir() else source.stem


def order(path: Path) -> list[tuple[int, str]]:
    """The place of `path` among others: numbers in its name count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _partners(
    what: str, sources: Sequence[Path], place: Path | None, endings: Sequence[str]
) -> tuple[list[Path | None], list[str]]:
    """The file of `what` of each source, and what is wrong with them."""
    if place is None:
        return [None] * len(sources), []
    if not place.exists():
        raise InvalidDataset(f"{place} is missing; it must hold the {what}.")
    if place.is_file():
        if place.suffix.lower() not in endings:
            raise InvalidDataset(f"{place} holds no {what}: they are kept in files that end in {' or '.join(endings)}.")
        if len(sources) > 1:
            raise InvalidDataset(
                f"{place} is a single file of {what} for {len(sources)} recordings. Give a folder with one for each: "
                f"{', '.join(name_of(source) + endings[0] for source in sources[:2])}, ..."
            )
        return [place], []
    files = [file for file in sorted(place.iterdir(), key=order) if _is_one_of(file, endings)]
    files = [file for file in files if not any(file.samefile(source) for source in sources)]
    return _match(what, sources, place, files, endings)


def _match(
    what: str, sources: Sequence[Path], place: Path, files: Sequence[Path], endings: Sequence[str]
) -> tuple[list[Path | None], list[str]]:
    found: list[Path | None] = []
    problems: list[str] = []
    for source in sources:
        own = [file for file in files if file.stem == name_of(source)]
        found.append(own[0] if own else None)
        if not own:
            wanted = " or ".join(name_of(source) + ending for ending in endings)
            problems.append(f"{source} has no {what}: there is no {wanted} in {place}.")
        if len(own) > 1:
            problems.append(f"{source} has two files of {what}: {', '.join(map(str, own))}. Keep one.")
    known = {name_of(source) for source in sources}
    problems += [
        f"{file} has no frames: no recording is called {file.stem}." for file in files if file.stem not in known
    ]
    return found, problems


def _twins(sources: Iterable[Path]) -> list[str]:
    first: dict[str, Path] = {}
    problems = []
    for source in sources:
        twin = first.setdefault(name_of(source), source)
        if twin != source:
            problems.append(f"{twin} and {source} have the same name, so the same actions. Rename one.")
    return problems


def _is_one_of(file: Path, endings: Sequence[str]) -> bool:
    return file.is_file() and file.suffix.lower() in endings and not file.name.startswith(".")


def _leads_to(folder: Path, other: Path) -> bool:
    return other.is_dir() and other.resolve().is_relative_to(folder.resolve())
