"""The plots show what they are given, and are small files."""

import io

import numpy as np
import pytest
from PIL import Image, ImageColor

from gym_diamond.evaluation.figures.canvas import BAR, DREAM, png
from gym_diamond.evaluation.figures.drift import Curve, draw_drift
from gym_diamond.evaluation.figures.ranking import draw_ranking
from gym_diamond.evaluation.figures.reward_end import draw_reward_end
from tests.measured import metrics

MAX_BYTES = 150 * 1024


def has(picture: Image.Image, colour: str) -> bool:
    """Whether some pixel has that colour, but for the rounding of lines that fall between pixels."""
    distance = np.abs(np.asarray(picture).astype(int) - ImageColor.getrgb(colour))
    return bool((distance <= 40).all(axis=-1).any())


def curve(dream: float, num: int = 50) -> Curve:
    rng = np.random.default_rng(0)
    values = np.clip(dream + 0.1 * rng.standard_normal((8, num)), 0, 1)
    values[:, -1] = np.nan  # no episode lasted so long
    return Curve("a share", values, 0.5 * values, np.arange(8), share=True)


def test_every_measure_has_a_panel():
    one, three = draw_drift([curve(0.9)], 0), draw_drift([curve(0.9)] * 3, 0)
    assert one.mode == "RGB"
    assert three.size == (3 * one.width, one.height)


def test_the_trusted_horizon_is_drawn_where_there_is_one():
    assert has(draw_drift([curve(0.9)], 5), BAR)
    assert not has(draw_drift([curve(0.9)], 0), BAR)


def test_a_single_dream_is_drawn_without_a_band():
    alone = np.full((1, 5), 0.7)
    assert has(draw_drift([Curve("a share", alone, alone, np.zeros(1), share=True)], 0), DREAM)


def test_a_good_dream_has_its_policies_on_the_diagonal_and_a_bad_one_has_not():
    def heights(picture: Image.Image) -> np.ndarray:
        dots = (np.asarray(picture) == ImageColor.getrgb(DREAM)).all(axis=-1)
        return np.flatnonzero(dots.any(axis=1))

    good, bad = (heights(draw_ranking(metrics(good=good)["ranking"])) for good in (True, False))
    assert np.ptp(good) > 250
    assert np.ptp(bad) < 100


def test_policies_that_all_fare_the_same_can_be_drawn():
    nothing = {"mean": 0.0, "low": None, "high": None, "n": 1}
    unknown = {"mean": None, "low": None, "high": None, "n": 3}
    policies = [{"name": f"policy {i}", "real": nothing, "dream": nothing} for i in range(3)]
    ranking = {"policies": policies, "pearson": unknown, "spearman": unknown, "horizon": 50}
    assert has(draw_ranking(ranking), DREAM)


@pytest.mark.parametrize("num", [2, 16])
def test_every_reward_gets_its_cell(num: int):
    counts = np.diag(np.arange(1, num + 1)).tolist()
    ends = {"real": [[90, 1], [2, 7]], "dreamt": [[0, 0], [0, 0]]}
    picture = draw_reward_end({"values": list(range(num)), "real": counts, "dreamt": counts}, ends)
    assert picture.size == (1276, 319)


def test_where_rewards_are_no_classes_only_ends_are_shown():
    ends = {"real": [[90, 1], [2, 7]], "dreamt": [[0, 0], [0, 0]]}
    assert draw_reward_end(None, ends).size == (638, 319)


def test_plots_are_small_files():
    values = metrics()["reward_end"]
    pictures = {
        "drift": draw_drift([curve(0.9)] * 4, 15),
        "ranking": draw_ranking(metrics()["ranking"]),
        "reward_end": draw_reward_end(values["confusion"], values["end_confusion"]),
    }
    for name, picture in pictures.items():
        data = png(picture)
        assert len(data) < MAX_BYTES, name
        with Image.open(io.BytesIO(data)) as stored:
            assert (stored.format, stored.size) == ("PNG", picture.size)


def test_equal_values_give_equal_pictures():
    first, second = (np.asarray(draw_ranking(metrics()["ranking"])) for _ in range(2))
    assert (first == second).all()
