"""Each example runs, on tiny settings, and does what its first line says."""

import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import exit_status
from gym_diamond.cli import main as gym_diamond
from gym_diamond.data import dataset
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.fitting.distributed import ALONE
from gym_diamond.hub import BUNDLED
from tests.fakes import counting_dream

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    """The module examples/`name`.py."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {
        "dream",
        "vector",
        "dream_together",
        "ppo_sb3",
        "ppo_in_reality",
        "fit_a_world",
        "fit_your_game",
        "squash",
        "drive",
        "crafter_env",
        "ppo_cleanrl_style",
        "judge_cleanrl_style",  # in test_judge_cleanrl_style.py
        "plan_in_the_dream",
        "ppo_in_the_dream",
        "experiment_training",  # in test_experiment.py
        "experiment_agents",  # as are these
        "experiment_settings",
        "ppo_on_the_device",  # in test_ppo_on_the_device.py
        "lost_ball",  # in test_lost_ball.py
        "emulated_dreams",  # in test_emulated_dreams.py
        "normalized_cnn",  # in test_normalized_cnn.py
        "experiment_report",
        "begin_in_play",
        "what_dreams_pay",
        "which_balls_are_met",
        "fit_around_turns",  # in test_fit_around_turns.py
    }


def test_crafter_is_an_env_with_frames() -> None:
    """That it is played stands in tests/envs/test_real_envs.py; its worlds take seconds to make."""
    env = importlib.import_module("examples.crafter_env").Crafter()
    assert env.observation_space.shape == (64, 64, 3)
    assert env.get_action_meanings()[env.action_space.n - 1] == "make_iron_sword"


def test_a_dream_is_stepped_like_any_env() -> None:
    assert load("dream").main(steps=5) >= 0


def test_two_futures_of_one_moment_differ() -> None:
    assert 0 < load("vector").main(num_envs=2, steps=3) < 1


def test_processes_dream_together() -> None:
    """How the streams of several are kept apart stands in tests/envs/test_seeds_of_ranks.py."""
    rewards, rows = load("dream_together").main(ALONE, num_envs=2, steps=3, seed=0)
    assert rewards >= 0
    assert rows == 2


def test_ppo_trains_in_dreams(tmp_path: Path) -> None:
    agent = load("ppo_sb3").main(total_timesteps=64, num_envs=4, n_steps=8, out=str(tmp_path / "ppo.zip"))
    assert agent.num_timesteps == 64
    assert (tmp_path / "ppo.zip").exists()


def test_ppo_learns_the_real_game_and_its_checkpoints_play_for_a_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    load("ppo_in_reality").main("Breakout", 64, num_checkpoints=2, num_envs=4, n_steps=8, seed=0, out=str(tmp_path))
    checkpoints = sorted(str(path) for path in tmp_path.glob("Breakout_*.zip"))
    assert [Path(path).name for path in checkpoints] == ["Breakout_32_steps.zip", "Breakout_64_steps.zip"]
    words = ["collect", "Breakout", "--steps", "80", "--dataset", "breakout/ppo-v0", "--policy", *checkpoints]
    assert gym_diamond(words) == 0
    players = {episode.policy for episode in dataset.load("breakout/ppo-v0")[1]}
    assert players == {"Breakout_32_steps", "Breakout_64_steps"}


def test_the_real_game_of_the_example_ends_with_a_life_and_remembers_nothing_of_it() -> None:
    """A ball is served and nobody plays: the life is lost, and both stacked frames are the first of the next."""
    envs = load("ppo_in_reality").RealVecEnv("Breakout", num_envs=1, frame_stack=2, seed=0)
    assert envs.reset().shape == (1, 64, 64, 6)
    for _ in range(200):
        obs, rewards, dones, infos = envs.step(np.array([1]))  # FIRE
        assert set(rewards.tolist()) <= {-1.0, 0.0, 1.0}
        if dones[0]:
            break
    assert dones[0]
    assert np.array_equal(obs[0, :, :, :3], obs[0, :, :, 3:])
    assert infos[0]["TimeLimit.truncated"] is False
    assert infos[0]["terminal_observation"].shape == (64, 64, 6)
    envs.close()


def test_ppo_in_one_file_trains_on_the_torch_native_dream() -> None:
    settings = {"contexts": "coming", "dream_steps": 3, "reward_mode": "mean"}
    history = load("ppo_cleanrl_style").main("Breakout", total_steps=16, num_envs=2, num_steps=4, **settings)
    assert len(history) == 2
    assert all(-1 <= reward <= 1 for reward in history)


def test_where_its_dreams_begin_is_told_wrongly_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    module = load("ppo_cleanrl_style")
    words = ["--contexts", "comming", "--total-steps", "16", "--num-envs", "2", "--num-steps", "4"]
    assert exit_status("examples.ppo_cleanrl_style", module.command, words) == 2
    assert "coming" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("real", [False, True])
def test_a_planner_forks_the_present_and_plays_the_same_each_time(real: bool) -> None:
    plan = load("plan_in_the_dream").main
    settings = {"game": "Breakout", "num_forks": 4, "horizon": 2, "steps": 2, "seed": 0, "real": real}
    assert -2 <= plan(**settings) == plan(**settings) <= 2


def test_the_planner_does_what_pays_best() -> None:
    """In the counting world action 2 always pays."""
    fork = counting_dream(6, autoreset_mode="Disabled", max_count=50)
    fork.reset(seed=0)
    assert load("plan_in_the_dream").best_action(fork, 1, torch.Generator().manual_seed(0)) == 2


def test_a_planner_with_fewer_forks_than_actions_says_so() -> None:
    with pytest.raises(InvalidArgument, match="2 forks cannot try 3 actions; give at least --num-forks 3"):
        load("plan_in_the_dream").best_action(counting_dream(2), 1, torch.Generator())


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
def test_a_world_may_begin_with_a_ball_in_play_each_time(game: str, tmp_path: Path) -> None:
    module = load("begin_in_play")
    num, kept = module.begin_in_play(BUNDLED / game, tmp_path / "once")
    assert num == 512
    assert 128 < kept < 512
    assert module.begin_in_play(tmp_path / "once", tmp_path / "twice") == (kept, kept)
    assert len(load_world(tmp_path / "once").contexts) == kept


@pytest.mark.parametrize(("game", "axis"), [("Breakout", 0), ("Pong", 1)])  # down, to the right
def test_or_with_a_ball_that_comes_to_the_paddle(game: str, axis: int, tmp_path: Path) -> None:
    _, kept = load("begin_in_play").begin_in_play(BUNDLED / game, tmp_path / "coming", coming=True)
    places = ball_places(game, tmp_path / "coming", axis)
    assert 64 < len(places) == kept < 512
    assert all(before < last for before, last in places)
    load("begin_in_play").begin_in_play(BUNDLED / game, tmp_path / "coming.npz", coming=True)
    alone = load_world(BUNDLED / game, contexts=str(tmp_path / "coming.npz")).contexts
    assert np.array_equal(alone.frames, load_world(tmp_path / "coming").contexts.frames)


@pytest.mark.parametrize(("game", "axis", "line"), [("Breakout", 0, 57), ("Pong", 1, 56)])
def test_or_with_a_ball_that_is_about_to_meet_it(game: str, axis: int, line: int, tmp_path: Path) -> None:
    _, kept = load("begin_in_play").begin_in_play(BUNDLED / game, tmp_path / "near", coming=True, within=18)
    places = ball_places(game, tmp_path / "near", axis)
    assert 16 < len(places) == kept < 256
    assert all(line - 18 <= last <= line for _, last in places)


@pytest.mark.parametrize(("game", "axis", "line"), [("Breakout", 0, 57), ("Pong", 1, 56)])
def test_or_with_a_ball_that_has_some_way_to_go(game: str, axis: int, line: int, tmp_path: Path) -> None:
    _, kept = load("begin_in_play").begin_in_play(BUNDLED / game, tmp_path / "far", coming=True, beyond=16)
    places = ball_places(game, tmp_path / "far", axis)
    assert 8 < len(places) == kept < 256
    assert all(last <= line - 16 for _, last in places)


def test_a_world_without_such_starts_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"No start state of .*Pong has such a ball"):
        load("begin_in_play").begin_in_play(BUNDLED / "Pong", tmp_path / "none", coming=True, within=0)
    assert not (tmp_path / "none").exists()


def ball_places(game: str, world: Path, axis: int) -> list[list[float]]:
    """Where the ball is in the last two frames of each start state."""
    frames = torch.from_numpy(load_world(world).contexts.frames)
    return [[float(find_balls(game, frame[None]).centre[0, axis]) for frame in last] for last in frames[:, -2:]]


def test_what_dreams_pay_depends_on_the_player_where_it_matters(capsys: pytest.CaptureFixture[str]) -> None:
    """Eight dreams of ten steps: equal players win the same, and what was won is never lost in Breakout."""
    found = load("what_dreams_pay").main(
        BUNDLED / "Breakout", ["always:NOOP", "always:NOOP@0", "random"], 8, 10, lost_after=0, seed=0
    )
    assert np.array_equal(found["always:NOOP"].won, found["always:NOOP@0"].won)
    assert all((np.diff(played.won, axis=0) >= 0).all() and played.won.shape == (10, 8) for played in found.values())
    for played in found.values():
        assert (played.lasted[~played.ended] == 10).all(), "they were cut off"
        assert (played.lasted <= 10).all()
        assert played.unpaid <= played.ended.mean() <= 0.5, "hardly any ended"
    assert "after steps" in capsys.readouterr().out


def test_dreams_that_end_without_a_reward_are_counted() -> None:
    won = np.array([[0.0, 0.0, 0.0, 0.0], [-0.9, 1.0, 0.1, 0.1]])
    played = load("what_dreams_pay").Played(won, np.full(4, 2.0), np.array([True, True, True, False]))
    assert played.unpaid == 0.25, "the third; the fourth was cut off"


def test_a_world_is_fitted_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    load("fit_a_world").main("Breakout", steps=800, fit_steps=4, preset="tiny", out=str(tmp_path / "world"))
    for name in ("config.json", "model.safetensors", "contexts.npz", "provenance.json", "README.md", "metrics.json"):
        assert (tmp_path / "world" / name).exists(), name
    assert (tmp_path / "world.gif").exists()
    assert "Watch them" in capsys.readouterr().out


def test_a_lap_begins_where_the_zoom_of_the_camera_ends() -> None:
    """The zoom lasts a second, 50 steps; from then on the road has the width that it keeps."""
    lap = load("drive").lap()
    first, _ = lap.reset(seed=0)
    assert lap.unwrapped.t == pytest.approx(51 / 50)  # the game's own reset makes one step
    assert lap.action_space.n == 5
    assert not np.array_equal(first, [lap.step(3)[0] for _ in range(20)][-1])


def test_the_driver_steers_to_where_the_road_is() -> None:
    follow = load("drive").follow
    grass = np.full((64, 64, 3), (100, 200, 100), np.uint8)
    right, left = grass.copy(), grass.copy()
    right[:, 40:50], left[:, 10:20] = 100, 100  # grey
    assert [follow(frame) for frame in (right, left, right, left, right, grass)] == [1, 2, 3, 2, 1, 3]


def test_squash_pays_for_each_ball_that_is_returned_until_one_is_missed() -> None:
    squash = load("squash")
    game = squash.Squash()
    frame, _ = game.reset(seed=0)
    rewards = []
    for _ in range(200):
        frame, reward, terminated, _, _ = game.step(squash.follow(frame))
        assert not terminated
        rewards.append(reward)
    assert set(rewards) == {0.0, 1.0}
    assert sum(rewards) >= 200 // 22  # up and down again in 20 steps or so
    while not terminated:
        frame, reward, terminated, _, _ = game.step(1)  # LEFT for ever
    assert reward == -1.0


def test_a_game_of_ones_own_is_fitted_and_ppo_is_judged_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    out = tmp_path / "world"
    load("fit_your_game").main(
        steps=1500, fit_minutes=0.01, preset="tiny", total_timesteps=1024, num_games=2, out=str(out)
    )
    assert json.loads((out / "config.json").read_text())["spec"]["reward_values"] == [-1.0, 0.0, 1.0]
    assert {name: len(returns) for name, returns in json.loads((out / "squash.json").read_text()).items()} == {
        "random": 2,
        "ppo_in_the_dream": 2,
    }


def test_real_games_of_a_training_that_goes_on_are_others() -> None:
    envs = importlib.import_module("examples.ppo_in_reality").RealVecEnv("Pong", 4, 1, seed=0)
    seen = []
    for seed in (0, 0, 500):
        envs.seed(seed)
        envs.reset()
        for _ in range(40):  # no-ops at the start decide where the ball is
            envs.step_async(np.zeros(4, np.int64))
            obs = envs.step_wait()[0]
        seen.append(obs)
    envs.close()
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])
