"""When a run looks at the real game, what its clock tells, and that it saves nothing that is not finite."""

from types import SimpleNamespace
from typing import Any

import pytest

from agents import imagination
from agents.actor_learner import ActorLearner
from agents.imagination import imagine, is_time_to_look
from agents.imagine import make_start
from agents.imagine_config import ImagineConfig
from agents.imagine_run import Position
from agents.playing import Play
from gym_diamond.envs.dream import Dream
from gym_diamond.errors import InvalidRun
from tests.fakes import AskingWorld, counting_bank


def looks(config: ImagineConfig, until: int, since: int = 0) -> list[int]:
    """The updates after which the real game is looked at, if each update takes a second."""
    found, looked = [], Position(since, float(since))
    for position in (Position(number, float(number)) for number in range(since + 1, until + 1)):
        if is_time_to_look(config, looked, position):
            found.append(position.updates)
            looked = position
    return found


def test_a_short_run_is_looked_at_ten_times_the_last_time_at_its_end() -> None:
    """300,000 steps are 625 updates; a minute is 60."""
    assert looks(ImagineConfig(steps=300_000), 625) == [63, 125, 188, 250, 313, 375, 438, 500, 563, 625]
    assert looks(ImagineConfig(max_minutes=1), 60) == [6, 12, 18, 24, 30, 36, 42, 48, 54, 60]


def test_a_long_run_every_4000_updates() -> None:
    assert looks(ImagineConfig(steps=192_000_000), 12_000) == [4_000, 8_000, 12_000]
    assert looks(ImagineConfig(max_minutes=10_000), 12_000) == [4_000, 8_000, 12_000]


def test_of_steps_and_minutes_the_end_that_comes_first_counts() -> None:
    assert looks(ImagineConfig(steps=300_000, max_minutes=1), 12) == [6, 12]
    assert looks(ImagineConfig(steps=4_800, max_minutes=60), 10) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_run_that_goes_on_looks_where_the_next_tenth_is_full() -> None:
    assert looks(ImagineConfig(steps=300_000), 200, since=70) == [125, 188]


def test_whoever_says_how_often_gets_that() -> None:
    assert looks(ImagineConfig(steps=300_000, real_every=30), 100) == [30, 60, 90]
    assert looks(ImagineConfig(steps=300_000, real_every=0), 625) == []


class SlowLooks:
    """Hooks whose looks take a minute each, where nothing else takes any time; they keep what was saved."""

    def __init__(self) -> None:
        self.now = 0.0
        self.saved: list[Position] = []

    def report(self, position: Position, values: Any) -> None: ...

    def look_at_reality(self, position: Position) -> None:
        self.now += 60

    def checkpoint(self, play: Any, position: Position) -> None:
        self.saved.append(position)


def short(**values: Any) -> ImagineConfig:
    """Four updates unless `values` say otherwise, each of two rows and two steps, without a look."""
    given = {"num_dreams": 2, "rollout_steps": 2, "steps": 16, "real_every": 0, "channels": (4,), "lstm_dim": 8}
    return ImagineConfig(**{**given, **values})


def started(config: ImagineConfig) -> tuple[ActorLearner, Play]:
    return make_start(Dream(AskingWorld(max_count=300), counting_bank((0, 100)), 2), config)


def test_looks_take_nothing_from_the_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = SlowLooks()
    monkeypatch.setattr(imagination, "time", SimpleNamespace(monotonic=lambda: hooks.now))
    config = short(max_minutes=1, real_every=1)
    assert imagine(*started(config), config, Position(), hooks) == Position(updates=4, elapsed=0.0)
    assert hooks.now == 4 * 60


def test_the_clock_of_a_resumed_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagination, "time", SimpleNamespace(monotonic=lambda: 7.0))
    end = imagine(*started(short()), short(), Position(3, 61.0), SlowLooks())
    assert end == Position(updates=4, elapsed=61.0)


def test_numbers_that_are_not_finite_are_not_saved_between_two_reports_either() -> None:
    config, hooks = short(steps=400, log_every=50, checkpoint_minutes=0.0), SlowLooks()
    learner, play = started(config)
    learner.policy.critic_linear.bias.data.fill_(float("nan"))
    with pytest.raises(InvalidRun, match="became nan"):
        imagine(learner, play, config, Position(), hooks)
    assert hooks.saved == []
