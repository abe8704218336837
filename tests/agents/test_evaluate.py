"""Judging in the real game: any policy, reproducible, with the statistics of its games."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agents.evaluate import EvaluateConfig, bounds, evaluate, main, scored, sentence
from agents.policy import make_policy, save_policy
from gym_diamond.cli import exit_status
from gym_diamond.games import GAMES
from gym_diamond.world_models.protocol import WorldSpec


def short(out: Path, *policies: str, **values: Any) -> EvaluateConfig:
    """Two games of 80 frames, two at a time, without sticky actions."""
    given = {"episodes": 2, "num_envs": 2, "max_frames": 80, "sticky_actions": (0.0,)} | values
    return EvaluateConfig(policies=policies, game="Breakout", out=out / "scores.json", **given)


@pytest.fixture
def agent(tmp_path: Path) -> str:
    """A directory with a small untrained policy for Breakout."""
    spec = WorldSpec("Breakout", 64, 64, 3, 4, GAMES["Breakout"].action_meanings, 4, (-1.0, 0.0, 1.0), 15)
    (tmp_path / "agent").mkdir()
    save_policy(tmp_path / "agent", make_policy(spec, channels=(4, 4, 4, 4), lstm_dim=8))
    return str(tmp_path / "agent")


def test_a_policy_of_ours_is_judged_the_same_each_time(agent: str, tmp_path: Path) -> None:
    config = short(tmp_path, agent)
    report = evaluate(config)
    assert report == evaluate(config)
    assert [(row["policy"], row["sticky_actions"], row["cut_off"]) for row in report["results"]] == [(agent, 0.0, 2)]
    assert [game["steps"] for game in report["results"][0]["games"]] == [20, 20]


def test_one_command_writes_the_games_and_a_picture(agent: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "new" / "scores.json"
    words = [agent, "random", "--game", "Breakout", "--episodes", "2", "--num-envs", "2", "--max-frames", "40"]
    assert exit_status("agents.evaluate", main, [*words, "--sticky-actions", "0.25", "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert [row["policy"] for row in report["results"]] == [agent, "random"]
    assert report["results"][0]["sticky_actions"] == 0.25
    assert (
        report["runs"][0]["score"]["mean"]["value"] == sum(r["score"]["mean"]["value"] for r in report["results"]) / 2
    )
    assert report["published"]["DIAMOND"] == 132.5
    assert (report["published"]["random"], report["published"]["human"]) == (1.7, 30.5)
    with Image.open(out.with_suffix(".png")) as picture:
        assert picture.width > 500
    assert "random, sticky 0.25: mean" in capsys.readouterr().out


def test_scores_are_normalised_where_the_benchmark_knows_the_game() -> None:
    found = scored("Breakout", [1.7, 30.5])
    assert found["score"]["mean"]["value"] == pytest.approx(16.1)
    assert found["human_normalized"]["mean"]["value"] == pytest.approx(0.5)
    assert scored("Skiing", [1.0])["human_normalized"] is None
    assert bounds("Skiing") == {}


def test_a_sentence_says_how_sure_and_how_many() -> None:
    row = {"policy": "a.zip", "sticky_actions": 0.25, "cut_off": 1, "games": [{}, {}]} | scored(
        "Breakout", [10.0, 10.0]
    )
    assert sentence(row) == (
        "a.zip, sticky 0.25: mean 10.0 [10.0, 10.0], iqm 10.0 [10.0, 10.0], median 10.0 [10.0, 10.0], "
        "human-normalised 0.29 (2 games, 1 cut off)"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--game", "Breakout"], "nobody to play"),
        (["random", "--game", "Brekout"], "Breakout"),
        (["random", "--game", "Breakout", "--episodes", "0"], "episodes is 0"),
        (["nobody", "--game", "Breakout"], "no policy 'nobody'"),
        (["random", "--game", "Breakout", "--sticky-actions", "2"], "repeat_action_probability"),
    ],
)
def test_a_mistake_is_a_sentence(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("agents.evaluate", main, [*words, "--out", str(tmp_path / "scores.json")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
