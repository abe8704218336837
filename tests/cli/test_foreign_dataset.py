"""`fit` and `evaluate` on a dataset that Minari itself wrote: images in dictionaries, of a size of their own."""

import json
from pathlib import Path

import gymnasium
import minari
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Text
from huggingface_hub import constants
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

from gym_diamond.cli import main
from tests.noisy_play import QUICK
from tests.tiny import write_tiny_world

SPACE = Dict({"direction": Discrete(4), "image": Box(0, 255, (40, 48, 3), np.uint8), "mission": Text(20)})


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def save(root: Path, name: str, seed: int) -> None:
    """A dataset of two episodes of 29 steps, as MiniGrid's are."""
    path = root / name / "data"
    path.parent.mkdir(parents=True)
    storage = MinariStorage.new(path, observation_space=SPACE, action_space=Discrete(3))  # Minari's default is JPEG
    storage.update_metadata({"dataset_id": name, "minari_version": minari.__version__})
    rng = np.random.default_rng(seed)
    for _ in range(2):
        observations = {
            "direction": rng.integers(4, size=30),
            "image": rng.integers(256, size=(30, 40, 48, 3), dtype=np.uint8),
            "mission": ["go to the door"] * 30,
        }
        ends = np.arange(29) == 28
        storage.update_episodes(
            [
                EpisodeBuffer(
                    observations=observations,
                    actions=rng.integers(3, size=29),
                    rewards=ends * 0.5,
                    terminations=ends,
                    truncations=np.zeros(29, np.bool_),
                )
            ]
        )


def test_a_minigrid_dataset_is_fitted_resized_dreamt_and_judged_without_being_told_again(root: Path, tmp_path: Path):
    for seed, name in enumerate(("grid/optimal-v0", "grid/heldout-v0")):
        save(root, name, seed)
    out = tmp_path / "run"
    words = ("--resize", "16", "24", "--image-key", "image", "--steps", "2", *QUICK)
    assert main(["fit", "--dataset", "grid/optimal-v0", "--out", str(out), *words]) == 0
    spec = json.loads((out / "config.json").read_text())["spec"]
    assert (spec["game"], spec["height"], spec["width"], spec["num_actions"]) == ("grid", 16, 24, 3)
    assert spec["reward_values"] == [0.0, 0.5]
    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(out))
    assert env.observation_space.shape == (16, 24, 3)
    env.reset(seed=0)
    assert env.step(2)[1] in (0.0, 0.5)
    env.close()
    words = ("--num-starts", "2", "--horizon", "3", "--min-episode-steps", "5")
    assert main(["evaluate", str(out), "--dataset", "grid/heldout-v0", *words]) == 0
    assert main(["evaluate", str(out), "--dataset", "grid/optimal-v0", *words]) == 2, "it knows what it was fitted to"


def test_what_is_not_here_is_told_with_the_option_that_gets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["fit", "--dataset", "grid/optimal-v0", "--out", str(tmp_path / "run"), "--steps", "2"]
    assert main(words) == 2
    assert "or get a public one of Minari's with --download" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["fit", "evaluate"])
def test_a_download_without_a_network_is_told_and_leaves_nothing(
    command: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ends = {
        "fit": ("--out", str(tmp_path / "run"), "--steps", "2"),
        "evaluate": (str(write_tiny_world(tmp_path / "w")),),
    }
    assert main([command, *ends[command], "--dataset", "grid/optimal-v0", "--download"]) == 2
    error = capsys.readouterr().err
    assert "Dataset 'grid/optimal-v0' is not here, and it cannot be fetched. The Hub (http://127.0.0.1:9)" in error
    assert not (tmp_path / "run").exists()
    assert not root.exists() or list(root.iterdir()) == []
