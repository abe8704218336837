"""The whole loop in miniature on the real game: it comes to its end, and a killed run ends to the bit as any other."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from agents import atari100k_run
from agents.atari100k import main, parse
from agents.atari100k_config import Atari100kConfig
from agents.atari100k_loop import Moment, learn
from agents.atari100k_parts import Parts, make_parts
from agents.budget import Position
from agents.held_out import held_out_losses
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import make_policy
from gym_diamond.data.dataset import write
from gym_diamond.data.dataset_info import DatasetInfo
from gym_diamond.data.episode import Episode
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument, InvalidDataset, InvalidRun
from gym_diamond.files import read_tensors

SMALL = ["--game", "Breakout", "--preset", "tiny", "--device", "cpu", "--precision", "fp32"]
SMALL += ["--channels", "4", "4", "4", "4", "--lstm-dim", "8", "--dream-starts", "8", "--sampling.num-denoising-steps"]
SMALL += ["1", "--num-dreams", "2", "--dream-steps", "3", "--rollout-steps", "2", "--denoiser.batch-size", "2"]
SMALL += ["--reward-end.batch-size", "2", "--reward-end.ema-decay", "0.9", "--test-games", "1", "--test-max-steps", "3"]
SMALL += ["--test-steps", "5"]
SMALL += ["--final-games", "2", "--final-max-frames", "40", "--log-every", "1"]
SHORT = ["--budget.real-steps", "40", "--budget.first-steps", "20", "--budget.first-steps-at-most", "20"]
SHORT += ["--budget.steps-per-epoch", "20", "--budget.final-epochs", "1", "--test-every", "0"]
for _name in ("denoiser", "reward-end", "actor"):
    SHORT += [f"--budget.{_name}.first", "2", f"--budget.{_name}.each", "2"]


class Keeping:
    """Hooks that save to `out` when they are asked to, and keep a copy of what a run killed then would leave."""

    def __init__(self, out: Path, parts: Parts, copies: Path | None = None) -> None:
        self.out, self.parts, self.copies = out, parts, copies
        self.reports: list[dict[str, float]] = []
        self.positions: list[Position] = []

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        self.reports.append(dict(values))

    def test(self, position: Position) -> None: ...

    def checkpoint(self, now: Moment) -> None:
        atari100k_run.save(self.out, self.parts, now)
        if self.copies is not None:
            shutil.copytree(self.out, self.copies / str(len(self.positions)))
        self.positions.append(now.position)


def run(out: Path, words: list[str], copies: Path | None = None) -> Keeping:
    """A run in `out`, from where it stands to its end; with `copies`, it saves after every turn."""
    _, _, config = parse(["--out", str(out), *words, "--checkpoint-minutes", "60" if copies is None else "0"])
    parts = make_parts(config, out / atari100k_run.REPLAY, torch.device("cpu"), "fp32")
    start = atari100k_run.load(out, parts, config)
    atari100k_run.begin(out, config)
    hooks = Keeping(out, parts, copies)
    learn(parts, config, start, hooks)
    return hooks


def checkpoint(out: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    tensors, metadata = read_tensors(out / atari100k_run.CHECKPOINT, InvalidRun)
    return tensors, {name: value for name, value in metadata.items() if name != "elapsed"}


def assert_equal(one: Path, other: Path) -> None:
    (ours, where), (theirs, there) = checkpoint(one), checkpoint(other)
    assert where == there
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_a_run_killed_at_any_moment_ends_to_the_bit_as_one_that_never_stopped(tmp_path: Path) -> None:
    """Dreams of three steps and rollouts of two: some moments lie in the middle of a dream."""
    (tmp_path / "killed").mkdir()
    whole = run(tmp_path / "whole", [*SMALL, *SHORT], tmp_path / "killed")
    assert whole.positions[-1][:5] == (2, 20, 4, 4, 4)
    moments = {
        "after the first collection": (0, 20, 0, 0, 0),
        "between two networks": (0, 20, 2, 2, 0),
        "in the middle of a dream": (1, 20, 4, 4, 3),
    }
    for name, moment in moments.items():
        number = [position[:5] for position in whole.positions].index(moment)
        killed = tmp_path / "killed" / str(number)
        updates = [report for report in run(killed, [*SMALL, *SHORT]).reports if len(report) > 1]
        assert len(updates) == 12 - sum(moment[2:]), f"{name}: what was done is not done again"
        assert_equal(tmp_path / "whole", killed)
    number = [position[:5] for position in whole.positions].index((0, 20, 2, 2, 2))
    before, after = checkpoint(tmp_path / "killed" / str(number))[0], checkpoint(tmp_path / "whole")[0]
    changed = ("denoiser.optimizer.inner_model.conv_in.weight.exp_avg", "actor.policy.lstm.weight_hh")
    assert [name for name in changed if torch.equal(before[name], after[name])] == []
    assert {"play.dream.counter", "play.memory.hx", "play.generator", "collector.actions"} <= before.keys()


def test_without_a_world_too(tmp_path: Path) -> None:
    (tmp_path / "killed").mkdir()
    words = [*SMALL, "--model-free", "--budget.real-steps", "20", "--test-every", "0"]
    whole = run(tmp_path / "whole", words, tmp_path / "killed")
    assert whole.positions[-1][:5] == (5, 0, 0, 0, 5), "20 real steps, two rows, rollouts of two"
    run(tmp_path / "killed" / "4", words)
    assert_equal(tmp_path / "whole", tmp_path / "killed" / "4")
    assert not (tmp_path / "whole" / "model.safetensors").exists()


def test_one_command_leaves_a_world_a_policy_and_their_scores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = [*SMALL, "--scale", "0.001", "--test-every", "1"]
    for name in ("denoiser", "reward-end", "actor"):
        words += [f"--budget.{name}.first", "2", f"--budget.{name}.each", "2"]
    assert exit_status("agents.atari100k", main, ["--out", str(out), *words]) == 0
    world = load_world(out)
    assert (world.model.spec.game, world.model.spec.reward_values) == ("Breakout", (-1.0, 0.0, 1.0))
    assert world.provenance["transitions"] == 100
    assert world.provenance["transitions_by_policy"] == {"agent": 100}
    assert world.provenance["updates"] == {"denoiser": 2, "reward_end": 2, "actor": 2}
    assert str(tmp_path) not in (out / "provenance.json").read_text()
    assert make_policy(str(out), world.model.spec, 1).name == "run"
    scores = json.loads((out / "scores.json").read_text())
    assert [len(row["games"]) for row in scores["results"]] == [2]
    assert scores["published"]["DIAMOND"] == pytest.approx(132.5, abs=0.1)
    assert list((out / "atari100k" / "tensorboard").iterdir())
    assert "real 0.0" in capsys.readouterr().err
    files = (atari100k_run.CHECKPOINT, "policy.safetensors", "model.safetensors", "contexts.npz")
    before = [(out / name).read_bytes() for name in files]
    (out / "metrics.json").write_text("{}")
    main(["--out", str(out), "--resume"])
    assert [(out / name).read_bytes() for name in files] == before, "a finished run stays as it is"
    assert (out / "metrics.json").exists(), "and so does what was measured of it"

    for name in ("policy.safetensors", "config.json", "scores.json"):  # as if killed just after the last checkpoint
        (out / name).unlink()
    main(["--out", str(out), "--resume"])
    assert [(out / name).read_bytes() for name in files] == before, "what its last save did not come to is made up for"
    assert load_world(out).provenance["updates"] == {"denoiser": 2, "reward_end": 2, "actor": 2}
    assert json.loads((out / "scores.json").read_text())["results"] == scores["results"]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dataset of Breakout, of noise."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    rng = np.random.default_rng(0)
    frames = rng.integers(256, size=(12, 64, 64, 3), dtype=np.uint8)
    episode = Episode(frames, rng.integers(4, size=11), np.zeros(11, np.float32), True, False, True, "random")
    info = DatasetInfo("Breakout", 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 15, 64, 64, 3)
    write("breakout/noise-v0", info, [episode, episode])
    return "breakout/noise-v0"


def test_with_a_static_dataset_no_step_is_taken_but_at_the_end(tmp_path: Path, given: str) -> None:
    out = tmp_path / "run"
    words = ["--out", str(out), *SMALL, *SHORT, "--static-dataset", given]
    main(words)
    world = load_world(out)
    assert world.provenance["datasets"] == [given]
    assert world.provenance["transitions"] == 22
    assert not (out / atari100k_run.REPLAY).exists()
    assert (out / "scores.json").exists()
    with pytest.raises(InvalidDataset, match=r"is of Breakout with 4 actions.*this run is of Pong with 6"):
        main(["--out", str(tmp_path / "other"), *SMALL, *SHORT, "--static-dataset", given, "--game", "Pong"])
    assert not (tmp_path / "other").exists()


def test_a_run_on_given_play_that_is_killed_ends_as_one_that_never_stopped_too(tmp_path: Path, given: str) -> None:
    """Dreams of three steps and rollouts of two; the second epoch's dreams are new ones."""
    (tmp_path / "killed").mkdir()
    words = [*SMALL, *SHORT, "--static-dataset", given, "--budget.final-epochs", "2", "--num-dreams", "8"]
    whole = run(tmp_path / "whole", words, tmp_path / "killed")
    positions = [position[:5] for position in whole.positions]
    assert positions[-1] == (2, 0, 4, 4, 4), "two epochs, without a first collection"
    middle = checkpoint(tmp_path / "killed" / str(positions.index((1, 0, 4, 4, 3))))[0]
    assert middle["play.dream.elapsed"].any(), "some of eight dreams go on"
    moments = {
        "before the first update of the agent": (0, 0, 2, 2, 0),
        "between two epochs": (1, 0, 2, 2, 2),
        "in the middle of a dream": (1, 0, 4, 4, 3),
    }
    for name, moment in moments.items():
        killed = tmp_path / "killed" / str(positions.index(moment))
        updates = [report for report in run(killed, words).reports if len(report) > 1]
        assert len(updates) == 12 - sum(moment[2:]), f"{name}: what was done is not done again"
        assert_equal(tmp_path / "whole", killed)


def test_held_out_losses_are_those_of_the_networks_on_other_play_and_change_nothing(tmp_path: Path) -> None:
    _, _, config = parse(["--out", str(tmp_path), *SMALL])
    parts = make_parts(config, tmp_path / "replay", torch.device("cpu"), "fp32")
    assert parts.world is not None
    learners, games = parts.world.learners, RealAtari("Breakout", 1)
    before = {name: value.clone() for name, value in atari100k_run.learner_tensors(parts).items()}
    losses = [held_out_losses(learners, games, parts.actor.policy, 30, seed, "fp32") for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]
    assert losses[0]["denoiser/test_loss"] > 0
    untrained = np.log(3) + np.log(2)  # of three signs and of an end or none, all as likely
    assert losses[0]["reward_end/test_loss"] == pytest.approx(untrained, abs=0.3)
    after = atari100k_run.learner_tensors(parts)
    assert [name for name in before if not torch.equal(before[name], after[name])] == []
    games.close()


def test_a_resumed_run_keeps_what_decides_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidRun, match="no run to resume"):
        parse(["--out", str(tmp_path), "--resume"])
    _, _, config = parse(["--out", str(tmp_path), *SMALL])
    atari100k_run.begin(tmp_path, config)
    assert parse(["--out", str(tmp_path), "--resume", "--final-games", "7"])[2].final_games == 7
    with pytest.raises(InvalidRun, match="cannot change scale"):
        parse(["--out", str(tmp_path), "--resume", "--scale", "0.5"])
    with pytest.raises(InvalidRun, match="cannot change denoiser"):
        parse(["--out", str(tmp_path), "--resume", "--denoiser.lr", "0.5"])
    with pytest.raises(InvalidRun, match="add --resume"):
        atari100k_run.check_is_free(tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--game Breakout"),
        (["--game", "Brakout"], "Breakout"),
        (["--game", "Pong", "--scale", "2"], "scale is 2.0"),
        (["--game", "Pong", "--preset", "huge"], "there is paper, small, tiny"),
        (["--game", "Pong", "--model-free", "--static-dataset", "pong/x-v0"], "choose"),
        (["--game", "Pong", "--denoiser.every", "2"], "--budget.denoiser.each"),
        (["--game", "Pong", "--recency", "-1", "2"], "recency is"),
    ],
)
def test_a_mistake_is_a_sentence(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("agents.atari100k", main, ["--out", str(tmp_path / "new"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_defaults_are_the_references() -> None:
    config = Atari100kConfig()
    for optim, max_grad_norm in ((config.denoiser, 1.0), (config.reward_end, 100.0)):
        assert (optim.lr, optim.schedule, optim.warmup_steps, optim.weight_decay) == (1e-4, "constant", 100, 1e-2)
        assert (optim.batch_size, optim.ema_decay, optim.max_grad_norm) == (32, 0.0, max_grad_norm)
    assert config.world_loss.denoiser.motion_weight == 0
    assert config.world_loss.denoiser.num_autoregressive_steps == 1
    assert config.world_loss.reward_end.num_transitions == 18
    assert (config.recency, config.epsilon, config.test_every, config.test_games, config.final_games) == (
        (0.1, 0.1, 0.1, 0.7),
        0.01,
        10,
        4,
        100,
    )


def test_a_value_out_of_its_range_is_refused() -> None:
    for values in ({"num_dreams": 0}, {"seed": -1}, {"channels": ()}, {"epsilon": 1.5}, {"scale": 0.0}):
        with pytest.raises(InvalidArgument, match=next(iter(values))):
            Atari100kConfig(**values)
