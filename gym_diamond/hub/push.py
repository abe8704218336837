"""A world directory from here to the Hub."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

from gym_diamond.banks import check_coming
from gym_diamond.checkpoint import CARD, LIMITS, METRICS, World, load_world
from gym_diamond.errors import HubError, InvalidArgument, InvalidWorld
from gym_diamond.files import read_json
from gym_diamond.hub.address import DEFAULT_REVISION, Address, check_repository
from gym_diamond.hub.connection import check_reachable, endpoint, explaining
from gym_diamond.hub.model_card import model_card, named_licence

DEFAULT_LICENCE = "mit"


def push(directory: Path, repository: str, *, licence: str | None = None, private: bool = False) -> str:
    """Put the world in `directory` on the Hub, and return the address by which others dream it, with its commit.

    Only the files of a world are sent, in one commit; what the repository holds besides is left alone.

    Args:
        directory: a world directory, which is loaded first: what is not whole is not sent.
        repository: OWNER/NAME; made if it does not exist.
        licence: as the Hub names it; by default that of the world's card, else "mit"; but to be given for weights that
            others made, or that were fitted on from theirs.
        private: make a new repository private.

    Raises:
        InvalidArgument: the repository's name is wrong, or weights are someone else's, or began so, and no licence was
            given.
        InvalidWorld: the directory is no whole world, or a file in it is a link.
        HubError: there is no token, or the Hub refuses or cannot be reached.
    """
    check_repository(repository, repository)
    world = load_world(directory)
    check_coming(directory, world.model.spec)
    files = _plain_files(directory)
    text = _card_text(world)
    card = _card(world, text, repository, _licence(world, text, licence))
    token = get_token()
    if token is None:
        raise HubError(
            f"To put {directory} at {repository}, the Hub has to know you: log in with `hf auth login`, or set "
            f"HF_TOKEN to a token that may write, from {endpoint()}/settings/tokens."
        )
    check_reachable()
    address = Address(repository, DEFAULT_REVISION)
    with explaining(address, f"Sending {directory} to {repository}"):
        api = HfApi(endpoint=endpoint(), token=token)
        api.create_repo(repository, private=private, exist_ok=True)
        stale = [name for name in api.list_repo_files(repository) if name in LIMITS and name not in files]
        added = {name: path for name, path in files.items() if name != CARD}
        commit = api.create_commit(
            repository,
            [
                *(CommitOperationAdd(name, path) for name, path in added.items()),
                CommitOperationAdd(CARD, card.encode()),
                *(CommitOperationDelete(name) for name in stale if name != CARD),
            ],
            commit_message=f"{world.model.spec.game}, dreamt",
        )
    return str(Address(repository, commit.oid))


def _plain_files(directory: Path) -> dict[str, Path]:
    """The files of the world in `directory` by name; a link could lead to something that is nobody's business."""
    present = {name: directory / name for name in LIMITS if (directory / name).exists()}
    links = [name for name, path in present.items() if path.is_symlink()]
    if links:
        raise InvalidWorld(f"{directory}: {', '.join(links)} is a link; put the file itself there before it is sent.")
    return present


def _licence(world: World, card: str, licence: str | None) -> str:
    if licence is not None:
        return licence
    source = _source(world.provenance)
    if source is not None:
        raise InvalidArgument(
            f"The weights in {world.directory} are not yours but from {source.get('repository')}, or were fitted on "
            "from there, and its authors name the licence (or none). If you may pass them on, say under which: "
            "--licence NAME."
        )
    return named_licence(card) or DEFAULT_LICENCE


def _source(provenance: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Where weights are from that others made: those of the world, or some that a fit of it began from."""
    ancestors = provenance.get("start_from", {}).values()
    found = (provenance.get("source"), *map(_source, ancestors))
    return next((source for source in found if source is not None), None)


def _card_text(world: World) -> str:
    path = world.directory / CARD
    return path.read_text(encoding="utf-8") if path.exists() else f"# {world.model.spec.game}, dreamt\n"


def _card(world: World, text: str, repository: str, licence: str) -> str:
    measured = world.directory / METRICS
    metrics = read_json(measured, InvalidWorld) if measured.exists() else {}
    return model_card(text, world.model.spec, world.provenance, metrics, repository, licence)
