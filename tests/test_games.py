"""The hard-coded tables against the emulator, and what a person who mistypes a game is told."""

import gymnasium
import pytest
from ale_py import ALEInterface, LoggerMode, roms

from gym_diamond.errors import UnknownGame
from gym_diamond.games import ATARI_100K, GAMES, game, snake


def _games_of_the_emulator() -> dict[str, str]:
    specs = [spec for name, spec in gymnasium.registry.items() if name.startswith("ALE/") and name.endswith("-v5")]
    return {spec.id.removeprefix("ALE/").removesuffix("-v5"): spec.kwargs["game"] for spec in specs}


def test_the_table_names_the_emulators_games_and_their_roms():
    assert {name: snake(name) for name in GAMES} == _games_of_the_emulator()


def test_every_action_set_is_the_emulators_minimal_one():
    ALEInterface.setLoggerMode(LoggerMode.Error)
    minimal = {}
    for name in GAMES:
        emulator = ALEInterface()
        emulator.loadROM(roms.get_rom_path(snake(name)))
        minimal[name] = tuple(action.name for action in emulator.getMinimalActionSet())
    assert {name: known.action_meanings for name, known in GAMES.items()} == minimal


def test_the_26_games_of_the_benchmark_have_scores_and_no_others_do():
    assert len(ATARI_100K) == 26
    assert [name for name, known in GAMES.items() if known.human_score is not None] == sorted(ATARI_100K)
    assert (game("Breakout").random_score, game("Breakout").human_score) == (1.7, 30.5)
    assert (game("Pong").random_score, game("Pong").human_score) == (-20.7, 14.6)
    assert game("Adventure").random_score is None


def test_people_beat_random_play_in_every_game_of_the_benchmark():
    assert all(GAMES[name].human_score > GAMES[name].random_score for name in ATARI_100K)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("breakout", "Breakout"), ("Breakuot", "Breakout"), ("ms_pacman", "MsPacman"), ("qbret", "Qbert")],
)
def test_an_unknown_game_is_answered_with_the_closest_names(typed: str, meant: str):
    with pytest.raises(UnknownGame, match=meant) as caught:
        game(typed)
    assert repr(typed) in str(caught.value)


def test_a_name_like_no_game_is_answered_with_examples():
    with pytest.raises(UnknownGame, match="such as Breakout and Pong"):
        game("zzzzzzzzzz")
