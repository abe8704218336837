"""The experiment: every method is judged in the real game, what is done is not done again, what was broken off goes on.

Eight steps dreamt, four real frames; a look at each four steps.
"""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import pytest
import torch
from stable_baselines3 import PPO

from examples import experiment_training
from examples import ppo_in_the_dream as example
from examples.experiment_settings import Engine, Settings
from gym_diamond.checkpoint import load_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument, InvalidRun
from tests.tiny import write_tiny_world

SETTINGS = Settings(
    game="Breakout",
    world=None,  # a tiny one in each test
    steps=8,
    real_frames=4,
    max_minutes=None,
    every=4,
    episodes=1,
    final_episodes=2,
    max_game_steps=3,
    num_envs=2,
    n_steps=2,
    dream_steps=3,
    lost_after=0,
    cut_faded=False,
    lost_pays=None,
    denoising_steps=1,
    reward_mode="sample",
    end_mode="sample",
    frame_stack=2,
    recurrent=False,
    normalize=False,
    actor_lr=None,
    begin_with=None,
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return replace(SETTINGS, world=str(write_tiny_world(tmp_path_factory.mktemp("world"))))


def without_seconds(record: dict[str, Any]) -> dict[str, Any]:
    """What two equal runs have in common."""
    looks = [
        {key: value for key, value in look.items() if key != "seconds"} for look in (*record["looks"], record["final"])
    ]
    return {"about": [record["method"], record["seed"], record["settings"]], "looks": looks}


@pytest.mark.parametrize("recurrent", [False, True])
def test_every_method_is_judged_in_the_real_game_and_done_once(
    recurrent: bool,
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment_training, "NUM_MOMENTS", 2)
    settings = replace(settings, recurrent=recurrent, normalize=recurrent)
    methods = [name for name in example.METHODS if not recurrent or name == "ppo_dream"]
    records = example.main(methods, [0], settings, tmp_path)
    steps = {record["method"]: [found["steps"] for found in record["looks"]] for record in records}
    assert all(record["looks"][0]["training_pays"] is not None for record in records if record["method"] == "random")
    everything = {"random": [0], "ppo_frames": [0, 4], "ppo_dream": [0, 4, 8], "ppo_steps": [0, 4, 8]}
    everything |= {name: [0, 4, 8] for name in ("ppo_emulated", "ppo_device")}
    everything |= {"actor_critic": [0, 30]}  # it is updated every 2 x 15 steps
    assert steps == {method: everything[method] for method in methods}
    assert all(len(record["final"]["games"]) == 2 for record in records)
    found = next(record for record in records if record["method"] == "ppo_dream")["looks"][-1]
    assert found["exploitation_gap"] == found["training_pays"] - found["game_pays"]
    capsys.readouterr()
    assert example.main(methods, [0], settings, tmp_path) == records
    assert capsys.readouterr().out == "", "what is done is not done again"


def broken_off(method: str, settings: Settings, looks: int, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends with Ctrl-C where it would look for the third, or whichever, time at the real game."""
    seen: list[int] = []

    def judged(look: dict[str, Any], given: Settings, folder: Path, num_games: int) -> dict[str, Any]:
        if len(seen) == looks:
            raise KeyboardInterrupt
        seen.append(look["steps"])
        return really_judged(look, given, folder, num_games)

    really_judged = example.judged
    with monkeypatch.context() as patch:
        patch.setattr(example, "judged", judged)
        with pytest.raises(KeyboardInterrupt):
            example.run(method, settings, 0, out)


def test_the_actor_critic_goes_on_as_if_it_had_not_been_broken_off(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings, steps=60, every=30)
    whole = example.run("actor_critic", settings, 0, tmp_path / "whole")
    broken_off("actor_critic", settings, 1, tmp_path, monkeypatch)
    assert without_seconds(example.run("actor_critic", settings, 0, tmp_path)) == without_seconds(whole)


@pytest.mark.parametrize("method", ["ppo_dream", "ppo_device"])
@pytest.mark.parametrize("looks", [0, 1, 2])
def test_ppo_goes_on_from_its_last_look(
    looks: int, method: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dreams are new ones, so only what was seen before is the same; and as many steps are dreamt in all."""
    broken_off(method, settings, looks, tmp_path, monkeypatch)
    path = tmp_path / f"Breakout-{method}-0.json"
    before = json.loads(path.read_text())["looks"] if looks else []
    record = example.run(method, settings, 0, tmp_path)
    assert record["looks"][:looks] == before
    assert all(earlier["seconds"] < later["seconds"] for earlier, later in pairwise(record["looks"]))
    assert [look["steps"] for look in record["looks"]] == [0, 4, 8]
    assert record["final"]["steps"] == 8


@pytest.mark.parametrize("method", ["ppo_dream", "actor_critic"])
def test_a_run_may_be_trained_here_and_judged_there(method: str, settings: Settings, tmp_path: Path) -> None:
    settings = replace(settings, steps=30, normalize=True)
    at_once = example.run(method, settings, 0, tmp_path / "at-once")
    trained = example.run(method, settings, 0, tmp_path / "here", judge=False)
    assert trained["trained"]
    assert not trained["done"]
    assert all("score" not in look for look in trained["looks"])
    (tmp_path / "here").rename(tmp_path / "there")
    judged = example.run(method, settings, 0, tmp_path / "there")
    assert judged["seconds"] == trained["seconds"], "nothing is trained again"
    assert without_seconds(judged) == without_seconds(at_once)


def test_some_looks_of_a_run_are_judged_wherever_it_was_stopped(settings: Settings, tmp_path: Path) -> None:
    trained = example.run("ppo_dream", settings, 0, tmp_path, judge=False)
    judged = example.judged_at("ppo_dream", settings, 0, tmp_path, [4])
    assert [len(look.get("games", ())) for look in judged["looks"]] == [0, settings.final_episodes, 0]
    assert (judged["seconds"], judged["done"]) == (trained["seconds"], False)
    whole = example.run("ppo_dream", settings, 0, tmp_path)
    assert whole["looks"][1] == judged["looks"][1], "and are not judged again"
    with pytest.raises(InvalidRun, match=r"looks after \[0, 4, 8\] steps; --judge-at asks for \[5\]"):
        example.judged_at("ppo_dream", settings, 0, tmp_path, [4, 5])
    with pytest.raises(InvalidRun, match="looks after no steps"):
        example.judged_at("ppo_dream", settings, 1, tmp_path, [4])


def test_a_run_that_has_no_time_ends_at_its_first_look(settings: Settings, tmp_path: Path) -> None:
    record = example.run("ppo_dream", replace(settings, max_minutes=1e-9), 0, tmp_path)
    assert record["done"]
    assert record["final"]["steps"] == 0


def test_a_run_that_is_given_more_minutes_goes_on(settings: Settings, tmp_path: Path) -> None:
    """And one that is not keeps what was found at its end."""
    short = example.run("ppo_dream", replace(settings, max_minutes=1e-9), 0, tmp_path)
    assert example.run("ppo_dream", replace(settings, max_minutes=2e-9), 0, tmp_path)["final"] == short["final"]
    longer = example.run("ppo_dream", replace(settings, max_minutes=10.0), 0, tmp_path)
    assert longer["looks"][0] == short["looks"][0]
    assert [look["steps"] for look in longer["looks"]] == [0, 4, 8]
    assert (longer["settings"]["max_minutes"], longer["final"]["steps"], longer["done"]) == (10.0, 8, True)


def test_a_run_that_was_out_of_time_goes_on_from_its_last_look(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that was looked at is not trained once more."""
    with monkeypatch.context() as patch:
        patch.setattr(example, "minutes_are_left", lambda given, record: len(record["looks"]) < 2)
        short = example.run("ppo_dream", settings, 0, tmp_path, judge=False)
    player = tmp_path / short["looks"][-1]["player"]
    before = PPO.load(player, device="cpu").policy.state_dict()
    longer = example.run("ppo_dream", replace(settings, max_minutes=10.0), 0, tmp_path, judge=False)
    assert [look["steps"] for look in longer["looks"]] == [0, 4, 8]
    after = PPO.load(player, device="cpu").policy.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_record_from_before_there_were_some_settings_goes_on(settings: Settings, tmp_path: Path) -> None:
    example.run("random", settings, 0, tmp_path, judge=False)
    path = tmp_path / "Breakout-random-0.json"
    record = json.loads(path.read_text())
    del record["settings"]["contexts"], record["settings"]["lost_chance"]
    path.write_text(json.dumps(record))
    assert example.run("random", settings, 0, tmp_path)["done"]
    with pytest.raises(InvalidRun, match="with other settings"):
        example.run("random", replace(settings, lost_chance=0.5), 0, tmp_path)


def test_dreams_begin_where_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    own = load_world(str(settings.world)).contexts
    ContextBank(own.frames[:1], own.actions[:1], own.is_real[:1]).save(tmp_path / "one.npz")
    dream = experiment_training.dreams(
        replace(settings, contexts=str(tmp_path / "one.npz")), frame_stack=1, stagger=False, engine=Engine("cpu")
    )
    assert len(dream.contexts) == 1


def test_ppo_may_begin_with_what_another_run_taught(settings: Settings, tmp_path: Path) -> None:
    """In another world: the same network and the same state of its optimizer."""
    for seed in (0, 1):
        example.run("ppo_dream", settings, seed, tmp_path / "here", judge=False)
    begin_with = str(tmp_path / "here" / "Breakout-ppo_dream-{seed}" / "agent.zip")
    other = replace(settings, world=str(write_tiny_world(tmp_path / "other")), steps=12, begin_with=begin_with)
    record = example.run("ppo_dream", other, 1, tmp_path / "there", judge=False)
    assert [look["steps"] for look in record["looks"]] == [8, 12]
    before = PPO.load(begin_with.replace("{seed}", "1"), device="cpu").policy.state_dict()
    first = PPO.load(tmp_path / "there" / record["looks"][0]["player"], device="cpu").policy.state_dict()
    assert all(torch.equal(before[name], first[name]) for name in before)
    updates = [float(state["step"]) for state in state_of(tmp_path / "there" / "Breakout-ppo_dream-1" / "agent.zip")]
    assert set(updates) == {3 * 4 * 2}, "4 steps, 4 epochs of 2 batches each, three times"


def state_of(agent: Path) -> list[dict[str, Any]]:
    """What Adam knows of each parameter."""
    return list(PPO.load(agent, device="cpu").policy.optimizer.state_dict()["state"].values())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"begin_with": "nowhere.zip"}, "nowhere.zip is no PPO that can learn here: .*nowhere.zip"),
        (
            {"n_steps": 4},
            "learns from 2 steps of each env, in batches of 2: give --num-envs and --n-steps as it had them",
        ),
        ({"frame_stack": 3}, "is no PPO that can learn here: Observation spaces do not match"),
    ],
)
def test_a_ppo_that_cannot_go_on_there_says_why(
    change: dict[str, Any], expected: str, settings: Settings, tmp_path: Path
) -> None:
    example.run("ppo_dream", settings, 0, tmp_path / "here", judge=False)
    begin_with = str(tmp_path / "here" / "Breakout-ppo_dream-0" / "agent.zip")
    with pytest.raises(InvalidArgument, match=expected):
        example.run("ppo_dream", replace(settings, **{"begin_with": begin_with, **change}), 0, tmp_path / "there")


def test_the_actor_critic_begins_with_nothing_else(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="Only PPO begins with another run's agent; leave out --begin-with"):
        example.run("actor_critic", replace(settings, begin_with="agent.zip"), 0, tmp_path)


def test_games_without_a_humans_score_are_judged_too(settings: Settings, tmp_path: Path) -> None:
    assert settings.world is not None
    world = write_tiny_world(tmp_path / "world", "SpaceInvaders")
    record = example.run("random", replace(settings, game="SpaceInvaders", world=str(world)), 0, tmp_path)
    assert record["final"]["human_normalized"] is None
    assert len(record["final"]["games"]) == 2


def test_a_run_is_that_of_its_world(settings: Settings, tmp_path: Path) -> None:
    """What a path or a game's name stands for may have been fitted anew since."""
    assert settings.world is not None
    world = copytree(settings.world, tmp_path / "world")
    example.run("random", replace(settings, world=str(world)), 0, tmp_path)
    weights = world / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(InvalidRun, match="with other settings or another world; give --out another folder"):
        example.run("random", replace(settings, world=str(world)), 0, tmp_path)


def test_a_run_whose_last_agent_was_not_saved_forgets_the_look_at_it(settings: Settings, tmp_path: Path) -> None:
    """Killed after its record was written and before its agent was, it trains that part again, with other dreams."""
    example.main(["ppo_dream"], [0], settings, tmp_path, judge=False)
    file, agents = tmp_path / "Breakout-ppo_dream-0.json", tmp_path / "Breakout-ppo_dream-0"
    record = json.loads(file.read_text())
    copyfile(agents / "agents" / "000000004.zip", agents / "agent.zip")
    seconds = record["looks"][1]["seconds"]
    record |= {"trained": False, "seconds": seconds + 1000}
    record["looks"][2] |= {"seconds": seconds + 1000, "score": {"mean": {"value": 99.0}}}
    file.write_text(json.dumps(record))
    (again,) = example.main(["ppo_dream"], [0], settings, tmp_path, judge=False)
    assert [look["steps"] for look in again["looks"]] == [0, 4, 8]
    assert "score" not in again["looks"][2]
    assert again["looks"][2]["seconds"] < seconds + 1000
