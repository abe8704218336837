"""`gym-diamond collect` with a game of one's own, and on to a dream of it."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest

import gym_diamond
import tests.own_game  # noqa: F401 - registers its envs
from gym_diamond.cli import main
from gym_diamond.data.dataset import load
from gym_diamond.data.episode import digest
from tests.noisy_play import QUICK

NAME = "own/test-v0"
SMALL = ("--size", "16", "16")


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))


def collect(game: str, *words: str) -> int:
    return main(["collect", game, "--dataset", NAME, "--num-envs", "2", *words])


def test_a_game_of_ones_own_is_collected(capsys: pytest.CaptureFixture[str]):
    assert collect("tests.own_game:Dot-v0", "--steps", "60", "--size", "native") == 0
    info, episodes = load(NAME)
    assert (info.game, info.action_meanings, info.fps) == ("Dot-v0", ("LEFT", "RIGHT"), 10)
    assert (info.height, info.width, info.channels, info.action_sizes) == (8, 10, 3, ())
    assert sum(len(episode.actions) for episode in episodes) == 60
    for episode in episodes:
        cells = episode.frames.max(axis=(1, 2, 3)) // 10
        moves = np.clip(cells[:-1].astype(int) + np.where(episode.actions == 1, 1, -1), 0, 4)
        assert cells[1:].tolist() == moves.tolist()
        assert episode.rewards.tolist() == pytest.approx([{0: -0.1, 4: 0.5}.get(c, 0.0) for c in cells[1:].tolist()])
        assert episode.terminated == episode.game_over == (cells[-1] == 4)
        assert episode.truncated != episode.terminated
    assert "--out runs/dot-v0" in capsys.readouterr().out


def test_equal_seeds_give_equal_datasets():
    found = []
    for seed in ("0", "0", "1"):
        words = ("--steps", "60", "--policy", "sticky", "--seed", seed, "--overwrite")
        assert collect("tests.own_game:Pair-v0", *words) == 0
        found.append([digest(episode) for episode in load(NAME)[1]])
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("game", "words", "sizes", "meanings"),
    [
        ("Wheel-v0", ("--bins", "-1,1;0,0.5,1"), (2, 3), ("-1", "1", "0", "0.5", "1")),
        ("Pair-v0", ("--action-names", "A,B,C", "L,R"), (3, 2), ("A", "B", "C", "L", "R")),
        ("Blind-v0", ("--pixels", "render"), (), ("LEFT", "RIGHT")),
    ],
)
def test_every_kind_of_action_is_collected(game: str, words: tuple[str, ...], sizes: tuple, meanings: tuple):
    policies = ("--policy", "random", "sticky@0.2")
    assert collect(f"tests.own_game:{game}", "--steps", "40", *policies, *words) == 0
    info, episodes = load(NAME)
    assert (info.action_sizes, info.action_meanings) == (sizes, meanings)
    actions = np.concatenate([episode.actions for episode in episodes])
    assert actions.shape[1:] == ((len(sizes),) if sizes else ())
    assert actions.max(axis=0).tolist() == ([size - 1 for size in sizes] if sizes else 1)


def test_an_action_and_a_function_of_ones_own_play():
    policies = ("--policy", "always:LEFT", "python:tests.own_game:right")
    assert collect("tests.own_game:Dot-v0", "--steps", "80", *policies) == 0
    played = {episode.policy: set(episode.actions.tolist()) for episode in load(NAME)[1]}
    assert played == {"always:LEFT": {0}, "python:tests.own_game:right": {1}}


def test_an_action_of_several_parts_is_named_by_each():
    words = ("--bins", "-1,1;0,0.5,1", "--policy", "always:1,0.5")
    assert collect("tests.own_game:Wheel-v0", "--steps", "20", *words) == 0
    assert {tuple(action) for episode in load(NAME)[1] for action in episode.actions} == {(1, 1)}


def test_a_module_in_the_folder_where_the_command_is_typed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    code = "import gymnasium\nfrom tests.own_game import Dot\ngymnasium.register('Here-v0', Dot)\n"
    (tmp_path / "a_game_that_stands_here.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    assert collect("a_game_that_stands_here:Here-v0", "--steps", "10") == 0


def test_from_a_game_of_ones_own_to_a_dream_of_it(tmp_path: Path):
    assert collect("tests.own_game:Dot-v0", "--steps", "200", *SMALL) == 0
    words = ("--dataset", NAME, "--out", str(tmp_path / "run"), "--steps", "2", *QUICK)
    assert main(["fit", *words]) == 0
    gym_diamond.register_world("DotDream-v0", tmp_path / "run")
    try:
        env = gymnasium.make("DotDream-v0", device="cpu", max_episode_steps=8)
        frame, _ = env.reset(seed=0)
        assert frame.shape == (16, 16, 3)
        assert env.action_space == gymnasium.spaces.Discrete(2)
        dreamt = [env.step(t % 2) for t in range(8)]
        assert {step[1] for step in dreamt} <= {np.float32(value).item() for value in (-0.1, 0.0, 0.5)}
        env.close()
    finally:
        del gymnasium.registry["DotDream-v0"]
    assert "a dream can give the rewards -0.1, 0, 0.5" in (tmp_path / "run" / "README.md").read_text()


@pytest.mark.parametrize(
    ("game", "words", "complaint"),
    [
        ("Dto-v0", (), "did you mean Dot-v0"),
        ("Breakout", ("--size", "32", "32"), "--size has no meaning here: Breakout is an Atari game"),
        ("tests.own_game:Dot-v0", ("--sticky-actions", "0.25"), "--sticky-actions has no meaning here"),
        ("tests.own_game:Dot-v0", ("--policy", "scripted"), "Breakout and Pong"),
        ("tests.own_game:Dot-v0", ("--policy", "always:UP"), "Dot-v0 has LEFT, RIGHT"),
        ("tests.own_game:Pair-v0", ("--policy", "always:2"), "0, 1, 2 and 0, 1 (one of each, with a comma)"),
        ("tests.own_game:Dot-v0", ("--policy", "python:tests.own_game:left"), "no attribute 'left'"),
        ("tests.own_game:Dot-v0", ("--policy", "python:tests.own_game"), "python:MODULE:FUNCTION"),
        ("tests.own_game:Pair-v0", ("--policy", "python:tests.own_game:right"), "0 to 2 and 0 to 1 in its 2 parts"),
        ("tests.own_game:Blind-v0", (), "add --pixels render"),
        ("tests.own_game:Wheel-v0", (), "Declare them"),
        ("tests.own_game:Pair-v0", ("--action-names", "A,A,A", "L,R"), "--action-names A,A,A must be distinct names"),
        ("tests.own_game:Dot-v0", ("--env-kwargs", '{"speed": 2}'), "TypeError: "),
        ("python:odd:G", (), "An env of your own is MODULE:ID"),
        (":G", (), "An env of your own is MODULE:ID"),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_written(
    game: str, words: tuple[str, ...], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert collect(game, *words) == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]
    assert not list((tmp_path / "datasets").glob("*"))
