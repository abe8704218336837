"""All sections of a metrics.json, written by hand: of a world that can be trusted and of one that cannot."""

from typing import Any

import numpy as np

MARKS = ("1", "5", "15", "30", "50")
SPANS = ("1-5", "6-15", "16-30", "31-50")
SPAN_ENDS = (5, 15, 30, 50)
CALIBRATION = {"brier": 0.01, "ece": 0.005}


def est(mean: float, half: float = 0.02, n: int = 64) -> dict[str, Any]:
    """An estimate whose interval reaches `half` to both sides."""
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


def falling(first: float, last: float, half: float, n: int = 64, *, spans: bool = True) -> dict[str, Any]:
    """Estimates that go from `first` at frame 1 to `last` at frame 50, evenly with the frames."""
    at = {mark: float(np.interp(int(mark), (1, 50), (first, last))) for mark in MARKS}
    if spans:
        at |= {span: float(np.interp(end, (1, 50), (first, last))) for span, end in zip(SPANS, SPAN_ENDS, strict=True)}
    return {key: est(mean, half, n) for key, mean in at.items()}


def scores(played: int, predicted: int, f1: float, half: float = 0.03) -> dict[str, Any]:
    """Scores of an event whose precision, recall and F1 are the same."""
    within = {"precision": f1, "recall": f1, "f1": f1, "f1_low": f1 - half, "f1_high": f1 + half}
    return {"played": played, "predicted": predicted, "within_0": within, "within_1": within, **CALIBRATION}


def drift(psnr: float, recall: float) -> dict[str, Any]:
    """The drift to `psnr` dB and a moving recall of `recall` at frame 50; repeating the last frame has 30 dB there."""
    part = {
        "psnr": falling(50.0, psnr, 1.0),
        "psnr_copy": falling(40.0, 30.0, 1.0),
        "psnr_gain": falling(10.0, psnr - 30, 1.0),
        "recall": falling(0.99, recall, 0.01),
        "recall_copy": falling(0.9, 0.6, 0.03),
        "precision": falling(0.99, recall, 0.01),
        "precision_copy": falling(0.8, 0.5, 0.03),
        "ssim": falling(0.999, 0.95, 0.001),
        "ssim_copy": falling(0.97, 0.93, 0.005),
        "error": falling(0.1, 1.0, 0.05),
        "error_copy": falling(1.0, 2.0, 0.1),
        "moving_error": falling(5.0, 30.0, 1.0),
        "moving_error_copy": falling(50.0, 60.0, 2.0),
    }
    kinds = {"reset": 32, "anywhere": 32, "before_reward": 32, "before_end": 32}
    return {
        "num_starts": 128,
        "starts_by_policy": {"scripted": 64, "sticky": 64},
        "starts_by_kind": kinds,
        "episodes": 100,
        "min_episode_steps": 80,
        "horizon": 50,
        **part,
        "by_policy": {"scripted": part, "sticky": part},
        "by_kind": dict.fromkeys(kinds, part),
    }


def ball(recall: float, near: float) -> dict[str, Any]:
    """A ball that is there in `recall` of the frames 50 steps on, and within two pixels in `near` of them."""
    by_mark = {
        "recall": falling(1.0, recall, 0.01, spans=False),
        "recall_copy": falling(0.9, 0.9, 0.03, spans=False),
        "near": falling(1.0, near, 0.01, spans=False),
        "near_copy": falling(0.3, 0.03, 0.03, spans=False),
    }
    error = {mark: {"median": 0.5, "low": 0.4, "high": 0.6, "n": 60} for mark in MARKS}
    copied = {mark: {"median": 12.0, "low": 9.0, "high": 15.0, "n": 60} for mark in MARKS}
    return {
        "recall": est(recall),
        "precision": est(0.97),
        "near": est(near),
        "recall_copy": est(0.9),
        "precision_copy": est(0.8),
        "near_copy": est(0.05),
        "served": est(0.9),
        "recall_in_play": est(recall),
        "near_in_play": est(near),
        "by_mark": by_mark,
        "position_error": error,
        "position_error_copy": copied,
        "detector": {"f1": 0.997, "frames": 20_000, "position_error": 0.21},
    }


def hits(near: float) -> dict[str, Any]:
    """Balls that are within two pixels in `near` of the dreams 9 frames after a hit, and always before it."""
    before = {"-7": est(1.0, 0.0, 96), "-1": est(1.0, 0.0, 96)}
    after = dict.fromkeys(("1", "3", "5", "9", "13", "20"), est(near, 0.03, 96))
    return {"starts": 96, "episodes": 20, "recall": before | after, "near": before | after}


def reward_end(real: float, dreamt: float) -> dict[str, Any]:
    """Rewards and ends with an F1 of `real` on real frames and of `dreamt` in dreams."""
    nothing = scores(0, 0, 0.0)
    return {
        "transitions": 40_000,
        "reward": {"-1": nothing, "0": scores(39_400, 39_400, 0.99), "1": scores(600, 600, real)}
        | {"any": scores(600, 600, real), **CALIBRATION},
        "dreamt_reward": {"-1": nothing, "0": scores(3000, 3000, 0.99), "1": scores(71, 60, dreamt)}
        | {"any": scores(71, 60, dreamt), **CALIBRATION},
        "end": scores(500, 480, real),
        "dreamt_end": scores(40, 38, dreamt),
        "confusion": {
            "values": [-1.0, 0.0, 1.0],
            "real": [[0, 0, 0], [0, 39_370, 30], [0, 40, 560]],
            "dreamt": [[0, 0, 0], [0, 2900, 11], [0, 20, 51]],
        },
        "end_confusion": {"real": [[39_490, 10], [40, 460]], "dreamt": [[2930, 4], [6, 34]]},
    }


def reward_error(pearson: float) -> dict[str, Any]:
    """Rewards that are no classes, with a correlation of `pearson` in dreams."""
    errors = {"mae": est(0.12, 0.01), "mae_constant": est(0.34, 0.02)}
    return {
        "transitions": 40_000,
        "reward_error": {**errors, "pearson": est(0.97)},
        "dreamt_reward_error": {**errors, "pearson": est(pearson)},
        "end": scores(500, 480, 0.97),
        "dreamt_end": scores(40, 38, 0.94),
        "end_confusion": {"real": [[39_490, 10], [40, 460]], "dreamt": [[2930, 4], [6, 34]]},
    }


def hallucinated(excess: float) -> dict[str, Any]:
    """A dream that gives `excess` rewards in 1,000 steps more than the game."""
    one = {"dream": est(2 + excess, 0.5), "real": est(2.0, 0.5), "excess": est(excess, 0.5)}
    return {"noop": one, "random": one, "horizon": 50, "starts": 64}


def controllability(share: float) -> dict[str, Any]:
    """A dream in which that `share` of actions is recognised."""
    actions = ["NOOP", "FIRE", "RIGHT", "LEFT"]
    return {
        "states": 64,
        "frames": 4,
        "share": est(share),
        "chance": est(0.25, 0.0),
        "by_action": {action: est(share) for action in actions},
        "confusion": [[60 if row == column else 2 for column in range(4)] for row in range(4)],
        "actions": actions,
    }


def ranking(slope: float, pearson: float) -> dict[str, Any]:
    """Twelve policies whose return in the dream is `slope` times that in the game."""
    policies = [
        {"name": f"scripted, lapses {lapses:.2f}", "real": est(real, 0.4), "dream": est(slope * real + 0.2, 0.5)}
        for lapses, real in zip(np.linspace(1, 0, 11), np.linspace(0.5, 6.0, 11), strict=True)
    ]
    policies.append({"name": "random", "real": est(0.3, 0.2), "dream": est(0.4, 0.2)})
    correlations = {name: est(pearson, 0.03, 12) for name in ("pearson", "spearman")}
    return {"policies": policies, **correlations, "horizon": 200, "starts": 32}


def spread() -> dict[str, Any]:
    """Two fits of one recipe."""
    return {
        "worlds": ["breakout", "breakout-seed1"],
        "psnr": {"15": [40.1, 39.5], "50": [33.0, 32.1]},
        "recall": {"6-15": [0.95, 0.94]},
        "ball_recall": [0.97, 0.93],
        "ball_near": [0.94, 0.90],
        "reward_f1": [0.96, 0.95],
        "dreamt_reward_f1": [0.90, 0.88],
        "end_f1": [0.92, 0.93],
    }


def metrics(*, good: bool = True) -> dict[str, Any]:
    """All that can be measured of a world, by default of one that can be trusted for 50 frames."""
    return {
        "game": "Breakout",
        "fps": 15,
        "date": "2026-01-02T03:04:05+00:00",
        "command": "gym-diamond evaluate breakout --dataset breakout/heldout-v0",
        "seed": 0,
        "num_denoising_steps": 3,
        "precision": "bf16",
        "compiled": False,
        "hardware": {"device": "cpu", "model": "A processor", "threads": 2},
        "held_out": {
            "dataset": "breakout/heldout-v0",
            "episodes": 523,
            "transitions": 40_000,
            "transitions_by_policy": {"scripted": 16_001, "sticky": 23_999},
            "checked": True,
        },
        "drift": drift(36.0, 0.95) if good else drift(31.0, 0.6),
        "ball": ball(0.97, 0.94) if good else ball(0.1, 0.02),
        "hits": hits(0.96 if good else 0.4),
        "reward_end": reward_end(0.97, 0.94) if good else reward_end(0.85, 0.3),
        "hallucinated": hallucinated(0.2) if good else hallucinated(9.0),
        "controllability": controllability(0.96) if good else controllability(0.5),
        "ranking": ranking(0.95, 0.96) if good else ranking(0.1, 0.2),
        "spread": spread(),
        "speed": {"env_steps_per_second": 96.4, "rows": 64},
        "not_measured": {},
    }
