"""The tables hold the numbers of metrics.json, with their intervals."""

from gym_diamond.evaluation import tables
from tests.measured import metrics

VALUES = metrics()


def rows(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if not line.startswith("|-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_drift_has_a_row_for_each_frame_and_span():
    found = rows(tables.drift_table(VALUES["drift"]))
    assert [row[0] for row in found[1:]] == ["1", "5", "15", "30", "50", "1-5", "6-15", "16-30", "31-50"]
    assert found[1][1:5] == ["50.0 [49.0, 51.0]", "40.0 [39.0, 41.0]", "0.99 [0.98, 1.00]", "0.90 [0.87, 0.93]"]
    assert found[1][-1] == "64"


def test_errors_stand_beside_those_of_the_baseline():
    found = rows(tables.error_table(VALUES["drift"]))
    assert [row[0] for row in found] == ["frame", "1", "5", "15", "30", "50"]
    assert found[1][1:4] == ["0.999 [0.998, 1.000]", "0.970 [0.965, 0.975]", "0.10 [0.05, 0.15]"]


def test_the_kinds_of_start_and_the_players_have_rows():
    found = rows(tables.kinds_table(VALUES["drift"]))
    assert found[0][2] == "PSNR dB, frame 15"
    assert [row[:2] for row in found[1:]] == [
        ["after a reset", "32"],
        ["anywhere", "32"],
        ["just before a reward", "32"],
        ["just before an end", "32"],
        ["in play by scripted", "64"],
        ["in play by sticky", "64"],
    ]


def test_a_short_measurement_shows_its_last_frame_by_kind():
    drift = {**VALUES["drift"], "psnr": {"1": VALUES["drift"]["psnr"]["1"], "5": VALUES["drift"]["psnr"]["5"]}}
    assert rows(tables.kinds_table(drift))[0][2] == "PSNR dB, frame 5"


def test_the_ball_has_a_row_for_each_frame_and_one_for_all():
    found = rows(tables.ball_table(VALUES["ball"]))
    assert found[1] == [
        "1",
        "1.00 [0.99, 1.01]",
        "0.90 [0.87, 0.93]",
        "1.00 [0.99, 1.01]",
        "0.30 [0.27, 0.33]",
        "0.5 [0.4, 0.6]",
        "12.0 [9.0, 15.0]",
    ]
    assert found[-1][:2] == ["all", "0.97 [0.95, 0.99]"]


def test_hits_have_a_row_for_each_frame_before_and_after():
    found = rows(tables.hits_table(VALUES["hits"]))
    assert [row[0] for row in found[1:3]] == ["7 before", "1 before"]
    assert found[-1] == ["20 after", "0.96 [0.93, 0.99]", "0.96 [0.93, 0.99]", "96"]


def test_rewards_that_never_were_have_no_row():
    found = rows(tables.reward_end_table(VALUES["reward_end"]))
    assert [row[0] for row in found[1:]] == ["reward 1", "reward 1 in dreams", "end", "end in dreams"]
    assert found[1][1:] == [
        "600",
        "600",
        "0.97",
        "0.97",
        "0.97 [0.94, 1.00]",
        "0.97 [0.94, 1.00]",
        "0.0100",
        "0.0050",
    ]


def test_made_up_rewards_are_held_against_the_game():
    found = rows(tables.hallucinated_table(VALUES["hallucinated"]))
    assert found[1] == ["does nothing", "2.2 [1.7, 2.7]", "2.0 [1.5, 2.5]", "0.2 [-0.3, 0.7]", "64"]


def test_every_action_has_what_it_was_taken_for():
    found = rows(tables.controllability_table(VALUES["controllability"]))
    assert found[0] == ["held action", "recognised", "as NOOP", "as FIRE", "as RIGHT", "as LEFT"]
    assert found[3] == ["RIGHT", "0.96 [0.94, 0.98]", "2", "2", "60", "2"]


def test_the_best_policy_stands_first():
    found = rows(tables.ranking_table(VALUES["ranking"]))
    assert found[1] == ["scripted, lapses 0.00", "6.00 [5.60, 6.40]", "5.90 [5.40, 6.40]"]
    assert found[-1][0] == "random"


def test_fits_stand_beside_each_other():
    found = rows(tables.spread_table(VALUES["spread"]))
    assert found[0] == ["", "breakout", "breakout-seed1"]
    assert found[1] == ["PSNR dB, frame 15", "40.1", "39.5"]
    assert found[-1] == ["end F1 ± 1, real frames", "0.92", "0.93"]


def test_the_spread_of_a_game_without_a_known_ball_has_no_row_for_it():
    spread = {key: value for key, value in VALUES["spread"].items() if key not in ("ball_recall", "ball_near")}
    assert not any("ball" in row[0] for row in rows(tables.spread_table(spread)))
