"""What an evaluation leaves behind: metrics.json, pictures and the card, each whole, and nothing of an older one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gym_diamond.checkpoint import CARD, MEASURED, METRICS
from gym_diamond.evaluation.card import with_measurements
from gym_diamond.files import write_bytes, write_json, write_text


def write_report(out: Path, world: Path, metrics: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
    """Write all files of an evaluation into `out`, and remove those of an older one that it does not have.

    The card is the world's, with its section "Measured" made anew; it is written last, when all that it shows is there.

    Args:
        out: a folder, which may be the world itself.
        world: the world's directory.
        metrics: JSON values.
        pictures: the files of pictures by their names.
    """
    before = (world / CARD).read_text(encoding="utf-8") if (world / CARD).exists() else ""
    for name in MEASURED:
        if name not in (METRICS, *pictures):
            (out / name).unlink(missing_ok=True)
    for name, data in pictures.items():
        write_bytes(out / name, data)
    write_json(out / METRICS, metrics)
    write_text(out / CARD, with_measurements(before, metrics))
