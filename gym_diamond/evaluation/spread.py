"""How far fits of one recipe differ: what is luck of the fit, and not worth of the recipe."""

from collections.abc import Mapping, Sequence
from typing import Any


def spread(names: Sequence[str], found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The section "spread" of metrics.json: the figures of several worlds beside each other.

    Args:
        names: of the worlds.
        found: for each its sections "drift" and, as far as they are known, "reward_end" and "ball", all measured from
            the same starts.
    """
    drifts, events = [each["drift"] for each in found], [each.get("reward_end", {}) for each in found]
    frames = [key for key in drifts[0]["psnr"] if key.isdecimal()]
    spans = [key for key in drifts[0]["recall"] if not key.isdecimal()]
    table: dict[str, Any] = {
        "worlds": list(names),
        "psnr": {frame: [drift["psnr"][frame]["mean"] for drift in drifts] for frame in frames},
        "recall": {span: [drift["recall"][span]["mean"] for drift in drifts] for span in spans},
        "reward_f1": [_f1(each.get("reward", {}).get("any")) for each in events],
        "dreamt_reward_f1": [_f1(each.get("dreamt_reward", {}).get("any")) for each in events],
        "end_f1": [_f1(each.get("end")) for each in events],
    }
    if "ball" in found[0]:
        table["ball_recall"] = [each["ball"]["recall"]["mean"] for each in found]
        table["ball_near"] = [each["ball"]["near"]["mean"] for each in found]
    return table


def _f1(scores: Mapping[str, Any] | None) -> float | None:
    return None if scores is None else scores["within_1"]["f1"]
