"""What a run shows while it lasts: a bar at the terminal, and event files where TensorBoard is installed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from gym_diamond.errors import MissingExtra
from gym_diamond.fitting.reporters import BAR, TensorBoardReporter


class Display:
    """A bar called `name` that begins at the fraction `done` of the run, and event files in `folder`."""

    def __init__(self, name: str, folder: Path, done: float) -> None:
        self._board = _tensorboard(folder)
        self._bar = tqdm(total=1.0, initial=done, desc=name, bar_format=BAR)

    def show(self, words: Sequence[str], done: float) -> None:
        """Set the bar to the fraction `done`, with `words` beside it."""
        self._bar.set_postfix_str(", ".join(words), refresh=False)
        self._bar.n = done
        self._bar.refresh()

    def tell(self, step: int, values: Mapping[str, float]) -> None:
        """Write `values` into the event files."""
        if self._board is not None:
            self._board.scalars(step, values)

    def close(self) -> None:
        """Write what is left."""
        self._bar.close()
        if self._board is not None:
            self._board.close()


def _tensorboard(folder: Path) -> TensorBoardReporter | None:
    try:
        return TensorBoardReporter(folder)
    except MissingExtra:
        return None
