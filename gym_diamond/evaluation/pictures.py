"""All pictures of a dream card, as files."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gym_diamond.evaluation.figures.canvas import png
from gym_diamond.evaluation.figures.drift import Curve, draw_drift
from gym_diamond.evaluation.figures.film import film
from gym_diamond.evaluation.figures.ranking import draw_ranking
from gym_diamond.evaluation.figures.reward_end import draw_reward_end
from gym_diamond.evaluation.figures.strips import draw_strips
from gym_diamond.evaluation.parts import OpenLoop
from gym_diamond.evaluation.verdict import horizon


def pictures(dreams: OpenLoop, metrics: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of pictures by their names, those of what was measured.

    The dreams that are shown are drawn at random by the seed of the evaluation, whatever they look like.
    """
    chosen = np.random.default_rng(metrics["seed"]).permutation(len(dreams.curves["psnr"])).tolist()
    found = {
        "drift.png": png(draw_drift(_curves(dreams), horizon(metrics))),
        "strips.png": png(draw_strips(dreams.rollouts, chosen, lost=_lost(dreams))),
        "dream.gif": film(dreams.rollouts, chosen, metrics["fps"]),
    }
    events = metrics.get("reward_end", {})
    if "confusion" in events or "end_confusion" in events:
        found["reward_end.png"] = png(draw_reward_end(events.get("confusion"), events.get("end_confusion")))
    if "ranking" in metrics:
        found["ranking.png"] = png(draw_ranking(metrics["ranking"]))
    return found


def _curves(dreams: OpenLoop) -> list[Curve]:
    found, ball = dreams.curves, dreams.ball
    owners = np.array([start.episode for rollout in dreams.rollouts for start in rollout.starts])
    shown = [
        Curve("PSNR, dB", found["psnr"], found["psnr_copy"], owners, share=False),
        Curve("moving pixels that are there", found["recall"], found["recall_copy"], owners, share=True),
    ]
    if ball is not None:
        shown.append(Curve("the ball is there", ball["recall"], ball["recall_copy"], owners, share=True))
        shown.append(Curve("the ball is where it should be", ball["near"], ball["near_copy"], owners, share=True))
    return shown


def _lost(dreams: OpenLoop) -> np.ndarray | None:
    return None if dreams.ball is None else dreams.ball["recall"] == 0  # NaN, where there is none to lose, is not 0
