"""Files that are written whole or not at all, and read with an error that names them.

A run may be killed and a disk may fill up at any moment. Every file is first written beside its place under a name
that starts with a dot, flushed to the disk, and then renamed over the old one: whoever looks finds the old or the new
file, never a part of one.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gym_diamond.errors import GymDiamondError

NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)  # of network file systems
PARTS = ".*.tmp*"  # the names of files that are being written
MAX_JSON_BYTES = 2**25  # provenance with a digest for each of 100,000 episodes takes 7 MB
MAX_TENSORS_HEADER_BYTES = 2**22  # a name, a shape and a place take some 130 bytes a tensor


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The temporary path to write to; on leaving it takes the place of `path`, or vanishes if there was an error."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")  # one of PARTS
    try:
        yield temporary
        temporary.chmod(0o644)  # some writers make files that only their owner may read
        _flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)


def make_writable(folder: Path) -> None:
    """Nothing, once `folder` is there and can be written to: asked before minutes of work, not after.

    Raises:
        OSError: it cannot be made, or not be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def sha256(path: Path) -> str:
    """The SHA-256 of the file at `path`, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(path: Path, timeout: float, held: GymDiamondError) -> Iterator[None]:
    """Within it no other process of this package holds the file at `path`, which vanishes afterwards.

    Where a file system knows no locks, others may.

    Args:
        path: of a file that is made for this.
        timeout: seconds to wait for another process; -1 = as long as it takes.
        held: what is raised if that one still holds it then.
    """
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except Timeout:
        raise held from None
    except NotImplementedError:
        pass
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        with suppress(PermissionError):  # of Windows, which removes it with the lock
            path.unlink(missing_ok=True)
        lock.release()


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` to `path` as JSON, whole or not at all."""
    write_text(path, json.dumps(values, indent=2) + "\n")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write named tensors to `path` as safetensors, whole or not at all."""
    on_host = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        try:
            save_file(on_host, temporary, dict(metadata))
        except SafetensorError as error:  # a full disk reaches us as this
            raise OSError(None, str(error), str(path)) from error


def read_json(path: Path, error: type[GymDiamondError]) -> dict[str, Any]:
    """The JSON object in the file at `path`.

    Raises:
        error: the file is missing, larger than `MAX_JSON_BYTES`, is not JSON, or holds something else than an object.
    """
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise error(f"{path} has {size:,} bytes; a JSON file here has at most {MAX_JSON_BYTES:,}.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path} is missing.") from None
    except RecursionError:
        raise error(f"{path} is nested too deeply to be read.") from None
    except error:
        raise
    except ValueError as reason:
        raise error(f"{path} is damaged: it is not JSON ({reason}). Copy it again from where it came.") from reason
    if not isinstance(values, dict):
        raise error(f"{path} must hold a JSON object, not {type(values).__name__}.")
    return values


def read_tensors(path: Path, error: type[GymDiamondError]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The named tensors and the metadata in the safetensors file at `path`.

    Raises:
        error: the file is missing, truncated or not a safetensors file.
    """
    try:
        with path.open("rb") as raw:
            header = int.from_bytes(raw.read(8), "little")
        if header > MAX_TENSORS_HEADER_BYTES:
            raise error(f"{path} is damaged: it names a header of {header:,} bytes.")
        with safe_open(path, framework="pt") as file:
            # A file's tensors lie where its header ends. Kernels round otherwise on memory that is not aligned, so what
            # is read would not go on to the bit as what was written; a copy is aligned.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except FileNotFoundError:
        raise error(f"{path} is missing.") from None
    except (SafetensorError, RuntimeError) as reason:  # RuntimeError: the file ends before its last tensor
        raise error(f"{path} is damaged or truncated ({reason}). Copy it again from where it came.") from reason


def _flush(path: Path) -> None:
    """Wait until the disk has what was written at `path`, a file or a folder of names."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
