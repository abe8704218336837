"""The clock, and what is read off it."""

import time

import torch

from gym_diamond.benchmarking.timing import in_turns, percentile, repeated, steps_for

CPU = torch.device("cpu")


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed():
    values = [4.0, 1.0, 3.0, 2.0]
    assert [percentile(values, share) for share in (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)] == [1, 1, 2, 3, 4, 4]


def test_a_turn_has_one_step_at_least():
    assert steps_for(2.0, 0.5) == 4
    assert steps_for(2.0, 60.0) == 1


def test_the_first_call_warms_up_and_does_not_count():
    calls: list[int] = []
    spent = repeated(lambda: calls.append(1), CPU, budget=0.0, at_least=4)
    assert len(spent) == 4
    assert len(calls) == 5
    assert all(seconds >= 0 for seconds in spent)


def test_in_turns_everyone_is_called_once_a_round_and_the_first_round_does_not_count():
    calls: list[str] = []
    rounds = in_turns([lambda: calls.append("a"), lambda: calls.append("b")], CPU, budget=0.0, at_least=2)
    assert calls == ["a", "b"] * 3
    assert [len(taken) for taken in rounds] == [2, 2]


def test_turns_go_on_until_all_of_them_together_have_used_the_time():
    rounds = in_turns([lambda: time.sleep(0.01), lambda: time.sleep(0.01)], CPU, budget=0.1, at_least=1)
    assert sum(map(sum, rounds)) >= 0.1
    assert len(rounds) <= 5
