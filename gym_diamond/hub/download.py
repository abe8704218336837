"""One file from the Hub: first what it is, then its bytes, which must be those that were announced.

The Hub names every file by a hash: the SHA-256 of its bytes for large ones, Git's own for small ones. Whatever arrives
shorter, longer or different is refused, and so is what does not say what it is.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status
from tqdm import tqdm

from gym_diamond.errors import HubError
from gym_diamond.hub.address import Address, is_commit
from gym_diamond.hub.connection import MissingFile, endpoint, explaining

ANSWER_SECONDS = 2.5  # for what a file is
SILENCE_SECONDS = 3.5  # between two pieces of it
CHUNK_BYTES = 2**20


class RemoteFile(NamedTuple):
    """A file on the Hub, at one commit."""

    name: str
    address: Address  # its revision is the commit
    url: str
    size: int  # bytes
    digest: str  # hexadecimal: SHA-256 (64 digits) or the SHA-1 of Git (40)


def find_file(address: Address, name: str, max_bytes: int) -> RemoteFile:
    """What the file `name` is, at the commit that the address means now.

    Args:
        address: repository and revision.
        name: its path in the repository.
        max_bytes: a larger one is refused.

    Raises:
        HubError: there is no such repository, revision or file, it is too large, or the Hub does not say what it is.
    """
    found = find_optional_file(address, name, max_bytes)
    if found is None:
        raise HubError(f"{address.repository} on the Hub has no file {name} at revision {address.revision!r}.")
    return found


def find_optional_file(address: Address, name: str, max_bytes: int) -> RemoteFile | None:
    """As `find_file`, but None where there is no such file."""
    url = hf_hub_url(address.repository, name, revision=address.revision, endpoint=endpoint())
    try:
        with explaining(address, f"Asking for {name} of {address.repository}"):
            found = get_hf_file_metadata(url, timeout=ANSWER_SECONDS, endpoint=endpoint())
    except MissingFile:
        return None
    if not is_commit(found.commit_hash or "") or found.size is None or len(found.etag or "") not in (40, 64):
        raise HubError(f"{endpoint()} does not answer as the Hub does: {name} comes without commit, size or hash.")
    if found.size > max_bytes:
        raise HubError(
            f"{name} of {address.repository} has {found.size:,} bytes; at most {max_bytes:,} are taken. It is not what "
            "it should be."
        )
    at_commit = Address(address.repository, str(found.commit_hash))
    return RemoteFile(name, at_commit, found.location, found.size, str(found.etag))


def fetch_file(file: RemoteFile, path: Path, bar: "tqdm[Any]") -> None:
    """Write the bytes of `file` to `path`.

    Args:
        file: as `find_file` gives it.
        path: in a folder that vanishes after an error, for then it is incomplete.
        bar: is moved on by the bytes that arrive.

    Raises:
        HubError: the connection was cut or silent, or other bytes came than were announced.
    """
    hasher = hashlib.sha256() if len(file.digest) == 64 else hashlib.sha1(f"blob {file.size}\0".encode())
    received = 0
    what = f"The download of {file.name} of {file.address.repository}"
    with (
        explaining(file.address, what),
        get_session().stream(
            "GET", file.url, headers=_headers(file.url), timeout=SILENCE_SECONDS, follow_redirects=True
        ) as response,
        path.open("wb") as out,
    ):
        hf_raise_for_status(response)
        for chunk in response.iter_bytes(CHUNK_BYTES):
            received += len(chunk)
            if received > file.size:
                break
            out.write(chunk)
            hasher.update(chunk)
            bar.update(len(chunk))
        out.flush()
        os.fsync(out.fileno())  # a folder of files is renamed into the cache, which a power cut must not leave empty
    if received != file.size:
        raise HubError(f"{what} is not whole: {received:,} bytes came of {file.size:,}. Try again.")
    if hasher.hexdigest() != file.digest:
        raise HubError(f"{what} is damaged: its hash is not the one that the Hub announced. Try again.")


def _headers(url: str) -> dict[str, str]:
    """With the user's token for the Hub itself only, not for where it stores its files."""
    is_hub = urlsplit(url).netloc == urlsplit(endpoint()).netloc
    return {**build_hf_headers(token=None if is_hub else False), "Accept-Encoding": "identity"}
