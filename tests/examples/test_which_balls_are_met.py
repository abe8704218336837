"""An agent's balls are told apart by where they come from and what becomes of them."""

import numpy as np
import pytest

from examples.which_balls_are_met import balls_that_came, main

NOWHERE = np.nan
TO_THE_AGENT = [NOWHERE, 32, 40, 48]
FROM_THE_AGENT = [54, 50, 30, 10]
TO_THE_AGENT_AGAIN = [12, 30, 50]


def came(place: list[float], point: int = 0, more: list[float] | None = None) -> list[tuple[bool, bool]]:
    """(returned, met) of the balls at `place`, where a point is won (1) or lost (-1) with the last, and then `more`."""
    rewards = np.zeros(len(place) + len(more or []) - 1)
    rewards[len(place) - 2] = point
    return [
        (ball.returned, ball.met) for ball in balls_that_came(np.array([*place, *(more or [])], np.float64), rewards)
    ]


def test_a_served_ball_that_is_lost_was_not_met() -> None:
    assert came([*TO_THE_AGENT, 60, NOWHERE], -1) == [(False, False)]


def test_one_that_turns_at_the_paddle_was_met_whatever_comes_then() -> None:
    assert came([*TO_THE_AGENT, *FROM_THE_AGENT]) == [(False, True)]
    assert came([*TO_THE_AGENT, *FROM_THE_AGENT, 2, NOWHERE], 1) == [(False, True)]


def test_one_that_the_opponent_hit_is_a_returned_one() -> None:
    rally = [*TO_THE_AGENT, *FROM_THE_AGENT, *TO_THE_AGENT_AGAIN]
    assert came([*rally, 60, NOWHERE], -1) == [(False, True), (True, False)]
    assert came([*rally, *FROM_THE_AGENT, 2, NOWHERE], 1) == [(False, True), (True, True)]


def test_so_is_one_that_was_served_to_the_opponent() -> None:
    assert came([NOWHERE, 32, 20, 10, *TO_THE_AGENT_AGAIN, 60], -1) == [(True, False)]


def test_a_new_point_has_a_new_serve() -> None:
    lost = [*TO_THE_AGENT, *FROM_THE_AGENT, *TO_THE_AGENT_AGAIN, 60]
    assert came(lost, -1, more=[*TO_THE_AGENT, *FROM_THE_AGENT]) == [(False, True), (True, False), (False, True)]


def test_what_turns_far_from_the_paddle_was_met_by_nobody() -> None:
    assert [met for _, met in came([NOWHERE, 20, 30, 28, 40, 50, 60], -1)] == [False]


def test_a_ball_that_rests_neither_comes_nor_goes() -> None:
    assert came([NOWHERE, 32, 40, 40, 40.2, 50, 60], -1) == [(False, False)]


def test_in_the_real_game_a_script_meets_what_idleness_lets_pass(capsys: pytest.CaptureFixture[str]) -> None:
    found = main(["scripted", "always:NOOP"], steps=1_200, rows=2, seed=0)
    scripted, idle = ([ball.met for ball in found[name]] for name in ("scripted", "always:NOOP"))
    assert len(idle) > 10
    assert np.mean(scripted) > 0.7 > 0.3 > np.mean(idle)
    assert "returned, met" in capsys.readouterr().out
