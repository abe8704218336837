"""How the file of a result is named, so that no run overwrites what another run has found."""

import re
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any


def target(path: Path, document: Mapping[str, Any]) -> Path:
    """The file that a run writes its first `document` to, and all later ones: `path`, or if that is a folder a new file
    in it. Of several runs that have the same name, the second ends in -2.
    """
    if not path.is_dir():
        return path
    name, endings = base_name(document), chain([""], (f"-{i}" for i in count(2)))
    return next(file for ending in endings if not (file := path / f"{name}{ending}.json").exists())


def base_name(document: Mapping[str, Any]) -> str:
    """Date, hardware, threads, subject and modes of a result, as a name of small letters, digits and hyphens."""
    row, hardware = document["rows"][0], document["hardware"]
    modes = dict.fromkeys(row["mode"] for row in document["rows"])
    words = f"{hardware['model']} {row['threads']} threads {row['preset'] or row['world']} {' '.join(modes)}"
    return f"{document['date'][:10]}-{re.sub('[^a-z0-9]+', '-', words.lower()).strip('-')}"
