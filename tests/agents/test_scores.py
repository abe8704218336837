"""The published scores: whole, and giving the figures that their papers report."""

from statistics import mean, median

import pytest

from agents.scores import AGENTS, has_human_score, human_normalized, published
from gym_diamond.errors import InvalidArgument, UnknownGame
from gym_diamond.games import ATARI_100K, GAMES


def normalized(name: str) -> list[float]:
    return [human_normalized(game, published(game)[name]) for game in ATARI_100K]


def test_every_agent_has_a_score_in_each_of_the_26_games() -> None:
    names = {agent.name for agent in AGENTS}
    assert {game: set(published(game)) for game in ATARI_100K} == dict.fromkeys(ATARI_100K, names)


@pytest.mark.parametrize(("name", "reported"), [("DIAMOND", 1.46), ("IRIS", 1.05), ("SimPLe", 0.33)])
def test_the_mean_over_all_games_is_the_one_that_the_paper_reports(name: str, reported: float) -> None:
    assert mean(normalized(name)) == pytest.approx(reported, abs=0.006)


@pytest.mark.parametrize(
    ("name", "expected_mean", "expected_median"), [("STORM", 1.2222, 0.4246), ("Delta-IRIS", 1.3833, 0.5936)]
)
def test_what_follows_from_the_files_of_the_others(name: str, expected_mean: float, expected_median: float) -> None:
    assert mean(normalized(name)) == pytest.approx(expected_mean, abs=5e-5)
    assert median(normalized(name)) == pytest.approx(expected_median, abs=5e-5)


def test_storms_file_has_freeway_at_0_and_gives_less_than_its_paper_states() -> None:
    assert published("Freeway")["STORM"] == 0.0
    assert mean(normalized("STORM")) < 1.267
    assert median(normalized("STORM")) < 0.584


def test_the_median_of_diamond_is_the_one_that_the_paper_reports() -> None:
    assert median(normalized("DIAMOND")) == pytest.approx(0.37, abs=0.006)


def test_diamonds_breakout_and_pong() -> None:
    assert published("Breakout")["DIAMOND"] == 132.5
    assert published("Pong")["DIAMOND"] == 20.4


def test_random_play_is_0_and_a_human_is_1() -> None:
    breakout = GAMES["Breakout"]
    assert human_normalized("Breakout", breakout.random_score or 0.0) == 0
    assert human_normalized("Breakout", breakout.human_score or 0.0) == 1
    assert human_normalized("Breakout", 1.7 + 2 * 28.8) == pytest.approx(2)


def test_a_game_outside_the_benchmark_has_no_scores() -> None:
    assert not has_human_score("Skiing")
    assert published("Skiing") == {}
    with pytest.raises(InvalidArgument, match="no random and human scores for Skiing"):
        human_normalized("Skiing", 1.0)
    with pytest.raises(UnknownGame, match="Breakout"):
        human_normalized("breakout", 1.0)
