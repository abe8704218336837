"""Judging in the real game: any policy, reproducible, with the statistics of its games."""

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from PIL import Image
from stable_baselines3 import PPO

from agents.evaluate import EvaluateConfig, bounds, evaluate, main, scored, sentence, sentence_together, together
from agents.policy import make_policy, save_policy
from gym_diamond.cli import exit_status
from gym_diamond.games import GAMES
from gym_diamond.world_models.protocol import WorldSpec

NEVER_NOOP = torch.tensor([-9.0, 1.0, 1.0, 1.0])  # the logits of who serves and moves: the ball is in play, and met


class Screen(gymnasium.Env):
    """Frames and actions like Breakout's, for an agent that is made and not trained."""

    observation_space = Box(0, 255, (64, 64, 3), np.uint8)
    action_space = Discrete(4)


@pytest.fixture
def agent(tmp_path: Path) -> str:
    """A directory with a small untrained policy for Breakout that serves."""
    spec = WorldSpec("Breakout", 64, 64, 3, 4, GAMES["Breakout"].action_meanings, 4, (-1.0, 0.0, 1.0), 15)
    policy = make_policy(spec, channels=(4, 4, 4, 4), lstm_dim=8)
    policy.actor_linear.bias.data = NEVER_NOOP
    (tmp_path / "agent").mkdir()
    save_policy(tmp_path / "agent", policy)
    return str(tmp_path / "agent")


@pytest.fixture
def ppo(tmp_path: Path) -> str:
    """A .zip with a small untrained PPO that serves."""
    model = PPO("CnnPolicy", Screen(), seed=0, policy_kwargs={"features_extractor_kwargs": {"features_dim": 8}})
    model.policy.action_net.bias.data = NEVER_NOOP  # pyright: ignore[reportAttributeAccessIssue]
    model.save(tmp_path / "ppo.zip")
    return str(tmp_path / "ppo.zip")


def judged(policy: str, sticky: float, seed: int) -> dict[str, Any]:
    """Two whole games, both at once; they last as long as their five lives."""
    config = EvaluateConfig(
        policies=(policy,),
        game="Breakout",
        out=Path("scores.json"),  # which `evaluate` does not write
        episodes=2,
        sticky_actions=(sticky,),
        num_envs=2,
        seed=seed,
    )
    return evaluate(config)


@pytest.mark.parametrize("sticky", [0.0, 0.25])
def test_a_policy_of_ours_is_judged_the_same_each_time(agent: str, sticky: float) -> None:
    report = judged(agent, sticky, seed=1)
    (row,) = report["results"]
    assert len({game["score"] for game in row["games"]}) == 2, "equal scores could not tell games apart"
    assert report == judged(agent, sticky, seed=1)
    assert row["games"] != judged(agent, sticky, seed=2)["results"][0]["games"]
    assert (row["policy"], row["sticky_actions"], row["cut_off"]) == (agent, sticky, 0)


def test_so_is_one_of_stable_baselines3(ppo: str) -> None:
    report = judged(ppo, sticky=0.25, seed=2)
    (row,) = report["results"]
    assert len({game["score"] for game in row["games"]}) == 2, "equal scores could not tell games apart"
    assert report == judged(ppo, sticky=0.25, seed=2)
    assert sentence(row).startswith(f"{ppo}, sticky 0.25: mean ")


def test_games_with_sticky_actions_are_other_games(agent: str) -> None:
    plain, sticky = (judged(agent, share, seed=1)["results"][0]["games"] for share in (0.0, 0.25))
    assert plain != sticky


def test_one_command_writes_the_games_and_a_picture(agent: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "new" / "scores.json"
    words = [agent, "random", "--game", "Breakout", "--episodes", "2", "--num-envs", "2", "--max-frames", "40"]
    assert exit_status("agents.evaluate", main, [*words, "--sticky-actions", "0.25", "--out", str(out)]) == 0
    report = json.loads(out.read_text())
    assert [row["policy"] for row in report["results"]] == [agent, "random"]
    assert report["results"][0]["sticky_actions"] == 0.25
    assert [game["steps"] for game in report["results"][0]["games"]] == [10, 10], "40 frames, four a step"
    assert report["results"][0]["cut_off"] == 2
    assert report["runs"][0]["means"] == [row["score"]["mean"]["value"] for row in report["results"]]
    assert (
        report["runs"][0]["score"]["mean"]["value"] == sum(r["score"]["mean"]["value"] for r in report["results"]) / 2
    )
    assert report["published"]["DIAMOND"] == 132.5
    assert (report["published"]["random"], report["published"]["human"]) == (1.7, 30.5)
    with Image.open(out.with_suffix(".png")) as picture:
        assert picture.width > 500
    told = capsys.readouterr().out
    assert "random, sticky 0.25: mean" in told
    assert "all 2 policies, sticky 0.25: mean" in told


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


def test_several_policies_are_summed_up_in_a_line_of_their_own() -> None:
    run = {"sticky_actions": 0.25, "means": [10.0, 10.0, 13.0], **scored("Breakout", [10.0, 10.0, 13.0])}
    (row,) = together([run])
    assert sentence_together(row) == (
        "all 3 policies, sticky 0.25: mean 11.0 [10.0, 13.0], iqm 11.0 [10.0, 13.0], median 10.0 [10.0, 13.0], "
        "human-normalised 0.32 (of the mean score of each)"
    )
    assert row["games"] == [{"score": 10.0}, {"score": 10.0}, {"score": 13.0}], "a dot of the picture for each policy"


def test_one_policy_has_no_such_line() -> None:
    assert together([{"sticky_actions": 0.0, "means": [10.0], **scored("Breakout", [10.0])}]) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--game", "Breakout"], "nobody to play"),
        (["random", "--game", "Brekout"], "Breakout"),
        (["random", "--game", "Breakout", "--episodes", "0"], "episodes is 0"),
        (["nobody", "--game", "Breakout"], "no policy 'nobody'"),
        (["random", "--game", "Breakout", "--sticky-actions", "2"], "sticky_actions has 2"),
    ],
)
def test_a_mistake_is_a_sentence(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("agents.evaluate", main, [*words, "--out", str(tmp_path / "scores.json")]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "complaint", "status"),
    [
        (("random", "typo.zip", "--sticky-actions", "0"), "no policy 'typo.zip'", 2),
        (("random", "--sticky-actions", "0", "25"), "sticky_actions has 25; it is a probability", 2),
        (("random", "--out", "a_file/scores.json"), "a_file", 1),
    ],
)
def test_a_mistake_is_found_before_anybody_plays(
    words: tuple[str, ...],
    complaint: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def nobody(*given: object) -> None:
        raise AssertionError("a game was played")

    monkeypatch.setattr("agents.evaluate.judge", nobody)
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    assert exit_status("agents.evaluate", main, ["--game", "Breakout", "--out", "scores.json", *words]) == status
    assert complaint in capsys.readouterr().err.splitlines()[-1]
