"""What lives in a process of its own answers calls, and whatever happens there reaches us as an error with a name."""

import operator
import os

import pytest

from gym_diamond.benchmarking.random_world import find_preset
from gym_diamond.benchmarking.worker import Crashed, Worker, isolated
from gym_diamond.errors import InvalidArgument


def test_it_answers_one_call_after_another_also_after_an_error():
    with Worker("letters", bytes, b"ab") as worker:
        assert worker.call(bytes.upper) == b"AB"
        with pytest.raises(Crashed, match=r"(?s)letters:.*Traceback.*subsection not found") as crash:
            worker.call(bytes.index, b"z")
        assert crash.value.reason == "ValueError: subsection not found"
        with pytest.raises(InvalidArgument, match=r"memory is not enough \(MemoryError\)\. Give a smaller --num-envs"):
            worker.call(operator.mul, 2**61)
        assert worker.call(bytes.index, b"b") == 1


def test_an_error_for_people_arrives_as_it_was_raised():
    with pytest.raises(InvalidArgument, match="--preset is 'huge'"):
        isolated("preset", find_preset, "huge")


def test_a_process_that_is_killed_is_missed():
    with pytest.raises(InvalidArgument, match=r"32 dreams: its process ended unasked \(exit code 3\).*--num-envs"):
        isolated("32 dreams", os._exit, 3)
