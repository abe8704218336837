"""A game of one's own from fit to demo: any frame size, grey or colours, actions of several parts or of one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from PIL import Image

import gym_diamond  # noqa: F401 (it registers the ids)
from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.dataset import DatasetInfo, write
from gym_diamond.data.episode import Episode
from tests.noisy_play import QUICK

EVALUATE = (
    "--num-starts",
    "2",
    "--horizon",
    "3",
    "--min-episode-steps",
    "8",
    "--moments",
    "2",
    "--ranking-starts",
    "2",
)
ONE = ("LEFT", "RIGHT", "WAIT")
SEVERAL = ("STAY", "LEFT", "RIGHT", "COAST", "GAS")


class Made(NamedTuple):
    """A world that was fitted for two steps, and what it was fitted to."""

    info: DatasetInfo
    directory: Path


def play(info: DatasetInfo, seed: int) -> Episode:
    rng = np.random.default_rng(seed)
    frames = rng.integers(256, size=(13, info.height, info.width, info.channels), dtype=np.uint8)
    actions = rng.integers(info.choices.limits, size=(12, *info.choices.shape))
    return Episode(frames, actions, np.tile([0.0, 2.5], 6).astype(np.float32), True, False, True, "random")


@pytest.fixture(
    scope="module",
    params=[
        DatasetInfo("Racing", 5, SEVERAL, 12, 48, 80, 3, action_sizes=(3, 2)),
        DatasetInfo("Racing", 5, SEVERAL, 12, 84, 84, 1, action_sizes=(3, 2)),
        DatasetInfo("Maze", 3, ONE, 12, 21, 50, 1),
    ],
    ids=["48x80, parts", "84x84 grey, parts", "21x50 grey"],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(folder / "datasets"))
        write("own/played-v0", request.param, [play(request.param, seed) for seed in range(3)])
        write("own/heldout-v0", request.param, [play(request.param, seed) for seed in range(3, 6)])
        preview = ("--preview-every", "1e-6", "--preview-frames", "2")
        words = ("fit", "--dataset", "own/played-v0", "--out", str(folder / "world"), "--steps", "2", *QUICK, *preview)
        assert main([*words, "--sampling.num-denoising-steps", "1"]) == 0
        yield Made(request.param, folder / "world")


def test_the_fitted_world_knows_its_frames_and_actions(made: Made):
    spec = load_world(made.directory).model.spec
    assert (spec.height, spec.width, spec.channels) == (made.info.height, made.info.width, made.info.channels)
    assert (spec.num_actions, spec.action_sizes) == (made.info.num_actions, made.info.action_sizes)
    assert spec.action_meanings == made.info.action_meanings


def test_it_is_not_fitted_to_play_with_other_actions(made: Made, capsys: pytest.CaptureFixture[str]):
    write("own/other-v0", other := _otherwise(made.info), [play(other, 0)], overwrite=True)
    words = ("--dataset", "own/played-v0", "own/other-v0", "--out", str(made.directory / "other"), "--steps", "1")
    assert main(["fit", *words, *QUICK]) == 2
    told = capsys.readouterr().err
    assert f"action_sizes is {made.info.action_sizes} in the first and {other.action_sizes} in the second" in told


def _otherwise(info: DatasetInfo) -> DatasetInfo:
    return replace(info, action_sizes=(2, info.num_actions - 2))


def test_its_dreams_are_gymnasium_envs(made: Made):
    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(made.directory), render_mode="rgb_array")
    shape = (made.info.height, made.info.width, made.info.channels)
    assert env.observation_space == Box(0, 255, shape, np.uint8)
    assert env.action_space == made.info.choices.space
    env.reset(seed=0)
    env.action_space.seed(0)
    obs, reward, *_ = env.step(env.action_space.sample())
    assert (obs.shape, obs.dtype) == (shape, np.uint8)
    assert reward in (0.0, 2.5)
    picture = env.render()
    assert isinstance(picture, np.ndarray)
    assert np.array_equal(picture, np.broadcast_to(obs, (*shape[:2], 3))), "grey in three equal channels"


def test_many_dreams_at_once_are_the_single_ones(made: Made):
    envs = gymnasium.make_vec(
        "gym_diamond:DiamondDream-v0", num_envs=3, world=str(made.directory), frame_stack=2, render_mode="rgb_array"
    )
    first, _ = envs.reset(seed=5)
    assert first.shape == (3, made.info.height, made.info.width, 2 * made.info.channels)
    single = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(made.directory), frame_stack=2)
    assert np.array_equal(single.reset(seed=6)[0], first[1])
    actions = envs.action_space.sample()
    ours, theirs = envs.step(actions), single.step(actions[1])
    assert np.abs(ours[0][1].astype(int) - theirs[0]).max() <= 1
    pictures = envs.render()
    assert pictures is not None
    assert [picture.shape for picture in pictures] == [(made.info.height, made.info.width, 3)] * 3


def test_a_dream_starts_from_play_of_ones_own(made: Made):
    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(made.directory))
    episode = play(made.info, 9)
    obs, _ = env.reset(options={"context": {"frames": episode.frames[:6], "actions": episode.actions[:5]}})
    assert np.array_equal(obs, episode.frames[5])


def test_it_is_evaluated_with_pictures_and_what_needs_atari_says_so(made: Made, tmp_path: Path):
    out = tmp_path / "card"
    words = ("--dataset", "own/heldout-v0", "--out", str(out), *EVALUATE)
    assert main(["evaluate", str(made.directory), *words]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["drift"]["psnr"]["1"]["n"] == 3, "two starts that last, and one before an end"
    for name in ("hallucinated", "controllability", "ranking"):
        expected = f"it is measured beside the real game, and only Atari's can be: {made.info.game} is none of those."
        assert metrics["not_measured"][name] == expected
    for name in ("dream.gif", "drift.png", "reward_end.png", "strips.png"):
        with Image.open(out / name) as picture:
            assert min(picture.size) > 20
    card = (out / "README.md").read_text()
    assert f"Frames are {made.info.height} x {made.info.width}{' in grey' * (made.info.channels == 1)}, 12 a" in card
    names = "its actions have 2 parts (STAY, LEFT, RIGHT and COAST, GAS)"
    assert (names if made.info.action_sizes else "it has 3 actions (LEFT, RIGHT, WAIT)") in card


def test_it_is_demonstrated(made: Made, tmp_path: Path):
    out = tmp_path / "dream.gif"
    words = ("--world", str(made.directory), "--steps", "2", "--num-envs", "2", "--out", str(out))
    assert main(["demo", *words]) == 0
    with Image.open(out) as picture:
        assert picture.size == (2 * made.info.width * 2, made.info.height * 2)
