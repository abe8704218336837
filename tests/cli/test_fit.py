"""`gym-diamond fit` as a person uses it: from a dataset to a world, resumed and misused."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gym_diamond import world_models
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.cli.fit import parse
from gym_diamond.data.dataset import DatasetInfo, load, write
from gym_diamond.data.episode import digest
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_tensors
from gym_diamond.fitting import run
from tests.noisy_play import INFO, QUICK, SMALL_BATCHES, make_episodes

NAME = "breakout/test-v0"


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small datasets: `NAME`, one more and one of other frames."""
    folder = tmp_path_factory.mktemp("datasets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(folder))
        write(NAME, INFO, make_episodes(3, seed=0))
        write("breakout/more-v0", INFO, make_episodes(2, seed=1))
        write("breakout/large-v0", _with_height(20), make_episodes(1, 2, 20))
    return folder


@pytest.fixture(autouse=True)
def _environment(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(datasets))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _with_height(height: int) -> DatasetInfo:
    return DatasetInfo("Breakout", 4, INFO.action_meanings, 15, height, 16, 3)


def fit(out: Path, *words: str, dataset: str = NAME) -> int:
    return main(["fit", "--dataset", dataset, "--out", str(out), *QUICK, *words])


def exit_status(out: Path, *words: str) -> object:
    try:
        return fit(out, *words)
    except SystemExit as stop:  # how a mistake that the parser itself finds ends
        return stop.code


@pytest.fixture(scope="module")
def finished(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(datasets))
        preview = ("--preview-every", "1e-6", "--preview-frames", "2")
        assert fit(out, "--steps", "4", "--seed", "5", "--weights-dtype", "bf16", *preview) == 0
    return out


def test_a_fit_leaves_a_world_that_loads(finished: Path):
    world = load_world(finished)
    spec = world.model.spec
    assert (spec.game, spec.height, spec.width, spec.channels, spec.num_actions) == ("Breakout", 16, 16, 3, 4)
    assert (spec.context_length, spec.reward_values, spec.fps) == (4, (-1.0, 0.0, 1.0), 15)
    assert world.contexts.frames.shape == (4, 4, 16, 16, 3)
    weights, _ = read_tensors(finished / "model.safetensors", InvalidRun)
    assert weights["denoiser.inner_model.conv_in.weight"].dtype == torch.bfloat16


def test_the_world_holds_the_averaged_weights(finished: Path):
    tensors, metadata = read_tensors(finished / run.CHECKPOINT, InvalidRun)
    weights, _ = read_tensors(finished / "model.safetensors", InvalidRun)
    name = "inner_model.conv_in.weight"
    assert torch.equal(tensors[f"denoiser.average.{name}"].bfloat16(), weights[f"denoiser.{name}"])
    assert not torch.equal(tensors[f"denoiser.average.{name}"], tensors[f"denoiser.network.{name}"])
    assert metadata["step"] == "4"


def test_the_provenance_names_every_episode_and_no_folder_of_the_machine(finished: Path):
    provenance = load_world(finished).provenance
    assert provenance["episodes"] == [digest(episode) for episode in load(NAME)[1]]
    assert provenance["datasets"] == [NAME]
    assert (provenance["steps"], provenance["seed"], provenance["transitions"]) == (4, 5, 87)
    assert provenance["transitions_by_policy"] == {"random": 87}
    assert provenance["command"].startswith(f"gym-diamond fit --dataset {NAME} --out finished --preset tiny")
    assert provenance["hardware"]["threads"] == 1
    assert provenance["config"]["denoiser"]["batch_size"] == 2
    assert provenance["config"]["loss"]["denoiser"]["motion_weight"] == 10.0  # a default, which may change one day
    assert provenance["versions"]["torch"] == torch.__version__
    assert str(finished.parent) not in json.dumps(provenance)


def test_the_card_says_what_was_fitted_and_that_nothing_was_measured(finished: Path):
    card = (finished / "README.md").read_text()
    assert "87 transitions" in card
    assert "4 steps" in card
    assert "gym-diamond evaluate" in card


def test_every_value_is_saved_with_the_run(finished: Path):
    config = run.read_config(finished)
    assert (config.preset, config.fit.steps, config.denoiser.batch_size, config.model.denoiser.channels) == (
        "tiny",
        4,
        2,
        (8, 8),
    )


def test_tensorboard_has_the_losses_and_the_strips(finished: Path):
    events = EventAccumulator(str(finished / "fit" / "tensorboard"))
    events.Reload()
    assert {"denoiser/loss", "denoiser/lr", "reward_end/grad_norm", "steps_per_second"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("denoiser/loss")] == [2, 4]
    assert events.Tags()["images"] == ["real above dreamt"]


def test_a_resumed_run_ends_bitwise_where_an_uninterrupted_one_does(finished: Path, tmp_path: Path):
    constant = ("--denoiser.schedule", "constant", "--reward-end.schedule", "constant", "--seed", "5")
    assert fit(tmp_path / "whole", "--steps", "4", *constant) == 0
    assert fit(tmp_path / "parts", "--steps", "3", *constant) == 0
    assert main(["fit", "--out", str(tmp_path / "parts"), "--resume", "--steps", "4"]) == 0
    whole, parts = (read_tensors(tmp_path / name / run.CHECKPOINT, InvalidRun)[0] for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []


def test_a_run_killed_before_its_first_step_starts_again(tmp_path: Path, finished: Path):
    run.write_config(tmp_path / "early", run.read_config(finished))
    assert main(["fit", "--out", str(tmp_path / "early"), "--resume"]) == 0
    assert load_world(tmp_path / "early").provenance["steps"] == 4


def test_the_command_line_wins_over_the_file_and_the_file_over_the_preset(tmp_path: Path):
    file = tmp_path / "fit.toml"
    file.write_text('preset = "tiny"\n[fit]\nsteps = 1\nseed = 3\n[model.denoiser]\nchannels = [8, 16]\n')
    words = ["--config", str(file), "--seed", "4", *SMALL_BATCHES]
    assert main(["fit", "--dataset", NAME, "--out", str(tmp_path / "run"), *words]) == 0
    config = run.read_config(tmp_path / "run")
    assert config.preset == "tiny"
    assert (config.fit.steps, config.fit.seed) == (1, 4)
    assert (config.model.denoiser.channels, config.model.reward_end.channels) == ((8, 16), (8, 8))


def test_another_preset_than_the_files_wins_over_the_architecture_in_it(finished: Path, tmp_path: Path):
    config = parse(["--config", str(finished / run.CONFIG), "--out", str(tmp_path), "--preset", "small"]).run
    assert (config.preset, config.model) == ("small", world_models.backend("diamond").presets["small"])
    assert (config.dataset, config.fit.seed) == ((NAME,), 5), "the rest is the file's"


def test_a_saved_config_repeats_a_run_from_a_json_file(finished: Path, tmp_path: Path):
    words = ["--config", str(finished / run.CONFIG), "--out", str(tmp_path / "again"), "--num-contexts", "2"]
    assert main(["fit", *words]) == 0
    config = run.read_config(tmp_path / "again")
    assert (config.dataset, config.fit.seed, config.fit.num_contexts) == ((NAME,), 5, 2)


def test_several_datasets_are_fitted_together(tmp_path: Path):
    words = ["--dataset", NAME, "breakout/more-v0", "--out", str(tmp_path / "run"), *QUICK, "--steps", "1"]
    assert main(["fit", *words]) == 0
    assert load_world(tmp_path / "run").provenance["transitions"] == 5 * 29


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--steps", "1", "--dataset", "breakout/absent-v0"], "breakout/absent-v0"),
        (["--steps", "1", "--dataset", NAME, "breakout/large-v0"], "height is 16 in the first and 20 in the second"),
        (["--dataset", NAME], "--steps N or --max-minutes M"),
        (["--steps", "1"], "--dataset NAME"),
        (["--steps", "1", "--dataset", NAME, "--preset", "huge"], "'huge'; diamond has paper, small, tiny"),
        (["--steps", "1", "--dataset", NAME, "--config", "absent.toml"], "absent.toml does not exist"),
        (["--steps", "1", "--dataset", NAME, "--config", "a.yaml"], "must be a .json or .toml file"),
        (["--steps", "1", "--dataset", NAME, "--resume"], "no run to resume"),
        (["--steps", "1", "--dataset", NAME, "--device", "cuda:99"], 'device="cpu"'),
        (["--steps", "1", "--dataset", NAME, "--context-length", "3"], "cond_channels"),
        (["--steps", "1", "--dataset", NAME, "--wandb", "dreams"], 'pip install "gym-diamond[wandb]"'),
    ],
)
def test_a_mistake_is_named_and_leaves_nothing_behind(
    words: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.chdir(tmp_path)
    quick = [word for word in QUICK if word not in ("--preset", "tiny")]
    preset = [] if "--preset" in words else ["--preset", "tiny"]
    assert main(["fit", "--out", str(tmp_path / "run"), *preset, *quick, *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_preset_in_a_file_that_is_no_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "fit.json").write_text('{"preset": ["paper"]}')
    words = ["--dataset", NAME, "--out", str(tmp_path / "run"), "--config", str(tmp_path / "fit.json")]
    assert main(["fit", *words, "--steps", "1"]) == 2
    assert "is ['paper']; it must be a name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--denoiser.lr", "0"], "lr"),
        (["--denoiser.lr", "fast"], "lr"),
        (["--steps", "-3"], "steps"),
        (["--seed", "99999999999999999999999"], "seed is 99999999999999999999999; it must be below 2**63"),
        (["--denoiser.learning-rate", "1"], "learning-rate"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert exit_status(tmp_path / "run", *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_overwritten(finished: Path, capsys: pytest.CaptureFixture[str]):
    before = (finished / "model.safetensors").read_bytes()
    assert fit(finished, "--steps", "1") == 2
    assert "holds a run already; add --resume" in capsys.readouterr().err
    assert (finished / "model.safetensors").read_bytes() == before


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "thesis.tex").touch()
    assert fit(tmp_path, "--steps", "1") == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--model.denoiser.channels", "8", "16"], "model.denoiser.channels: the run has (8, 8), (8, 16)"),
        (["--preset", "small"], "model.denoiser.depths"),
        (["--seed", "6"], "seed: the run has 5, 6"),
        (["--dataset", "breakout/more-v0"], "dataset"),
        (["--loss.denoiser.sigma-max", "9"], "loss.denoiser.sigma_max"),
        (["--denoiser.start-from", "elsewhere"], "denoiser.start_from: the run has None, 'elsewhere'"),
        (["--reward-end.every", "3"], "reward_end.every: the run has"),
    ],
)
def test_a_resume_that_would_change_the_run_is_refused_with_the_field(
    finished: Path, words: list[str], field: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["fit", "--out", str(finished), "--resume", *words]) == 2
    assert f"--resume cannot change {field}" in capsys.readouterr().err


def test_a_resume_on_other_episodes_under_the_same_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    (tmp_path / "datasets").mkdir()
    write(NAME, INFO, make_episodes(2, seed=0))
    assert fit(tmp_path / "run", "--steps", "1") == 0
    write(NAME, INFO, make_episodes(2, seed=9), overwrite=True)
    assert main(["fit", "--out", str(tmp_path / "run"), "--resume", "--steps", "2"]) == 2
    assert "its episodes differ" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_named(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "damaged"
    run.write_config(out, run.read_config(finished))
    (out / run.CHECKPOINT).write_bytes((finished / run.CHECKPOINT).read_bytes()[:1000])
    assert main(["fit", "--out", str(out), "--resume"]) == 2
    assert "checkpoint.safetensors is damaged or truncated" in capsys.readouterr().err
