"""The line to the Hub: is it there, within two seconds; and what its errors mean, in words for people."""

import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,  # pyright: ignore[reportPrivateImportUsage]  # of httpx or httpx2, whichever the library is built on
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session

from gym_diamond.errors import HubError
from gym_diamond.hub.address import Address

PROBE_SECONDS = 2.0
OFFLINE_VARIABLE = "HF_HUB_OFFLINE"


class MissingFile(HubError):
    """A repository has no file of that name; the only error that anyone here goes on after."""


def endpoint() -> str:
    """The address of the Hub: huggingface.co, or the mirror that HF_ENDPOINT names."""
    return os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")


def check_reachable() -> None:
    """Nothing, if the Hub gives any answer within two seconds.

    Raises:
        HubError: it does not, or HF_HUB_OFFLINE forbids to ask.
    """
    if constants.HF_HUB_OFFLINE:
        raise HubError(f"The Hub is not asked, because {OFFLINE_VARIABLE} is set.")
    answer: queue.Queue[Exception | None] = queue.Queue()
    # In a thread, because looking up the name of a host obeys no timeout.
    threading.Thread(target=_knock, args=(endpoint(), answer), daemon=True).start()
    try:
        error = answer.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        raise HubError(f"The Hub ({endpoint()}) did not answer within {PROBE_SECONDS:g} seconds.") from None
    if error is not None:
        raise HubError(f"The Hub ({endpoint()}) cannot be reached: {_words(error)}.") from error


def _knock(url: str, answer: "queue.Queue[Exception | None]") -> None:
    try:
        get_session().head(url, timeout=2 * PROBE_SECONDS)  # the other thread has given up by then, and says so
        answer.put(None)
    except Exception as error:  # whatever it is, the other thread says it
        answer.put(error)


@contextmanager
def explaining(address: Address, doing: str) -> Iterator[None]:
    """Errors of the Hub and of the line to it, as `HubError`.

    Args:
        address: what is asked for.
        doing: the words for "X failed", as in "The download of X".
    """
    repository, revision = address
    try:
        yield
    except LocalEntryNotFoundError as error:  # the library's own downloads say so when the line is cut
        raise HubError(f"{doing} failed: the connection was lost. Try again.") from error
    except EntryNotFoundError as error:
        raise MissingFile(f"{doing} failed: there is no such file at revision {revision!r}.") from error
    except GatedRepoError as error:
        raise HubError(
            f"{repository} is on the Hub, but only for those who were let in: ask for access at "
            f"{endpoint()}/{repository}, then log in with `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise HubError(
            f"There is no repository {repository} on the Hub ({endpoint()}), or it is private; check the name, or log "
            "in with `hf auth login`."
        ) from error
    except RevisionNotFoundError as error:
        raise HubError(
            f"{repository} on the Hub has no revision {revision!r} (any more); see {endpoint()}/{repository}/commits."
        ) from error
    except HfHubHTTPError as error:
        raise HubError(f"{doing} failed: the Hub answered {error.response.status_code}. {_refusal(error)}") from error
    except OfflineModeIsEnabled as error:
        raise HubError(f"The Hub is not asked, because {OFFLINE_VARIABLE} is set.") from error
    except HTTPError as error:
        raise HubError(f"{doing} failed: {_words(error)}. Try again.") from error


def _words(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _refusal(error: HfHubHTTPError) -> str:
    if error.response.status_code in (401, 403):
        return "Log in with `hf auth login`, with a token that may do this."
    return "Try again in a while."
