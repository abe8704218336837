"""Where the numbers and pictures of a fit go: the terminal, TensorBoard, and Weights & Biases by choice."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from gym_diamond.errors import MissingExtra
from gym_diamond.files import write_text

WANDB_ID = "wandb-id.txt"
BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


class Reporter(Protocol):
    """Whoever wants to know how a fit goes."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Take means since the last report."""
        ...

    def image(self, step: int, name: str, picture: np.ndarray) -> None:
        """Take an `(H, W, 3)` uint8 picture."""
        ...

    def close(self) -> None:
        """Write what is left to write."""
        ...


class TensorBoardReporter:
    """Event files in a folder, for `tensorboard --logdir`."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtra(
                'the fit writes TensorBoard files, and TensorBoard is not installed: pip install "gym-diamond[train]"'
            ) from error
        self._writer = SummaryWriter(str(folder))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def image(self, step: int, name: str, picture: np.ndarray) -> None:
        self._writer.add_image(name, picture, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class WandbReporter:
    """A run in a Weights & Biases project.

    Args:
        project: its name there.
        folder: of the run, where the id that it has there is kept too.
        config: what it is told of the run.
        resumes: go on with the run of that id, if one is kept; else a new one begins.
    """

    def __init__(self, project: str, folder: Path, config: Mapping[str, Any], resumes: bool) -> None:
        try:
            import wandb  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise MissingExtra('--wandb needs wandb: pip install "gym-diamond[wandb]"') from error
        folder.mkdir(parents=True, exist_ok=True)
        self._wandb = wandb
        kept, name = folder / WANDB_ID, folder.resolve().parent.name
        id = kept.read_text(encoding="utf-8").strip() if resumes and kept.exists() else secrets.token_hex(4)
        about = {"project": project, "id": id, "name": name, "dir": str(folder), "config": dict(config)}
        self._run = wandb.init(**about, resume="allow")
        write_text(kept, f"{id}\n")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def image(self, step: int, name: str, picture: np.ndarray) -> None:
        self._run.log({name: self._wandb.Image(picture)}, step=step)

    def close(self) -> None:
        self._run.finish()


class Bar:
    """The line at the terminal: how far, how long still, losses and speed."""

    def __init__(self, progress: float) -> None:
        self._bar = tqdm(total=1.0, initial=progress, desc="fit", bar_format=BAR)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        losses = [f"{key.removesuffix('/loss')} {value:.4f}" for key, value in values.items() if key.endswith("/loss")]
        speed = f"{values['steps_per_second']:.2f} steps/s"
        self._bar.set_postfix_str(", ".join([f"step {step:,}", *losses, speed]), refresh=False)
        self._bar.n = values["progress"]
        self._bar.refresh()

    def image(self, step: int, name: str, picture: np.ndarray) -> None:
        """Nothing: a terminal shows no pictures."""

    def close(self) -> None:
        self._bar.close()
