"""Event files for TensorBoard, where it is installed."""

from pathlib import Path

from gym_diamond.errors import MissingExtra
from gym_diamond.fitting.reporters import TensorBoardReporter


def tensorboard(folder: Path) -> TensorBoardReporter | None:
    """Event files in `folder`; None where TensorBoard is not installed."""
    try:
        return TensorBoardReporter(folder)
    except MissingExtra:
        return None
