"""`gym-diamond evaluate` as a person uses it: from a world and held-out play to numbers, pictures and a card."""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import DatasetInfo, load, write
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidWorld
from gym_diamond.files import read_tensors, write_tensors
from tests.noisy_play import make_episodes
from tests.tiny import write_tiny_world

NAME = "breakout/heldout-v0"
QUICK = ("--num-starts", "3", "--horizon", "5", "--min-episode-steps", "12", "--moments", "0", "--ranking-starts", "0")
PICTURES = ["dream.gif", "drift.png", "reward_end.png", "strips.png"]
POLICIES = ("--policy", "random", "sticky", "always:NOOP")
MEANINGS = ("NOOP", "FIRE", "RIGHT", "LEFT")


def play(steps: int, policy: str, seed: int) -> Episode:
    rng = np.random.default_rng(seed)
    frames = rng.integers(256, size=(steps + 1, 64, 64, 3), dtype=np.uint8)
    rewards = (rng.random(steps) < 0.3).astype(np.float32)
    return Episode(frames, rng.integers(4, size=steps), rewards, True, False, True, policy)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(folder))
        episodes = [play(14, "random", 0), play(12, "scripted", 1), play(3, "random", 2)]
        write(NAME, DatasetInfo("Breakout", 4, MEANINGS, 15, 64, 64, 3), episodes)
        write("breakout/small-v0", DatasetInfo("Breakout", 4, MEANINGS, 15, 16, 16, 3), make_episodes(1, seed=0))
    return folder


@pytest.fixture(autouse=True)
def _environment(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(datasets))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return write_tiny_world(tmp_path / "tiny")


def evaluate(world: Path, *words: str, dataset: str = NAME) -> int:
    return main(["evaluate", str(world), "--dataset", dataset, *QUICK, *words])


def read(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="module")
def measured(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A tiny world that was evaluated against held-out play only, and what was said meanwhile."""
    world, told = write_tiny_world(tmp_path_factory.mktemp("measured") / "tiny"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(told):
        patch.setenv("MINARI_DATASETS_PATH", str(datasets))
        assert evaluate(world) == 0
    return world, told.getvalue()


def test_the_numbers_rest_on_all_of_the_play(measured: tuple[Path, str]):
    metrics = read(measured[0])
    assert (metrics["game"], metrics["seed"], metrics["num_denoising_steps"]) == ("Breakout", 0, 1)
    assert metrics["held_out"]["transitions_by_policy"] == {"random": 17, "scripted": 12}
    assert metrics["held_out"]["checked"] is False, "this world does not say what it was fitted to"
    drift = metrics["drift"]
    assert drift["starts_by_policy"] == {"random": 3, "scripted": 1}
    assert drift["starts_by_kind"] == {"reset": 1, "anywhere": 2, "before_end": 1}
    assert drift["psnr"]["1"]["n"] == drift["recall"]["1-5"]["n"] == 4
    assert drift["by_kind"]["anywhere"]["ssim"]["5"]["n"] == 2
    assert 0 < drift["psnr"]["5"]["low"] <= drift["psnr"]["5"]["mean"] <= drift["psnr"]["5"]["high"] < 20
    assert metrics["reward_end"]["transitions"] == 29
    assert metrics["reward_end"]["end"]["played"] == 3
    rewards = sum(int((episode.rewards > 0).sum()) for episode in load(NAME)[1])
    assert metrics["reward_end"]["reward"]["1"]["played"] == rewards > 0
    assert sum(map(sum, metrics["reward_end"]["confusion"]["real"])) == 29
    assert metrics["speed"]["rows"] == 4
    assert metrics["ball"]["by_mark"].keys() >= {"recall", "near", "recall_copy", "near_copy"}


def test_pictures_and_card_stand_in_the_world_and_the_verdict_is_told(measured: tuple[Path, str]):
    world, told = measured
    for name in PICTURES:
        with Image.open(world / name) as picture:
            assert picture.format == name[-3:].upper()
    card = (world / "README.md").read_text()
    assert card.startswith("A tiny world.\n\n## Measured\n\n**Trust it for no frame.**")
    assert "| frames look right up to " in told
    assert "**Trust it for no frame.**" in told
    assert f"The card, with all numbers: {world / 'README.md'}" in told


def test_what_was_left_out_is_named_with_its_reason(measured: tuple[Path, str]):
    metrics, card = read(measured[0]), (measured[0] / "README.md").read_text()
    assert {"hallucinated", "controllability", "ranking", "spread"} <= metrics["not_measured"].keys()
    assert "- **Policies**: left out by `--ranking-starts 0`; it is measured without that option." in card
    assert "- **Made-up rewards**: left out by `--moments 0`" in card
    assert f"`gym-diamond evaluate WORLD --dataset {NAME} --compare OTHER_WORLD`" in card


def test_without_the_emulator_the_card_says_what_would_bring_the_rest(world: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ale_py", None)  # as if it was not installed
    assert evaluate(world, "--moments", "2", "--ranking-starts", "2") == 0
    for name in ("hallucinated", "controllability", "ranking"):
        assert 'pip install "gym-diamond[atari]"' in read(world)["not_measured"][name]
    assert (world / "README.md").read_text().count('pip install "gym-diamond[atari]"') == 3


def test_all_that_can_be_measured_is_with_one_command_and_a_poorer_measurement_takes_its_place(
    world: Path, tmp_path: Path
):
    other = write_tiny_world(tmp_path / "seed1")
    full = ("--moments", "2", "--ranking-starts", "2", *POLICIES, "--compare", str(other))
    assert evaluate(world, *full) == 0
    metrics = read(world)
    assert list(metrics["not_measured"]) == ["hits"], "nothing is hit in so little play"
    assert [policy["name"] for policy in metrics["ranking"]["policies"]] == ["random", "sticky", "always:NOOP"]
    assert (metrics["hallucinated"]["starts"], metrics["hallucinated"]["horizon"]) == (2, 5)
    assert metrics["controllability"]["actions"] == list(MEANINGS)
    assert metrics["spread"]["worlds"] == ["tiny", "seed1"]
    assert metrics["spread"]["psnr"]["5"][0] == metrics["drift"]["psnr"]["5"]["mean"]
    assert metrics["command"].endswith("--policy random sticky always:NOOP --compare seed1")
    assert (world / "ranking.png").exists()
    card = (world / "README.md").read_text()
    assert "- **Hits**: in the held-out play no paddle hits a ball" in card
    for heading in ("### Made-up rewards", "### Controllability", "### Policies", "### Spread"):
        assert heading in card
    assert not (other / "metrics.json").exists(), "the other fit is not what was evaluated"

    assert evaluate(world) == 0
    assert "ranking" not in read(world)
    assert not (world / "ranking.png").exists(), "no picture of an older measurement stays"
    assert load_world(world).provenance == {}, "a measured world loads as before"


def test_the_spread_holds_the_figures_of_the_other_fit_too(world: Path, tmp_path: Path):
    other = write_tiny_world(tmp_path / "seed1")
    tensors, about = read_tensors(other / "model.safetensors", InvalidWorld)
    name = "denoiser.inner_model.conv_out.weight"
    write_tensors(other / "model.safetensors", {**tensors, name: -tensors[name]}, about)
    assert evaluate(world, "--compare", str(other)) == 0
    here, there = read(world)["spread"]["psnr"]["5"]
    assert here != there


def test_another_folder_gets_a_card_too_and_the_world_stays_as_it_was(world: Path, tmp_path: Path):
    before = {path.name: path.read_bytes() for path in world.iterdir()}
    out = tmp_path / "results" / "first"
    assert evaluate(world, f"--out={out}", "--num-denoising-steps", "2", "--precision", "fp32") == 0
    assert {path.name: path.read_bytes() for path in world.iterdir()} == before
    assert sorted(path.name for path in out.iterdir()) == sorted(["README.md", "metrics.json", *PICTURES])
    metrics = read(out)
    assert (metrics["num_denoising_steps"], metrics["precision"], metrics["compiled"]) == (2, "fp32", False)
    assert metrics["command"].startswith(f"gym-diamond evaluate tiny --dataset {NAME}")
    assert metrics["command"].endswith("--out first --num-denoising-steps 2 --precision fp32")
    assert str(tmp_path) not in json.dumps(metrics)
    assert (out / "README.md").read_text().startswith("A tiny world.\n\n## Measured\n\n")


def test_a_readme_of_something_else_is_not_touched(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "README.md").write_text("# My project\n")
    assert evaluate(world, "--out", str(tmp_path)) == 2
    assert "holds a README.md that is not of an evaluation" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "tiny"]
    assert (tmp_path / "README.md").read_text() == "# My project\n"


def test_worlds_that_cannot_be_compared_are_told(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pong = write_tiny_world(tmp_path / "pong", "Pong")
    assert evaluate(world, "--compare", str(pong)) == 2
    assert "its game is Pong" in capsys.readouterr().err
    fitted = write_tiny_world(tmp_path / "fitted")
    (fitted / "provenance.json").write_text(json.dumps({"episodes": [digest(load(NAME)[1][1])]}))
    assert evaluate(world, "--compare", str(fitted)) == 2
    assert "1 of the 3 episodes" in capsys.readouterr().err


def test_equal_seeds_give_equal_numbers_and_others_do_not(measured: tuple[Path, str], world: Path, tmp_path: Path):
    found = [{key: read(measured[0])[key] for key in ("drift", "reward_end")}]
    for seed in ("0", "4"):
        assert evaluate(world, "--seed", seed, "--out", str(tmp_path / seed)) == 0
        found.append({key: read(tmp_path / seed)[key] for key in ("drift", "reward_end")})
    assert found[0] == found[1] != found[2]


def test_play_of_the_fit_is_refused(world: Path, capsys: pytest.CaptureFixture[str]):
    (world / "provenance.json").write_text(json.dumps({"episodes": [digest(load(NAME)[1][1])]}))
    assert evaluate(world) == 2
    assert "1 of the 3 episodes of dataset 'breakout/heldout-v0' were used to fit" in capsys.readouterr().err
    assert not (world / "metrics.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--horizon", "30"), "the longest has 14"),
        (("--num-starts", "0"), "num_starts is 0"),
        (("--seed", "-1"), "--seed is -1"),
        (("--moments", "-1"), "--moments is -1"),
        (("--ranking-starts", "2", "--policy", "random"), "there must be at least 3"),
        (("--num-denoising-steps", "0"), "num_denoising_steps is 0"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    world: Path, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
):
    assert evaluate(world, *words) == 2
    assert message in capsys.readouterr().err


def test_datasets_that_do_not_fit_and_worlds_that_are_not_there_are_told_too(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert evaluate(world, dataset="breakout/small-v0") == 2
    assert "(16, 16, 3); this world dreams (64, 64, 3)" in capsys.readouterr().err
    assert evaluate(world, dataset="breakout/absent-v0") == 2
    assert "There is no dataset 'breakout/absent-v0'" in capsys.readouterr().err
    assert evaluate(tmp_path / "nowhere") == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_before_any_work(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").write_text("")
    assert evaluate(world, "--out", str(tmp_path / "file" / "results")) == 1
    error = capsys.readouterr().err
    assert "Not a directory" in error
    assert "dream:" not in error


def test_help_teaches(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert "gym-diamond collect Breakout" in told
    for option in ("WORLD", "--dataset", "--out", "--compare", "--policy", "--num-starts", "--horizon", "--precision"):
        assert option in told
    for option in ("--min-episode-steps", "--moments", "--ranking-starts", "--seed", "--num-denoising-steps"):
        assert option in told


def test_numbers_are_not_written_beside_weights_that_a_fit_changed_meanwhile(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fit_goes_on(*_: object) -> dict[str, bytes]:
        provenance = json.loads((world / "provenance.json").read_text())
        (world / "provenance.json").write_text(json.dumps(provenance | {"steps": 1_000_000}))
        return {}

    monkeypatch.setattr("gym_diamond.cli.evaluate.pictures", fit_goes_on)
    assert evaluate(world) == 2
    assert "was fitted further while it was measured" in capsys.readouterr().err.splitlines()[-1]
    assert not (world / "metrics.json").exists()
