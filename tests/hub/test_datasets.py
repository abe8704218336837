"""Public datasets are fetched whole or not at all, from a stand-in for the Hub; what is wrong is told in seconds."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from gym_diamond.data.dataset import load, write
from gym_diamond.data.episode import digest
from gym_diamond.errors import HubError, InvalidArgument
from gym_diamond.hub.datasets import fetch_missing
from tests.dataset_hub import dataset_hub
from tests.noisy_play import INFO, make_episodes

NAME = "atari/breakout/public-v0"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """That of a Hub with the dataset `NAME` and with one that a Minari of tomorrow wrote."""
    root = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(root / "farama-minari"))
        write(NAME, INFO, make_episodes(2, seed=0))
        write("breakout/future-v0", INFO, make_episodes(1, seed=1))
    metadata = root / "farama-minari" / "breakout" / "future-v0" / "data" / "metadata.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"minari_version": "9.9.9"}))
    with dataset_hub(root) as address:
        yield address


@pytest.fixture(autouse=True)
def root(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where datasets stand; the Hub is the stand-in."""
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def test_a_dataset_that_is_not_here_is_fetched_and_one_that_is_here_is_not_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    said: list[str] = []
    fetch_missing([NAME], said.append)
    assert said == ["Fetching dataset atari/breakout/public-v0, 0.1 MB."]
    info, episodes = load(NAME)
    assert info == INFO
    assert [digest(episode) for episode in episodes] == [digest(episode) for episode in make_episodes(2, seed=0)]
    assert [path.name for path in root.iterdir()] == ["atari"], "nothing else is left"
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    fetch_missing([NAME], said.append)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("breakout/absent-v0", "there is no such file at revision 'main'"),
        ("nothing/absent-v0", "There is no repository farama-minari/nothing on the Hub"),
        ("breakout/future-v0", "It was written by Minari 9.9.9; the one that is installed reads"),
    ],
)
def test_what_cannot_be_fetched_is_explained_and_leaves_nothing(root: Path, name: str, complaint: str):
    with pytest.raises(HubError, match=complaint) as raised:
        fetch_missing([name], lambda text: None)
    assert f"Dataset {name!r} is not here, and it cannot be fetched. " in str(raised.value)
    assert not root.exists() or list(root.iterdir()) == []


def test_without_a_network_that_is_said_within_seconds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    begin = time.monotonic()
    with pytest.raises(HubError, match=r"The Hub \(http://127.0.0.1:9\) cannot be reached"):
        fetch_missing([NAME], lambda text: None)
    assert time.monotonic() - begin < 30


def test_who_wants_to_be_offline_is_obeyed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="because HF_HUB_OFFLINE is set"):
        fetch_missing([NAME], lambda text: None)


def test_a_remote_that_minari_does_not_know_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_REMOTE", "ftp://somewhere")
    with pytest.raises(InvalidArgument, match="MINARI_REMOTE must be hf://OWNER"):
        fetch_missing([NAME], lambda text: None)
