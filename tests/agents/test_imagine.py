"""Learning in dreams: it solves a small world, goes on exactly after a stop, and leaves a world with its policy."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents import imagine_run
from agents.actor_critic_loss import ActorCriticLossConfig
from agents.actor_learner import AdamConfig, update
from agents.imagine import main, make_start, parse
from agents.imagine_config import ImagineConfig
from agents.rollout import rollout
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import make_policy
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.dream import Dream
from gym_diamond.errors import InvalidArgument, InvalidRun
from gym_diamond.files import read_tensors, write_tensors
from tests.fakes import AskingWorld, counting_bank
from tests.tiny import write_tiny_world

TINY = ["--channels", "4", "4", "4", "4", "--lstm-dim", "8", "--num-dreams", "2", "--dream-steps", "3"]
TINY += ["--rollout-steps", "2", "--real-every", "0", "--device", "cpu", "--precision", "fp32"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_world(tmp_path_factory.mktemp("worlds") / "tiny")


def checkpoint(out: Path) -> dict[str, torch.Tensor]:
    return read_tensors(out / imagine_run.CHECKPOINT, InvalidRun)[0]


def test_it_solves_a_world_in_which_it_has_to_remember() -> None:
    """The frame that tells what to do is gone by then; at the start of a dream only the burn-in saw it."""
    dream = Dream(AskingWorld(max_count=300), counting_bank((0, 100, 200)), 128, max_episode_steps=15)
    loss = ActorCriticLossConfig(gamma=0.2, entropy_weight=0.01)
    config = ImagineConfig(channels=(16,), lstm_dim=32, loss=loss, adam=AdamConfig(lr=1e-2, warmup_updates=10))
    learner, play = make_start(dream, config)
    rewards = []
    for count in range(140):
        dreamt, memory = rollout(dream, learner.policy, play.memory, 3, play.generator)
        play = play._replace(memory=memory)
        rewards.append(float(update(learner, dreamt, loss, count)["reward"]))
    assert sum(rewards[:5]) / 5 < 0.45
    assert sum(rewards[-5:]) / 5 > 0.75


@pytest.mark.parametrize("also", [[], ["--normalize"]])
def test_six_updates_are_four_and_after_a_stop_two_more_to_the_bit(
    also: list[str], world: Path, tmp_path: Path
) -> None:
    """Dreams of three steps and rollouts of two, so the stop comes in the middle of a dream."""
    for out, steps in (("whole", "24"), ("halves", "16")):
        words = ["--world", str(world), "--out", str(tmp_path / out), *TINY, "--end-mode", "never", *also]
        main([*words, "--steps", steps])
    before = checkpoint(tmp_path / "halves")
    main(["--out", str(tmp_path / "halves"), "--resume", "--steps", "24"])
    whole, halves = checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "halves")
    assert whole.keys() == halves.keys()
    assert [name for name in whole if not torch.equal(whole[name], halves[name])] == []
    changed = ("policy.lstm.weight_hh", "optimizer.lstm.weight_hh.exp_avg", "dream.counter", "memory.hx", "generator")
    assert [name for name in changed if torch.equal(before[name], halves[name])] == []
    assert before["dream.elapsed"].tolist() == [2, 2]
    assert (tmp_path / "whole" / "policy.safetensors").read_bytes() == (
        tmp_path / "halves" / "policy.safetensors"
    ).read_bytes()


def test_neighbouring_seeds_share_no_dream() -> None:
    config = ImagineConfig(channels=(16,), lstm_dim=32)
    dreams = [Dream(AskingWorld(max_count=300), counting_bank((0, 100, 200)), 32) for _ in range(3)]
    for seed, dream in enumerate(dreams):
        make_start(dream, replace(config, seed=seed))
    keys = torch.cat([dream.snapshot().keys for dream in dreams])
    assert len(keys.unique(dim=0)) == 3 * 32


def test_what_it_leaves_is_a_world_with_a_policy(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "agent"
    assert exit_status("agents.imagine", main, ["--world", str(world), "--out", str(out), *TINY, "--steps", "4"]) == 0
    assert load_world(out).model.spec == load_world(world).model.spec
    assert make_policy(str(out), load_world(out).model.spec, 1).name == "agent"
    assert not (world / "policy.safetensors").exists()
    assert list((out / "imagine" / "tensorboard").iterdir())


def test_in_the_worlds_own_folder_it_leaves_the_world_alone(tmp_path: Path) -> None:
    world = write_tiny_world(tmp_path / "world")
    before = {path.name: path.read_bytes() for path in world.iterdir()}
    main(["--world", str(world), "--out", str(world), *TINY, "--steps", "4"])
    assert {name: (world / name).read_bytes() for name in before} == before
    assert (world / "policy.safetensors").exists()


def test_a_run_goes_on_in_the_moments_that_it_began_with_wherever_they_are_by_now(world: Path, tmp_path: Path) -> None:
    own = load_world(world).contexts
    bank = tmp_path / "mine.npz"
    ContextBank(own.frames[:1], own.actions[:1], own.is_real[:1]).save(bank)
    words = ["--world", str(world), "--contexts", str(bank), *TINY, "--end-mode", "never"]
    main([*words, "--out", str(tmp_path / "whole"), "--steps", "16"])
    main([*words, "--out", str(tmp_path / "halves"), "--steps", "8"])
    bank.unlink()
    main(["--out", str(tmp_path / "halves"), "--resume", "--steps", "16"])
    whole, halves = checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "halves")
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    assert len(load_world(tmp_path / "halves").contexts) == len(own), "the world itself is as it was"


def test_a_finished_run_that_is_resumed_stays_as_it_is(world: Path, tmp_path: Path) -> None:
    main(["--world", str(world), "--out", str(tmp_path / "run"), *TINY, "--steps", "4"])
    before = (tmp_path / "run" / imagine_run.CHECKPOINT).read_bytes()
    main(["--out", str(tmp_path / "run"), "--resume"])
    assert (tmp_path / "run" / imagine_run.CHECKPOINT).read_bytes() == before


def test_the_real_game_is_looked_at_without_changing_what_is_learned(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--world", str(world), *TINY, "--steps", "8", "--log-every", "1"]
    looking = ["--real-every", "1", "--real-games", "2", "--real-max-steps", "3"]
    main([*words, "--out", str(tmp_path / "blind")])
    assert "real" not in capsys.readouterr().err
    main([*words, "--out", str(tmp_path / "looking"), *looking])
    assert "real 0.0" in capsys.readouterr().err.split("update 2")[0], "a look is told in the report that comes with it"
    blind, seeing = checkpoint(tmp_path / "blind"), checkpoint(tmp_path / "looking")
    assert [name for name in blind if not torch.equal(blind[name], seeing[name])] == []


def test_the_bar_tells_what_dreams_paid_and_tensorboard_gets_all_of_it(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four updates of two steps, reported two by two: two dreams of three steps are over in the first, two later."""
    words = ["--world", str(world), "--out", str(tmp_path), *TINY, "--steps", "16", "--log-every", "2"]
    main([*words, "--end-mode", "never", "--real-every", "4", "--real-games", "1", "--real-max-steps", "3"])
    events = EventAccumulator(str(tmp_path / "imagine" / "tensorboard"))
    events.Reload()
    each = {"loss", "policy_loss", "value_loss", "entropy", "grad_norm", "reward", "over"}
    each |= {"dream_return", "progress", "steps_per_second"}
    assert set(events.Tags()["scalars"]) == {*each, "real_score", "real_signs"}
    assert all([event.step for event in events.Scalars(name)] == [8, 16] for name in each)
    assert [event.step for event in events.Scalars("real_score")] == [16]
    assert [event.value for event in events.Scalars("progress")] == [0.5, 1.0]
    shown = capsys.readouterr().err
    assert [event.value for event in events.Scalars("over")] == [0.25, 0.25]
    for number, paid, back in zip((2, 4), events.Scalars("reward"), events.Scalars("dream_return"), strict=True):
        assert back.value == pytest.approx(4 * paid.value)
        assert f"update {number}, dream {back.value:+.2f}, " in shown


def test_a_folder_that_holds_something_is_not_overwritten(world: Path, tmp_path: Path) -> None:
    words = ["--world", str(world), "--out", str(tmp_path), *TINY, "--steps", "4"]
    (tmp_path / "policy.safetensors").write_bytes(b"precious")
    with pytest.raises(InvalidRun, match="holds a policy already"):
        main(words)
    (tmp_path / "policy.safetensors").unlink()
    main(words)
    with pytest.raises(InvalidRun, match="add --resume"):
        main(words)


def test_a_run_goes_on_in_its_own_copy_of_its_world(tmp_path: Path) -> None:
    world, out, words = write_tiny_world(tmp_path / "world"), tmp_path / "run", [*TINY, "--steps"]
    main(["--world", str(world), "--out", str(out), *words, "4"])
    shutil.rmtree(world)
    main(["--out", str(out), "--resume", "--steps", "8"])
    assert load_world(out).model.spec.game == "Breakout"


def test_a_policy_is_not_laid_beside_another_world(world: Path, tmp_path: Path) -> None:
    other = write_tiny_world(tmp_path / "other")
    (other / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(InvalidRun, match=r"other holds another world than .*tiny"):
        main(["--world", str(world), "--out", str(other), *TINY, "--steps", "4"])
    assert not (other / "imagine").exists()


def test_a_resumed_run_keeps_what_decides_it(world: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRun, match="no run to resume"):
        parse(["--out", str(tmp_path), "--resume"])
    main(["--world", str(world), "--out", str(tmp_path), *TINY, "--steps", "4"])
    _, _, config = parse(["--out", str(tmp_path), "--resume", "--steps", "9"])
    assert (config.steps, config.lstm_dim) == (9, 8)
    with pytest.raises(InvalidRun, match="cannot change num_dreams"):
        parse(["--out", str(tmp_path), "--resume", "--num-dreams", "3"])
    with pytest.raises(InvalidRun, match="cannot change loss"):
        parse(["--out", str(tmp_path), "--resume", "--loss.gamma", "0.5"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--steps", "4"], "--game Breakout"),
        (["--game", "Breakout"], "--max-minutes"),
        (["--game", "Breakout", "--steps", "-1"], "steps is -1"),
        (["--game", "Breakout", "--steps", "4", "--frame-stack", "2"], "frame_stack must be 1"),
        (["--world", "nowhere", "--steps", "4"], "nowhere"),
    ],
)
def test_a_mistake_is_a_sentence(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("agents.imagine", main, ["--out", str(tmp_path / "new"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_defaults_are_the_references() -> None:
    config = ImagineConfig()
    assert (config.num_dreams, config.dream_steps, config.rollout_steps) == (32, 15, 15)
    assert (config.channels, config.lstm_dim) == ((32, 32, 64, 64), 512)
    assert config.adam == AdamConfig(lr=1e-4, warmup_updates=100, weight_decay=0.0, eps=1e-8, max_grad_norm=100.0)


def test_numbers_that_are_not_finite_are_never_saved(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    main(["--world", str(world), "--out", str(out), *TINY, "--steps", "4"])
    tensors, metadata = read_tensors(out / imagine_run.CHECKPOINT, InvalidRun)
    tensors["policy.critic_linear.bias"].fill_(float("nan"))
    imagine_run.write_tensors(out / imagine_run.CHECKPOINT, tensors, metadata)
    broken = (out / imagine_run.CHECKPOINT).read_bytes()
    with pytest.raises(InvalidRun, match="became nan between updates 1 and 2"):
        main(["--out", str(out), "--resume", "--steps", "8"])
    assert (out / imagine_run.CHECKPOINT).read_bytes() == broken


def test_a_value_out_of_its_range_is_refused() -> None:
    for values in ({"num_dreams": 0}, {"seed": -1}, {"channels": ()}):
        with pytest.raises(InvalidArgument, match=next(iter(values))):
            ImagineConfig(**values)


def test_a_policy_is_not_begun_anew_where_its_checkpoint_is_lost(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "agent"
    main(["--world", str(world), "--out", str(out), *TINY, "--steps", "4"])
    policy = (out / "policy.safetensors").read_bytes()
    (out / imagine_run.CHECKPOINT).unlink()
    with pytest.raises(InvalidRun, match=r"checkpoint.safetensors is missing, and without it .*policy.safetensors"):
        main(["--out", str(out), "--resume", "--steps", "8"])
    assert (out / "policy.safetensors").read_bytes() == policy


def test_a_run_does_not_go_on_in_other_weights(tmp_path: Path) -> None:
    world = write_tiny_world(tmp_path / "world")
    main(["--world", str(world), "--out", str(world), *TINY, "--steps", "4"])
    tensors, about = read_tensors(world / "model.safetensors", InvalidRun)
    write_tensors(world / "model.safetensors", {name: tensor + 1 for name, tensor in tensors.items()}, about)
    with pytest.raises(InvalidRun, match="is not the one that this run began with"):
        main(["--out", str(world), "--resume", "--steps", "8"])
