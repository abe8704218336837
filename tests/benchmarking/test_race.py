"""Contestants take turns, and what counts is the median."""

import pytest

from gym_diamond.benchmarking.race import Lane, Pace, Theirs, Turn, num_tellings, steps_a_turn, take_turns


def lane(name: str, step_seconds: float, log: list[tuple[str, int]]) -> Lane:
    def run(num_steps: int) -> Turn:
        log.append((name, num_steps))
        return Turn(num_steps, step_seconds, [])

    return Lane(name, "fp32", run, 0.0, lambda: None)


def test_everyone_has_a_turn_in_every_round_with_as_many_steps_as_fill_the_time():
    log: list[tuple[str, int]] = []
    told: list[str] = []
    lanes = [lane("ours", 0.1, log), lane("theirs", 0.25, log)]
    turns = take_turns(lanes, Pace(rounds=2, seconds=2.0, parts=False), told.append)
    assert log[:4] == [("ours", 1), ("ours", 1), ("theirs", 1), ("theirs", 1)]
    assert log[4:] == [("ours", 10), ("theirs", 4), ("ours", 10), ("theirs", 4)]
    assert [[turn.num_steps for turn in of_one] for of_one in turns] == [[10, 10], [4, 4]]
    assert told == ["ours, round 1", "theirs, round 1", "ours, round 2", "theirs, round 2"]


def test_a_slow_second_step_does_not_count_when_the_steps_of_a_turn_are_chosen():
    slow_then_fast = iter([9.0, 0.1])
    cold = Lane("cold", "fp32", lambda num: Turn(num, next(slow_then_fast), []), 0.0, lambda: None)
    assert steps_a_turn(cold, Pace(rounds=2, seconds=2.0, parts=False)) == 10


def test_the_steps_of_both_faces_fill_the_time():
    both = Lane("both", "fp32", lambda num: Turn(num, 0.1, [0.1] * num), 0.0, lambda: None)
    assert steps_a_turn(both, Pace(rounds=2, seconds=2.0, parts=False)) == 5


@pytest.mark.parametrize(("step_seconds", "num_steps"), [(0.9, 3), (2.0, 3), (2.1, 1)])
def test_a_turn_has_three_steps_at_least_unless_one_takes_longer_than_all_rounds_may(step_seconds, num_steps):
    assert steps_a_turn(lane("slow", step_seconds, []), Pace(rounds=2, seconds=2.0, parts=False)) == num_steps


def test_one_slow_round_does_not_count():
    turns = [Turn(1, seconds, []) for seconds in (0.1, 9.0, 0.2)]
    assert Theirs("eager", "fp32", 0.0, turns, None).step_seconds == 0.2


def test_it_is_known_how_often_something_is_told():
    assert num_tellings(num_dreams=1, num_rivals=2, pace=Pace(5, 10.0, parts=True)) == 3 + 3 * 5 + 1
