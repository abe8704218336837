"""A fit that starts from a world: its weights, what is refused, what stays as it was, and what is remembered of it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gym_diamond import world_models
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import load, write
from gym_diamond.data.episode import digest
from gym_diamond.errors import InvalidDataset, InvalidRun, InvalidWorld
from gym_diamond.evaluation.held_out import load_held_out
from gym_diamond.files import read_tensors
from gym_diamond.fitting import first_card
from gym_diamond.fitting.config import FitConfig, OptimConfig, RunConfig
from gym_diamond.fitting.material import Material, load_material
from gym_diamond.fitting.provenance import fitted_episodes, line
from gym_diamond.fitting.setup import make_setup
from gym_diamond.games import game
from tests.noisy_play import INFO, QUICK, make_episodes

OLD, NEW = "breakout/old-v0", "breakout/new-v0"  # two episodes each, of which they share one
HELD_OUT = "breakout/held-out-v0"


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets")
    first, shared, last = make_episodes(3, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(folder))
        write(OLD, INFO, [first, shared])
        write(NEW, INFO, [shared, last])
        write(HELD_OUT, INFO, make_episodes(1, seed=1))
    return folder


@pytest.fixture(autouse=True)
def _environment(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(datasets))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def fit(out: Path, dataset: str, *words: object) -> int:
    options = ("--preview-every", "0", "--precision", "fp32", *map(str, words))
    return main(["fit", "--dataset", dataset, "--out", str(out), *QUICK, *options])


@pytest.fixture(scope="module")
def source(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world that was fitted to `OLD` for two steps."""
    out = tmp_path_factory.mktemp("worlds") / "source"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(datasets))
        assert fit(out, OLD, "--steps", 2, "--seed", 5) == 0
    return out


@pytest.fixture(scope="module")
def child(source: Path, datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose reward/end model is fitted to `NEW` for three steps beside the denoiser of `source`, untouched."""
    out = tmp_path_factory.mktemp("worlds") / "child"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(datasets))
        assert fit(out, NEW, "--steps", 3, "--denoiser.start-from", source, "--denoiser.every", 0) == 0
    return out


@pytest.fixture(scope="module")
def material(datasets: Path) -> Material:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(datasets))
        return load_material([NEW], context_length=4)


def make_config(preset: str = "tiny", denoiser: Path | None = None, reward_end: Path | None = None) -> RunConfig:
    def optim(start: Path | None) -> OptimConfig:
        return OptimConfig(start_from=None if start is None else str(start))

    return RunConfig(
        preset=preset,
        fit=FitConfig(steps=1, num_contexts=4),
        model=world_models.backend("diamond").presets[preset],
        denoiser=optim(denoiser),
        reward_end=optim(reward_end),
    )


def weights(world: Path) -> dict[str, torch.Tensor]:
    return read_tensors(world / "model.safetensors", InvalidWorld)[0]


def differing(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> set[str]:
    """The networks in which two sets of a world's weights are not bitwise equal."""
    assert found.keys() == expected.keys()
    return {name.split(".")[0] for name, value in expected.items() if not torch.equal(found[name], value)}


@pytest.mark.parametrize(("flag", "others"), [("denoiser", {"rew_end_model"}), ("reward_end", {"denoiser"})])
def test_a_network_starts_from_the_worlds_weights_exactly(source: Path, material: Material, flag: str, others: set):
    setup = make_setup(make_config("tiny", **{flag: source}), material, torch.device("cpu"))
    assert differing(setup.average.state_dict(), weights(source)) == others
    for learner in setup.learners:  # what is trained and what is averaged begin alike
        pairs = zip(learner.objective.network.parameters(), learner.average.parameters(), strict=True)
        assert all(torch.equal(trained, averaged) and trained is not averaged for trained, averaged in pairs)
        assert all(parameter.requires_grad for parameter in learner.objective.network.parameters())


def test_both_networks_may_start_from_one_world(source: Path, material: Material):
    setup = make_setup(make_config(denoiser=source, reward_end=source), material, torch.device("cpu"))
    assert differing(setup.average.state_dict(), weights(source)) == set()


@pytest.mark.parametrize(("name", "flag"), [("denoiser", "--denoiser"), ("reward_end", "--reward-end")])
def test_another_architecture_is_refused_and_the_flag_named(source: Path, material: Material, name: str, flag: str):
    with pytest.raises(InvalidRun, match=rf"^{flag}\.start-from \S+source has another architecture than this run"):
        make_setup(make_config("small", **{name: source}), material, torch.device("cpu"))


def test_a_world_of_another_game_lends_all_that_does_not_hang_on_its_actions(source: Path, material: Material):
    """Of a game with six actions only the embeddings of actions are new."""
    spec = replace(material.spec, game="Pong", num_actions=6, action_meanings=game("Pong").action_meanings)
    setup = make_setup(make_config("tiny", source, source), Material(spec, material.episodes), torch.device("cpu"))
    found, theirs = setup.average.state_dict(), weights(source)
    fresh = {name for name in theirs if found[name].shape != theirs[name].shape}
    assert fresh == {"denoiser.inner_model.act_emb.0.weight", "rew_end_model.act_emb.weight"}
    assert all(torch.equal(found[name], theirs[name]) for name in theirs if name not in fresh)


def test_a_world_of_larger_frames_lends_its_whole_denoiser(source: Path, material: Material):
    """Convolutions fit frames of any size; what is written for 16x16 here begins a fit of 32x16."""
    taller = replace(material.spec, height=32)
    setup = make_setup(make_config("tiny", denoiser=source), Material(taller, material.episodes), torch.device("cpu"))
    found, theirs = setup.average.state_dict(), weights(source)
    assert all(torch.equal(found[name], theirs[name]) for name in theirs if name.startswith("denoiser."))


@pytest.mark.parametrize(("change", "told"), [({"channels": 1}, r"\(1, 4\)"), ({"context_length": 2}, r"\(3, 2\)")])
def test_a_world_of_other_colours_or_context_is_refused(
    source: Path, material: Material, change: dict[str, int], told: str
):
    other = Material(replace(material.spec, **change), material.episodes)
    with pytest.raises(InvalidRun, match=rf"other colours or another context than this run: \(3, 4\), not {told}"):
        make_setup(make_config("tiny", denoiser=source), other, torch.device("cpu"))


@pytest.mark.parametrize(("name", "flag"), [("denoiser", "--denoiser"), ("reward-end", "--reward-end")])
def test_a_missing_world_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, flag: str
):
    absent = tmp_path / "absent"
    assert fit(tmp_path / "out", NEW, "--steps", 1, f"--{name}.start-from", absent) != 0
    assert f"{flag}.start-from: world '{absent}' does not exist" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_network_with_every_0_stays_bitwise_as_it_was(source: Path, child: Path):
    assert differing(weights(child), weights(source)) == {"rew_end_model"}
    checkpoint, _ = read_tensors(child / "fit" / "checkpoint.safetensors", InvalidRun)
    assert not [name for name in checkpoint if name.startswith("denoiser.optimizer")]
    assert [name for name in checkpoint if name.startswith("reward_end.optimizer")]


def test_the_provenance_names_the_world_and_the_episodes_that_are_not_named_already(source: Path, child: Path):
    old, new = ([digest(episode) for episode in load(name)[1]] for name in (OLD, NEW))
    assert old[1] == new[0]
    provenance = load_world(child).provenance
    assert provenance["episodes"] == new
    assert provenance["start_from"].keys() == {"denoiser"}
    assert provenance["earlier_episodes"] == old[:1]
    ancestor = provenance["start_from"]["denoiser"]
    told = load_world(source).provenance
    assert ancestor == {key: told[key] for key in told if key not in ("episodes", "earlier_episodes")}
    assert (ancestor["datasets"], ancestor["seed"], ancestor["steps"]) == ([OLD], 5, 2)


def test_the_provenance_names_no_folder_of_the_machine(source: Path, child: Path):
    provenance = load_world(child).provenance
    assert "--denoiser.start-from source " in provenance["command"]
    assert provenance["config"]["denoiser"]["start_from"] == "source"
    assert str(source.parent.parent) not in json.dumps(provenance)


def test_play_that_only_the_world_it_started_from_has_seen_is_not_held_out(child: Path):
    world = load_world(child)
    everything = {digest(episode) for name in (OLD, NEW) for episode in load(name)[1]}
    assert len(everything) == 3
    assert fitted_episodes(world.provenance) == everything
    for name, known in ((OLD, 2), (NEW, 2)):
        with pytest.raises(InvalidDataset, match=f"{known} of the 2 episodes"):
            load_held_out(name, world.model.spec, world.provenance)
    assert len(load_held_out(HELD_OUT, world.model.spec, world.provenance)) == 1


def test_ancestors_of_ancestors_are_remembered(child: Path, tmp_path: Path):
    grandchild = tmp_path / "grandchild"
    assert fit(grandchild, HELD_OUT, "--steps", 1, "--reward-end.start-from", child) == 0
    everything = {digest(episode) for name in (OLD, NEW, HELD_OUT) for episode in load(name)[1]}
    provenance = load_world(grandchild).provenance
    assert fitted_episodes(provenance) == everything
    assert (len(provenance["episodes"]), len(provenance["earlier_episodes"])) == (1, 3)
    assert provenance["start_from"]["reward_end"]["start_from"] == {}  # it was the denoiser that began elsewhere


def test_a_line_of_ancestors_holds_one_network_and_names_no_episodes():
    """Of a world as it was written before: each ancestor with both of its own, and with its episodes."""
    first = {"steps": 1, "episodes": ["a"], "start_from": {}}
    second = {"steps": 2, "episodes": ["b"], "start_from": {"denoiser": first, "reward_end": first}}
    third = {"steps": 3, "episodes": ["c"], "start_from": {"denoiser": second, "reward_end": first}}
    assert fitted_episodes(third) == {"a", "b", "c"}
    told = {"steps": 1, "start_from": {}}
    assert line("reward_end", third) == {"steps": 3, "start_from": {"reward_end": told}}
    expected = {"steps": 3, "start_from": {"denoiser": {"steps": 2, "start_from": {"denoiser": told}}}}
    assert line("denoiser", third) == expected


def test_a_world_that_starts_from_none_has_no_ancestors(source: Path):
    provenance = load_world(source).provenance
    assert (provenance["start_from"], provenance["earlier_episodes"]) == ({}, [])


def test_a_resumed_run_does_not_need_the_world_it_started_from_any_more(source: Path, tmp_path: Path):
    """It ends bitwise where an uninterrupted one does, and remembers its ancestor."""
    moved, whole, out = (tmp_path / name for name in ("moved", "whole", "out"))
    shutil.copytree(source, moved)
    words = ("--denoiser.start-from", moved, "--denoiser.schedule", "constant", "--reward-end.schedule", "constant")
    assert fit(whole, NEW, "--steps", 4, *words) == 0
    assert fit(out, NEW, "--steps", 2, *words) == 0
    shutil.rmtree(moved)
    before = read_json(out / "provenance.json")
    assert main(["fit", "--out", str(out), "--resume", "--steps", "4"]) == 0
    assert differing(weights(out), weights(whole)) == set()
    after = read_json(out / "provenance.json")
    assert (before["steps"], after["steps"]) == (2, 4)
    assert after["start_from"] == before["start_from"] != {}
    assert after["config"]["denoiser"]["start_from"] == "moved"


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_leaving_both_networks_as_they_are_is_a_copy(source: Path, tmp_path: Path):
    words = [w for name in ("denoiser", "reward-end") for w in (f"--{name}.start-from", source, f"--{name}.every", 0)]
    assert fit(tmp_path / "out", NEW, "--steps", 2, *words) == 0
    assert differing(weights(tmp_path / "out"), weights(source)) == set()


def test_the_card_tells_of_the_earlier_fits_of_each_network_after_what_was_measured(source: Path, child: Path):
    card = (child / "README.md").read_text(encoding="utf-8")
    intro, _, earlier = card.partition("\n## Earlier fits\n")
    assert "3 steps in" in intro
    assert load_world(child).provenance["command"] in intro
    lines = earlier.strip().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["- denoiser"]
    assert "2 steps in" in lines[0]
    assert load_world(source).provenance["command"] in lines[0]


def test_a_fit_in_which_a_network_did_not_learn_is_none_of_its_earlier_fits(child: Path, tmp_path: Path):
    words = [word for name in ("denoiser", "reward-end") for word in (f"--{name}.start-from", child)]
    assert fit(tmp_path / "out", NEW, "--steps", 1, *words) == 0
    intro, _, earlier = (tmp_path / "out" / "README.md").read_text(encoding="utf-8").partition("\n## Earlier fits\n")
    assert "of both networks, after the fits below, on" in intro
    told = [(line.partition(":")[0], line[:40].partition(": ")[2][:7]) for line in earlier.strip().splitlines()]
    assert told == [("- denoiser", "2 steps"), ("- reward_end", "3 steps")]


def test_older_worlds_tell_by_their_command_which_network_learned():
    source = {"steps": 5, "minutes": 1.0, "date": "2026-11-21", "hardware": {"model": "a machine"}}
    command = "gym-diamond fit --denoiser.every 0 --reward-end.every 2 --out old"
    started = {name: {**source, "command": command} for name in ("denoiser", "reward_end")}
    assert [line[:14] for line in first_card.lineage({"start_from": started}).splitlines()[3:]] == ["- reward_end: "]


def test_the_card_of_joined_networks_does_not_speak_of_a_fit(source: Path, tmp_path: Path):
    words = [w for name in ("denoiser", "reward-end") for w in (f"--{name}.start-from", source, f"--{name}.every", 0)]
    assert fit(tmp_path / "out", NEW, "--steps", 1, *words) == 0
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Its networks are those of the fits below, joined and not trained any further" in card
    assert [line.partition(":")[0] for line in card.splitlines() if "2 steps in" in line] == [
        "- denoiser",
        "- reward_end",
    ]
