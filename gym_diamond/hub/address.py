"""How a world on the Hub is named: hub:OWNER/NAME, or hub:OWNER/NAME@REVISION."""

import re
from typing import NamedTuple

from gym_diamond.errors import InvalidArgument

PREFIX = "hub:"
DEFAULT_REVISION = "main"

_PART = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}"
_REPOSITORY = re.compile(f"{_PART}/{_PART}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Address(NamedTuple):
    """A world directory on the Hub."""

    repository: str  # OWNER/NAME
    revision: str  # a branch, a tag or a commit

    def __str__(self) -> str:
        return f"{PREFIX}{self.repository}@{self.revision}"


RELEASE = Address("eloialonso/diamond", "5d4abca9af6ab1b3ab1c6fc228cacb7281130f7f")  # the weights of DIAMOND's authors


def read_address(text: str) -> Address:
    """The address that `text` is, its revision "main" where it names none.

    Raises:
        InvalidArgument: it is none. Nothing that is let through can lead out of a folder or to another server.
    """
    repository, at, revision = text.removeprefix(PREFIX).partition("@")
    revision = revision if at else DEFAULT_REVISION
    check_repository(repository, text)
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise InvalidArgument(f"{text!r}: {revision!r} is no revision; give a branch, a tag or a commit.")
    return Address(repository, revision)


def check_repository(repository: str, given: str) -> None:
    """Nothing, if `repository` can be the name of one on the Hub.

    Raises:
        InvalidArgument: it cannot; the message shows what was `given`.
    """
    if not _REPOSITORY.fullmatch(repository) or ".." in repository or "--" in repository:
        raise InvalidArgument(f"{given!r} names no repository; it must be OWNER/NAME, as in somebody/breakout-world.")


def is_commit(revision: str) -> bool:
    """Whether `revision` is the full name of a commit, which means the same for ever."""
    return _COMMIT.fullmatch(revision) is not None
