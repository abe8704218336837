"""The dream card keeps what people wrote, opens with the verdict and says what was measured, and what was not."""

from gym_diamond.evaluation.card import measured, with_measurements
from gym_diamond.fitting import first_card
from gym_diamond.world_models.protocol import WorldSpec
from tests.measured import metrics, reward_error

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)
OPTIONAL = {
    "ball": "### Ball",
    "hits": "### Hits",
    "hallucinated": "### Made-up rewards",
    "controllability": "### Controllability",
    "ranking": "### Policies",
    "spread": "### Spread",
}


def headings(card: str) -> list[str]:
    return [line for line in card.splitlines() if line.startswith("#")]


def test_the_verdict_comes_first_then_a_section_for_each_measurement():
    card = measured(metrics())
    assert card.startswith("## Measured\n\n**Trust it for 50 frames**")
    assert card.index("| question ") < card.index("### Drift")
    assert headings(card) == [
        "## Measured",
        "### Drift",
        "### Ball",
        "### Hits",
        "### Reward and end",
        "### Made-up rewards",
        "### Controllability",
        "### Policies",
        "### Spread",
        "### Speed",
    ]


def test_the_pictures_are_named_beside_the_card():
    card = measured(metrics())
    for name in ("dream.gif", "drift.png", "strips.png", "reward_end.png", "ranking.png"):
        assert f"]({name})" in card


def test_what_was_not_measured_is_named_with_its_reason_and_has_no_section():
    values = {key: value for key, value in metrics().items() if key not in OPTIONAL}
    values["not_measured"] = {"ranking": "it needs the emulator.", "spread": "no other fit was given."}
    card = measured(values)
    assert not set(OPTIONAL.values()) & set(headings(card))
    assert card.endswith(
        "### Not measured\n\n- **Policies**: it needs the emulator.\n- **Spread**: no other fit was given."
    )
    assert "ranking.png" not in card


def test_each_metric_is_explained_where_it_stands():
    card = measured(metrics())
    for words in (
        "by more than 8 grey levels",
        "at most 1 pixel away and 15% of the range off",
        "structural similarity",
        "its F1 is 0.997",
        "at most 2 pixels from the real one",
        "framed in orange",
        "one frame early or late",
        "mean squared error of the probabilities",
        "from the same 64 starts, at most 50 steps each",
        "dream hold each action for 4 frames",
        "a lost life ends both",
    ):
        assert words in card, words


def test_rewards_that_are_no_classes_have_their_error_in_place_of_scores():
    card = measured({**metrics(), "reward_end": reward_error(0.9)})
    assert "| in dreams      | 0.120 [0.110, 0.130] | 0.340 [0.320, 0.360]" in card
    assert "mean absolute difference" in card
    assert "| end in dreams | 40" in card
    assert "reward 1" not in card


def test_the_play_it_was_measured_on_is_named_with_its_mixture():
    card = measured(metrics())
    assert (
        "Measured on 523 episodes of `breakout/heldout-v0`, none of which it was fitted to (40,000 transitions: "
        "scripted 16,001, sticky 23,999); 2026-01-02, seed 0, `gym-diamond evaluate breakout" in card
    )


def test_play_that_nothing_proves_to_be_new_is_called_so():
    values = metrics()
    values["held_out"]["checked"] = False
    assert "which nothing proves it was not fitted to" in measured(values)


def test_the_card_of_a_fresh_fit_no_longer_says_that_nothing_was_measured():
    origin = {
        "datasets": ["breakout/mixed-v0"],
        "hardware": {"model": "A processor", "threads": 2},
        "transitions_by_policy": {"random": 20, "scripted": 80},
        "config": {"denoiser": {"every": 1}, "reward_end": {"every": 2}},
        "start_from": {},
        "command": "gym-diamond fit --steps 7",
        "transitions": 100,
        "steps": 7,
        "minutes": 1.5,
        "preset": "small",
        "seed": 0,
    }
    fresh = first_card.card(SPEC, origin)
    assert "not been measured" in fresh
    card = with_measurements(fresh, metrics())
    assert "not been measured" not in card
    assert card.startswith(fresh[: fresh.index("How far")])
    assert "100 transitions of real play from `breakout/mixed-v0` (random 20, scripted 80)" in card, "the mixture"


def test_a_second_measurement_takes_the_place_of_the_first_and_leaves_the_rest():
    card = "# Mine\n\nA word before.\n\n## Measured\n\nOld numbers.\n\n### Drift\n\nOld.\n\n## Thanks\n\nTo all.\n"
    once = with_measurements(card, metrics())
    assert "Old" not in once
    assert once.startswith("# Mine\n\nA word before.\n\n## Measured\n\n**Trust it for 50 frames**")
    assert once.endswith("\n\n## Thanks\n\nTo all.\n")
    assert with_measurements(once, metrics()) == once


def test_an_empty_card_becomes_the_measurement():
    assert with_measurements("", metrics()).startswith("## Measured\n\n**Trust it")
