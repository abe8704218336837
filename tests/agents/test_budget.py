"""The paper's schedule in literal numbers, and the order of the turns."""

import pytest

from agents.budget import NETWORKS, Budget, Position, Schedule, Updates
from gym_diamond.errors import InvalidArgument

PAPER = Schedule(Budget(), "collect", 32 * 15)
SHORT = Budget(
    real_steps=60,
    first_steps=20,
    first_steps_at_most=40,
    first_rewards=3,
    steps_per_epoch=20,
    final_epochs=1,
    denoiser=Updates(2, 1),
    reward_end=Updates(1, 1),
    actor=Updates(1, 2),
)


def turns(schedule: Schedule, rare_rewards: int = 9) -> list[str]:
    """All turns of a run, in which the emulator gives `rare_rewards` from the first step on."""
    position, num_steps, taken = Position(), 0, []
    while (turn := schedule.turn(position, num_steps)) != "over":
        taken.append(turn)
        if turn in ("first_collection", "collect"):
            num_steps += schedule.budget.steps_per_epoch
            if turn == "first_collection" and schedule.has_first(num_steps, rare_rewards):
                position = position._replace(first_steps=num_steps)
        elif turn == "close":
            position = position._replace(epoch=position.epoch + 1)
        else:
            position = position._replace(**{turn: getattr(position, turn) + 1})
    return taken


def test_the_papers_run_has_a_thousand_epochs_and_a_hundred_thousand_steps() -> None:
    after = Position(first_steps=5_000)
    assert PAPER.epochs(after) == 1_000
    assert [PAPER.steps(epoch, after) for epoch in (1, 2, 950, 951, 1_000)] == [5_100, 5_200, 100_000, 100_000, 100_000]
    assert [PAPER.updates(network, 1) for network in NETWORKS] == [10_000, 10_000, 5_000]
    assert [PAPER.updates(network, 1_000) for network in NETWORKS] == [409_600, 409_600, 404_600]


def test_a_longer_first_collection_leaves_fewer_epochs() -> None:
    assert PAPER.epochs(Position(first_steps=10_000)) == 950


def test_the_first_collection_ends_with_enough_rare_rewards_or_at_its_limit() -> None:
    assert [PAPER.has_first(steps, 10) for steps in (4_900, 5_000, 5_100)] == [False, True, True]
    assert [PAPER.has_first(steps, 9) for steps in (5_000, 9_900, 10_000)] == [False, False, True]


def test_a_run_takes_its_turns_in_order() -> None:
    epochs = [
        ["collect", "denoiser", "denoiser", "reward_end", "actor", "close"],
        ["collect", "denoiser", "reward_end", "actor", "actor", "close"],
        ["denoiser", "reward_end", "actor", "actor", "close"],
    ]
    assert turns(Schedule(SHORT, "collect", 4)) == ["first_collection", *epochs[0], *epochs[1], *epochs[2]]
    longer = turns(Schedule(SHORT, "collect", 4), rare_rewards=0)
    assert longer == ["first_collection"] * 2 + [*epochs[0], *epochs[2]]


def test_with_a_static_dataset_there_are_the_final_epochs_only() -> None:
    assert turns(Schedule(SHORT, "static", 4)) == ["denoiser", "denoiser", "reward_end", "actor", "close"]
    assert Schedule(Budget(), "static", 480).epochs(Position()) == 50


def test_without_a_world_the_agent_takes_the_real_steps_that_it_may_and_no_more() -> None:
    assert turns(Schedule(SHORT, "model_free", 25)) == ["actor", "close"] * 2
    paper = Schedule(Budget(), "model_free", 480)
    assert paper.updates("actor", paper.epochs(Position())) * 480 == 99_840


def test_a_scale_shortens_the_run_and_leaves_what_is_done_in_an_epoch() -> None:
    budget = Budget().scaled(0.1)
    assert (budget.real_steps, budget.first_steps, budget.first_steps_at_most) == (10_000, 500, 1_000)
    assert (budget.steps_per_epoch, budget.final_epochs, budget.first_rewards) == (100, 5, 10)
    assert (budget.denoiser, budget.actor) == (Updates(1_000, 400), Updates(500, 400))
    hundredth = Budget().scaled(0.01)
    assert (hundredth.real_steps, hundredth.first_steps, hundredth.final_epochs) == (1_000, 100, 1)
    assert hundredth.denoiser == Updates(400, 400), "never fewer than in a later epoch"
    assert Schedule(hundredth, "collect", 480).epochs(Position(first_steps=100)) == 10
    assert Budget().scaled(1.0) == Budget()
    assert Budget().scaled(1e-9).real_steps == 100
    assert Budget(real_steps=3_000).scaled(1.0).first_steps_at_most == 3_000, "the first steps are real steps too"


def test_progress_is_the_share_of_all_updates() -> None:
    schedule = Schedule(SHORT, "collect", 4)
    assert schedule.progress(Position()) == 0
    assert schedule.progress(Position(epoch=1, first_steps=20, denoiser=2, reward_end=1, actor=1)) == 4 / 12
    assert schedule.progress(Position(epoch=3, first_steps=20, denoiser=4, reward_end=3, actor=5)) == 1


@pytest.mark.parametrize(
    "values", [{"real_steps": 0}, {"first_steps": 11_000}, {"final_epochs": -1}, {"actor": Updates(-1, 0)}]
)
def test_budgets_that_make_no_sense_are_refused(values: dict) -> None:
    with pytest.raises(InvalidArgument):
        Budget(**values)
