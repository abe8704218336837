"""Archives of arrays (.npz) from strangers: what they would unpack to is known before anything is unpacked.

A zip file of a few kilobytes can unpack to terabytes, and the header of an array can promise a size that its bytes do
not have; NumPy reserves memory for both. Here the table of the archive and the headers of its arrays are read only.
"""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np

MAX_UNPACKED_BYTES = 2**30  # 20,000 contexts of four 64x64 frames
MAX_TABLE_ENTRIES = 64
# What reading an archive may raise, by where it is damaged: zipfile, zlib and the parser of NumPy's headers each have
# errors of their own, and for an unknown flag or method of compression there is RuntimeError.
PARSING = (TypeError, tokenize.TokenError)
DAMAGED = (OSError, ValueError, EOFError, AttributeError, RuntimeError, zipfile.BadZipFile, zlib.error, *PARSING)

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_archive(path: Path, names: Collection[str], max_bytes: int = MAX_UNPACKED_BYTES) -> None:
    """Nothing, if the .npz at `path` holds exactly the arrays `names`, each as large as its header says.

    Args:
        path: the file.
        names: of the arrays, without ".npy".
        max_bytes: of all arrays together, unpacked.

    Raises:
        ValueError: it does not, or an array has to be unpickled.
        zipfile.BadZipFile: it is no archive.
        OSError: it cannot be read.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        found = [entry.filename.removesuffix(".npy") for entry in entries[:MAX_TABLE_ENTRIES]]
        if sorted(found) != sorted(names):
            raise ValueError(f"it holds {sorted(found)}; it must hold {sorted(names)}")
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > max_bytes:
            raise ValueError(f"it would unpack to {unpacked:,} bytes; at most {max_bytes:,} are read")
        for entry in entries:
            with archive.open(entry) as file:
                promised = _promised_bytes(file)
            if promised != entry.file_size:
                raise ValueError(f"{entry.filename} promises {promised:,} bytes and has {entry.file_size:,}")


def _promised_bytes(file: IO[bytes]) -> int:
    """The length of a .npy file according to its header."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"its arrays are of format {version}")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which would have to be unpickled")
    if min(shape, default=0) < 0:
        raise ValueError(f"an array has the shape {shape}")
    return file.tell() + math.prod(shape) * dtype.itemsize
