"""`gym-diamond fit` to a game that ALE does not know: its rewards keep their meaning."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import DatasetInfo, write
from tests.noisy_play import INFO, QUICK, make_episodes

MAZE = DatasetInfo("Maze", 4, INFO.action_meanings, 15, 16, 16, 3)
NAME = "maze/test-v0"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))


def fit(tmp_path: Path, rewards: np.ndarray, *words: str) -> Any:
    """The model of a world that was fitted for a step to an episode with these 29 rewards."""
    write(NAME, MAZE, make_episodes(1, 3, rewards=rewards), overwrite=True)
    out = ("--out", str(tmp_path / "run"), "--steps", "1")
    assert main(["fit", "--dataset", NAME, *out, *QUICK, *words]) == 0
    return load_world(tmp_path / "run").model


def card(tmp_path: Path) -> str:
    return (tmp_path / "run" / "README.md").read_text()


def test_few_distinct_rewards_are_what_a_dream_gives(tmp_path: Path):
    model = fit(tmp_path, np.tile([-0.1, 6.8], 15)[:29])
    assert (model.spec.reward_values, model.spec.reward_coding) == ((-0.1, 6.8), "classes")
    assert model.sampling.reward_mode == "sample"
    assert "a dream can give the rewards -0.1, 6.8." in card(tmp_path)


def test_many_are_given_by_their_mean_over_bins(tmp_path: Path):
    model = fit(tmp_path, np.linspace(0, 1, 29))
    values = model.spec.reward_values
    assert (model.spec.reward_coding, values[0], values[-1], len(values)) == ("two_hot", 0.0, 1.0, 40)
    assert model.sampling.reward_mode == "mean"
    assert "a dream gives rewards from 0 to 1, the mean over 40 bins" in card(tmp_path)


def test_who_asks_for_the_likeliest_bin_gets_it(tmp_path: Path):
    assert fit(tmp_path, np.linspace(0, 1, 29), "--sampling.reward-mode", "mode").sampling.reward_mode == "mode"


def test_a_world_of_an_older_version_has_classes(tmp_path: Path):
    fit(tmp_path, np.tile([0.0, 2.5], 15)[:29])
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    del config["spec"]["reward_coding"]
    path.write_text(json.dumps(config))
    assert load_world(tmp_path / "run").model.spec.reward_coding == "classes"


def test_a_reward_that_is_no_number_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write(NAME, MAZE, make_episodes(1, 3, rewards=np.array([np.inf, *[0.0] * 28])))
    assert main(["fit", "--dataset", NAME, "--out", str(tmp_path / "run"), *QUICK, "--steps", "1"]) == 2
    assert "1 rewards of 'Maze' are infinite or no number" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
