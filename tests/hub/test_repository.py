"""Worlds that strangers share: brought whole into the cache, and nothing in them is run, however hostile."""

import io
import json
import pickle
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from huggingface_hub import constants

from gym_diamond.checkpoint import load_world
from gym_diamond.errors import HubError, InvalidArgument, InvalidWorld
from gym_diamond.hub import find_world
from gym_diamond.hub.address import Address
from gym_diamond.hub.cache import hub_worlds
from gym_diamond.hub.repository import hub_world
from tests.hub.standin import StandIn
from tests.hub.test_official import kept
from tests.tiny import write_tiny_world

REPOSITORY, OLD, NEW = "somebody/breakout-world", "a" * 40, "b" * 40
REQUIRED = ("config.json", "contexts.npz", "model.safetensors", "provenance.json")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a small, harmless world."""
    directory = write_tiny_world(tmp_path_factory.mktemp("worlds") / "tiny")
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def shared(hub: StandIn, tiny: dict[str, bytes]) -> StandIn:
    hub.put(REPOSITORY, OLD, dict(tiny), "main", "v1")
    return hub


def test_a_shared_world_is_dreamt_by_its_address(shared: StandIn, cache: Path):
    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=f"hub:{REPOSITORY}@v1", device="cpu")
    assert env.reset(seed=0)[0].shape == (64, 64, 3)
    names = ("README.md", *REQUIRED)
    place = f"worlds/hub/somebody--breakout-world/{OLD}"
    assert kept(cache) == [*(f"{place}/{name}" for name in names), "worlds/hub/somebody--breakout-world/refs/v1"]
    assert f"hub/somebody--breakout-world/{OLD}" in repr(env), "which commit it is"


def test_a_branch_is_looked_up_once_and_again_by_pull(shared: StandIn, tiny: dict[str, bytes]):
    first = find_world(f"hub:{REPOSITORY}", None)
    assert first.name == OLD
    shared.put(REPOSITORY, NEW, {**tiny, "README.md": b"# Better"}, "main")
    shared.requests.clear()
    assert find_world(f"hub:{REPOSITORY}", None) == first
    assert find_world(f"hub:{REPOSITORY}@{OLD}", None) == first
    assert shared.requests == []
    assert hub_world(Address(REPOSITORY, "main"), refresh=True).name == NEW
    assert find_world(f"hub:{REPOSITORY}", None).name == NEW
    assert (first / "README.md").read_text() == "A tiny world.", "what was pinned stays as it was"


def test_a_world_that_is_still_being_fetched_is_not_listed(shared: StandIn, cache: Path):
    whole = find_world(f"hub:{REPOSITORY}", None)
    half = whole.parent / ".filling-abcd"
    half.mkdir()
    (half / "config.json").write_bytes((whole / "config.json").read_bytes())
    assert hub_worlds() == [(REPOSITORY, OLD, whole)]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_world_of_which_a_file_was_deleted_is_fetched_again(shared: StandIn, name: str):
    place = find_world(f"hub:{REPOSITORY}", None)
    (place / name).unlink()
    assert hub_worlds() == []
    assert find_world(f"hub:{REPOSITORY}", None) == place
    assert all((place / other).is_file() for other in REQUIRED)


def test_pull_fetches_a_damaged_world_again(shared: StandIn):
    address = Address(REPOSITORY, "main")
    weights = hub_world(address) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    hub_world(address, refresh=True)
    assert weights.read_bytes() == whole


def test_a_branch_and_its_commit_are_not_fetched_at_the_same_time(shared: StandIn, monkeypatch: pytest.MonkeyPatch):
    locks: list[str] = []

    @contextmanager
    def noted(name: str) -> Iterator[None]:
        locks.append(name)
        yield

    monkeypatch.setattr("gym_diamond.hub.repository.alone", noted)
    hub_world(Address(REPOSITORY, "main"))
    hub_world(Address(REPOSITORY, OLD), refresh=True)
    assert locks == [REPOSITORY, REPOSITORY]


def test_what_a_world_does_not_have_is_never_asked_for(shared: StandIn, tiny: dict[str, bytes], cache: Path):
    extra = {"setup.py": b"raise SystemExit", "../../evil": b"x", "model.pt": b"x", "link": b"x"}
    shared.put(REPOSITORY, OLD, {**tiny, **extra}, "main")
    find_world(f"hub:{REPOSITORY}", None)
    asked = {path.rpartition("/")[2] for path in shared.asked("HEAD") + shared.asked("GET") if "/resolve/" in path}
    assert not asked & {"setup.py", "evil", "model.pt", "link"}
    assert not any(name.endswith(tuple(extra)) for name in kept(cache))


def test_a_second_bank_of_moments_comes_with_the_world_and_is_looked_at_before_it_is_kept(
    shared: StandIn, tiny: dict[str, bytes], cache: Path
):
    shared.put(REPOSITORY, OLD, {**tiny, "coming.npz": b"not an archive"}, "main")
    with pytest.raises(HubError, match=r"is no world that can be loaded: .*coming\.npz"):
        find_world(f"hub:{REPOSITORY}", None)
    assert kept(cache) == []
    shared.put(REPOSITORY, NEW, {**tiny, "coming.npz": tiny["contexts.npz"]}, "main")
    assert load_world(hub_world(Address(REPOSITORY, "main"), refresh=True), contexts="coming").contexts.frames.any()


@pytest.mark.parametrize("name", REQUIRED)
def test_a_world_that_lacks_a_file_is_refused(name, shared: StandIn, tiny: dict[str, bytes], cache: Path):
    shared.put(REPOSITORY, OLD, {key: data for key, data in tiny.items() if key != name}, "main")
    with pytest.raises(HubError, match=f"has no file {name}"):
        find_world(f"hub:{REPOSITORY}", None)
    assert kept(cache) == []


def npz(**arrays: np.ndarray) -> bytes:
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    return data.getvalue()


def zip_bomb() -> bytes:
    """An archive whose frames unpack to two GiB, as its table says."""
    small = npz(
        frames=np.zeros((1, 4, 8, 8, 3), np.uint8), actions=np.zeros((1, 3), int), is_real=np.ones((1, 4), bool)
    )
    entry = small.index(b"PK\1\2")  # of the table: the first array, whose unpacked size is told 24 bytes later
    return small[: entry + 24] + struct.pack("<I", 2**31 - 1) + small[entry + 28 :]


def npy(shape: tuple[int, ...], data: bytes, descr: str = "<i8") -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue() + data


def empty_promise() -> bytes:
    """An array whose header asks for 64 TiB, and which has none of it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("frames.npy", npy((2**40, 4, 4, 1, 1), b"", "|u1"))
        archive.writestr("actions.npy", npy((1, 3), bytes(24)))
        archive.writestr("is_real.npy", npy((1, 4), bytes(4), "|b1"))
    return data.getvalue()


class Evil:
    def __reduce__(self):
        return (open, ("ran", "w"))


def edited(name: str, edit: Callable[[dict], object]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def apply(files: dict[str, bytes]) -> dict[str, bytes]:
        values = json.loads(files[name])
        edit(values)
        return {name: json.dumps(values).encode()}

    return apply


evil_pickle = pickle.dumps(Evil())
HOSTILE = {
    "a pickle among the arrays": (
        lambda files: {"contexts.npz": npz(frames=np.array([Evil()], object), actions=np.zeros(1), is_real=np.ones(1))},
        "Python objects",
    ),
    "a pickle instead of arrays": (lambda files: {"contexts.npz": evil_pickle}, "cannot be read"),
    "a pickle instead of weights": (lambda files: {"model.safetensors": evil_pickle}, "is damaged"),
    "a zip bomb": (lambda files: {"contexts.npz": zip_bomb()}, "would unpack to 2,147,483,"),
    "an array that promises 64 TiB": (lambda files: {"contexts.npz": empty_promise()}, "promises 17,592,186,044,"),
    "names that lead out of the archive": (lambda files: {"contexts.npz": npz(**{"../../evil": np.zeros(1)})}, "holds"),
    "a header of four gigabytes": (
        lambda files: {"model.safetensors": struct.pack("<Q", 2**32) + files["model.safetensors"][8:]},
        "names a header of 4,294,967,296 bytes",
    ),
    "a JSON nested a million deep": (lambda files: {"provenance.json": b"[" * 10**6}, "nested too deeply"),
    "a JSON that is a list": (lambda files: {"provenance.json": b"[]"}, "must hold a JSON object"),
    "an unknown field": (edited("config.json", lambda c: c.update(code="import os")), "must have exactly the fields"),
    "a backend that is a module": (edited("config.json", lambda c: c.update(backend="os")), "no world-model backend"),
    "a network of a trillion weights": (
        edited("config.json", lambda c: c["model"]["denoiser"].update(channels=[65536, 65536])),
        "asks for",
    ),
    "an endless network": (
        edited("config.json", lambda c: c["model"]["denoiser"].update(depths=[1, 10**9])),
        "more than 64 blocks",
    ),
    "endless denoising": (
        edited("config.json", lambda c: c["sampling"].update(num_denoising_steps=10**12)),
        "at most 1000",
    ),
    "a policy that is a pickle": (lambda files: {"policy.safetensors": evil_pickle}, "is damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_world_is_refused_before_it_costs_anything(kind, shared: StandIn, tiny, cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    change, complaint = HOSTILE[kind]
    shared.put(REPOSITORY, OLD, {**tiny, **change(tiny)}, "main")
    began = time.monotonic()
    with pytest.raises(HubError, match="is no world that can be loaded: ") as caught:
        find_world(f"hub:{REPOSITORY}", None)
    assert complaint in str(caught.value)
    assert time.monotonic() - began < 30
    assert not (tmp_path / "ran").exists()
    assert kept(cache) == []


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if "policy" not in kind])  # which no dream reads
def test_and_as_well_where_somebody_unpacked_it_by_hand(kind, tiny: dict[str, bytes], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    change, complaint = HOSTILE[kind]
    for name, data in {**tiny, **change(tiny)}.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidWorld, match=complaint):
        load_world(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", REQUIRED)
def test_a_file_that_is_too_large_is_not_even_begun(name, shared: StandIn, cache: Path):
    shared.fault = f"huge {name}"
    with pytest.raises(HubError, match=rf"{name} of somebody/breakout-world has 1,000,000,000,000,000 bytes; at most"):
        find_world(f"hub:{REPOSITORY}", None)
    assert (shared.asked("GET"), kept(cache)) == ([], [])


def test_a_file_that_is_too_large_is_not_read_from_a_directory_either(tiny: dict[str, bytes], tmp_path: Path):
    for name, data in tiny.items():
        (tmp_path / name).write_bytes(data)
    with (tmp_path / "config.json").open("r+b") as file:
        file.truncate(2**20 + 1)
    with pytest.raises(InvalidWorld, match=r"config\.json has 1,048,577 bytes; in a world it has at most 1,048,576"):
        load_world(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "hub:", "hub:a", "hub:a/b/c", "hub:../b", "hub:a/..", "hub:a/b@", "hub:a/b@../../c", "hub:a/b@x y", 
        "hub:a--b/c",
        "hub:http://a/b", "hub:a/b@é", "hub:/etc/passwd", "hub:a/b\n", "hub:" + "a" * 200 + "/b", "hub:a/b?c@d",
    ],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_is_none(address, hub: StandIn, cache: Path):
    with pytest.raises(InvalidArgument, match=r"names no repository|is no revision"):
        find_world(address, None)
    assert (hub.requests, kept(cache)) == ([], [])


def test_a_server_that_names_a_path_as_the_commit_is_not_believed(shared: StandIn, cache: Path):
    shared.fault = "commit"
    with pytest.raises(HubError, match="does not answer as the Hub does"):
        find_world(f"hub:{REPOSITORY}", None)
    assert kept(cache) == []


def test_the_token_goes_to_the_hub_and_not_to_where_it_stores_files(shared: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    find_world(f"hub:{REPOSITORY}", None)
    tokens = {request.host: {r.token for r in shared.requests if r.host == request.host} for request in shared.requests}
    assert "Bearer hf_secret" in tokens["127.0.0.1"]
    assert tokens["localhost"] == {None}


def test_what_fails_says_how_to_get_it_later(shared: StandIn, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(HubError, match="no revision 'v9'"):
        find_world(f"hub:{REPOSITORY}@v9", None)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match=rf"HF_HUB_OFFLINE is set.\n.*`gym-diamond pull hub:{REPOSITORY}@v1` gets it"):
        find_world(f"hub:{REPOSITORY}@v1", None)


def test_loading_leaves_no_trace_in_the_random_numbers_of_the_caller(tiny: dict[str, bytes], tmp_path: Path):
    for name, data in tiny.items():
        (tmp_path / name).write_bytes(data)
    before = torch.get_rng_state()
    load_world(tmp_path)
    assert torch.equal(before, torch.get_rng_state())
