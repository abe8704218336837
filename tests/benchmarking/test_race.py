"""Contestants take turns, and what counts is the median."""

from gym_diamond.benchmarking.race import Lane, Pace, Theirs, Turn, num_tellings, take_turns


def lane(name: str, step_seconds: float, log: list[tuple[str, int]]) -> Lane:
    def run(num_steps: int) -> Turn:
        log.append((name, num_steps))
        return Turn(num_steps, step_seconds, [])

    return Lane(name, run, 0.0, lambda: None)


def test_everyone_has_a_turn_in_every_round_with_as_many_steps_as_fill_the_time():
    log: list[tuple[str, int]] = []
    told: list[str] = []
    lanes = [lane("ours", 0.1, log), lane("theirs", 0.5, log)]
    turns = take_turns(lanes, Pace(rounds=2, seconds=2.0, parts=False), told.append)
    assert log == [("ours", 1), ("theirs", 1), ("ours", 10), ("theirs", 2), ("ours", 10), ("theirs", 2)]
    assert [[turn.num_steps for turn in of_one] for of_one in turns] == [[10, 10], [2, 2]]
    assert told == ["ours, round 1", "theirs, round 1", "ours, round 2", "theirs, round 2"]


def test_one_slow_round_does_not_count():
    turns = [Turn(1, seconds, []) for seconds in (0.1, 9.0, 0.2)]
    assert Theirs("eager", 0.0, turns, None).step_seconds == 0.2


def test_it_is_known_how_often_something_is_told():
    assert num_tellings(num_dreams=1, num_rivals=2, pace=Pace(5, 10.0, parts=True)) == 3 + 3 * 5 + 1
