"""The authors' worlds: fetched once from the Hub, converted, kept; and every way in which that can fail."""

import errno
import io
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from huggingface_hub import constants

from gym_diamond.checkpoint import load_world
from gym_diamond.collection.actor import load_actor
from gym_diamond.errors import HubError, InvalidWorld
from gym_diamond.hub import BUNDLED, find_world, official
from gym_diamond.hub.address import RELEASE
from tests.hub.standin import StandIn

MODEL = "atari_100k/models/Asterix.pt"


def kept(cache: Path) -> list[str]:
    """All files in the cache but the locks."""
    return sorted(str(p.relative_to(cache)) for p in cache.rglob("*") if p.is_file() and "locks" not in p.parts)


def test_a_game_without_a_bundled_world_is_fetched_from_the_hub_and_dreamt(hub: StandIn, cache: Path):
    env = gymnasium.make("gym_diamond:DiamondDream-Asterix-v0", device="cpu")
    obs, _ = env.reset(seed=0)
    assert obs.shape == (64, 64, 3)
    assert env.step(8)[0].shape == (64, 64, 3)
    assert kept(cache) == [
        f"worlds/official/5d4abca9af6a/Asterix/{name}"
        for name in (
            "README.md", "config.json", "contexts.npz", "model.safetensors", "policy.safetensors", "provenance.json"
        )
    ]  # fmt: skip
    assert hub.requests[-1].host == "localhost", "where the Hub stores its files"
    assert [len(hub.asked(method)) for method in ("HEAD", "GET")] == [2, 1]


def test_what_is_kept_are_the_authors_weights_with_their_quantizer_and_their_policy(hub: StandIn, checkpoint: bytes):
    directory = find_world(None, "Asterix")
    released = torch.load(io.BytesIO(checkpoint), weights_only=True)
    world = load_world(directory, precision="fp32")
    assert world.model.config.denoiser.quantizer == "floor"
    assert world.model.config.reward_end.remember_padding
    for name, value in world.model.state_dict().items():
        assert torch.equal(value.float(), released[name])
    assert world.provenance["source"] == {
        "repository": "eloialonso/diamond",
        "revision": "5d4abca9af6ab1b3ab1c6fc228cacb7281130f7f",
        "file": MODEL,
        "bytes": len(checkpoint),
        "hash": hub.requests[-1].path.removeprefix("/storage/"),
        "licence": None,
    }
    policy = load_actor(directory, 9, 2, (64, 64, 3))
    actions = policy.act(np.arange(2), np.zeros((2, 64, 64, 3), np.uint8), np.random.default_rng(0))
    assert set(actions) <= set(range(9))


def test_what_is_in_the_cache_is_dreamt_without_a_single_request(hub: StandIn, monkeypatch: pytest.MonkeyPatch):
    directory = find_world(None, "Asterix")
    hub.requests.clear()
    assert find_world(None, "Asterix") == directory == find_world("official:Asterix", None)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert find_world(None, "Asterix") == directory
    assert hub.requests == []


def test_pull_fetches_a_damaged_world_again(hub: StandIn):
    weights = official.official_world("Asterix") / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    official.official_world("Asterix", refresh=True)
    assert weights.read_bytes() == whole


def test_a_bundled_world_is_preferred_and_the_authors_is_still_to_be_had(hub: StandIn, checkpoint: bytes):
    assert find_world(None, "Breakout") == BUNDLED / "Breakout"
    assert hub.requests == []
    with pytest.raises(HubError, match=r"has no file atari_100k/models/Breakout\.pt"):
        find_world("official:Breakout", None)
    with pytest.raises(InvalidWorld, match="released no world of Skiing; they did of Alien, "):
        find_world("official:Skiing", None)


def test_a_fresh_process_does_the_same(hub: StandIn, cache: Path):
    code = (
        "import gymnasium; print(gymnasium.make('gym_diamond:DiamondDream-Asterix-v0', device='cpu').reset()[0].sum())"
    )
    env = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub.url, "GYM_DIAMOND_HOME": str(cache)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Asterix from the Hub: 100%" in done.stderr


def test_of_many_at_once_one_fetches_and_the_others_wait_for_it(hub: StandIn):
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: find_world(None, "Asterix"), range(4)))
    assert len(found) == 1
    assert len(hub.asked("GET")) == 1


FAULTS = {
    "deaf": "did not answer within 2 seconds",
    "silent": "Asking for atari_100k/models/Asterix.pt of eloialonso/diamond failed",
    "401": "the Hub answered 401. Log in",
    "403": "the Hub answered 403. Log in",
    "500": "the Hub answered 500. Try again in a while",
    "commit": "does not answer as the Hub does",
    f"huge {MODEL}": r"has 1,000,000,000,000,000 bytes; at most 268,435,456 are taken",
    "cut": "The download of atari_100k/models/Asterix.pt of eloialonso/diamond failed",
    "stalled": "The download of atari_100k/models/Asterix.pt of eloialonso/diamond failed",
    "short": "is not whole: .* bytes came of .*Try again",
    "long": "is not whole",
    "damaged": "is damaged: its hash is not the one",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_hub_does_wrong_is_said_within_seconds_and_nothing_is_kept(fault, hub: StandIn, cache: Path):
    hub.fault = fault
    began = time.monotonic()
    with pytest.raises(HubError, match=FAULTS[fault]) as caught:
        find_world(None, "Asterix")
    assert time.monotonic() - began < 30
    assert "No world of Asterix is here: none is bundled" in str(caught.value)
    assert str(cache) in str(caught.value)
    assert "`gym-diamond pull Asterix` gets it" in str(caught.value)
    assert kept(cache) == []
    hub.fault = ""
    assert load_world(find_world(None, "Asterix")).model.spec.game == "Asterix", "the next try finds a clean place"


def test_offline_nobody_is_asked(hub: StandIn, cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        gymnasium.make("gym_diamond:DiamondDream-Asterix-v0")
    assert (hub.requests, kept(cache)) == ([], [])


def test_without_a_network_it_is_said_at_once(hub: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(HubError, match=r"The Hub \(http://127.0.0.1:9\) cannot be reached"):
        find_world(None, "Asterix")


def test_a_repository_a_revision_or_a_game_that_is_gone_is_named(hub: StandIn, cache: Path):
    with pytest.raises(HubError, match=r"has no file atari_100k/models/Qbert\.pt at revision '5d4abca"):
        find_world(None, "Qbert")
    hub.revisions = {f"{RELEASE.repository}@main": RELEASE.revision}
    with pytest.raises(HubError, match="eloialonso/diamond on the Hub has no revision '5d4abca"):
        find_world(None, "Asterix")
    hub.revisions = {}
    with pytest.raises(HubError, match="There is no repository eloialonso/diamond on the Hub"):
        find_world(None, "Asterix")
    assert kept(cache) == []


def test_a_full_disk_is_named_before_anything_is_fetched(hub: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**6, 10**6, 2**20))
    with pytest.raises(HubError, match=r"is full: 1 MiB are free, and .*GYM_DIAMOND_HOME"):
        find_world(None, "Asterix")
    assert hub.asked("GET") == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(hub: StandIn, cache: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(official, "write_tensors", full)
    with pytest.raises(HubError, match="cannot be written to: No space left on device"):
        find_world(None, "Asterix")
    assert kept(cache) == []


def test_a_cache_that_is_a_file_is_named(hub: StandIn, cache: Path):
    cache.write_text("not a folder")
    with pytest.raises(HubError, match=r"cannot be written to: .*GYM_DIAMOND_HOME"):
        find_world(None, "Asterix")


class Evil:
    def __reduce__(self):
        return (os.mkdir, ("ran",))


@pytest.mark.parametrize("evil", [{"denoiser.inner_model.x": Evil()}, b"no checkpoint", {"epoch": 3}])
def test_a_checkpoint_that_would_run_code_or_is_none_is_refused(evil, hub: StandIn, cache: Path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = io.BytesIO()
    torch.save(evil, data)
    hub.put(*RELEASE, {MODEL: evil if isinstance(evil, bytes) else data.getvalue()})
    with pytest.raises(HubError, match="cannot be made into a world: "):
        find_world(None, "Asterix")
    assert not (tmp_path / "ran").exists()
    assert kept(cache) == []


def test_a_folder_that_a_killed_process_left_half_filled_is_removed_after_a_day(hub: StandIn, cache: Path):
    left = cache / "worlds/official/5d4abca9af6a/.filling-killed"
    left.mkdir(parents=True)
    (left / "half.pt").write_bytes(b"half")
    find_world(None, "Asterix")
    assert left.exists(), "another process may be filling it"
    os.utime(left, (0, 0))
    shutil.rmtree(cache / "worlds/official/5d4abca9af6a/Asterix")
    find_world(None, "Asterix")
    assert not left.exists()
