"""Our side of the race: dreams as a user makes them, stepped through both of their faces."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from gym_diamond.benchmarking.flops import Cost, step_cost
from gym_diamond.benchmarking.memory import peak_bytes
from gym_diamond.benchmarking.parts import Parts, time_parts
from gym_diamond.benchmarking.timing import seconds
from gym_diamond.envs.loaded import LoadedDreamVectorEnv

Mode = Literal["eager", "compile"]
MODES: tuple[Mode, ...] = ("eager", "compile")


@dataclass(frozen=True)
class DreamSettings:
    """Which dreams are timed."""

    world: str  # a directory, or what else `world=` takes
    device: str
    precision: str
    mode: Mode
    num_envs: int
    num_denoising_steps: int | None  # None = the world's own
    threads: int | None  # None = PyTorch's own choice


class Facts(NamedTuple):
    """The values in force, and what was seen before the timing."""

    device: str
    precision: str
    num_denoising_steps: int
    threads: int
    first_step_seconds: float  # compilation included


class Dreams:
    """N dreams that never end, so that every step costs the same.

    Raises:
        InvalidArgument: a setting is not allowed.
        InvalidWorld: the world is missing or damaged.
    """

    def __init__(self, settings: DreamSettings) -> None:
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        self.settings = settings
        self.envs = LoadedDreamVectorEnv(
            num_envs=settings.num_envs,
            world=settings.world,
            device=settings.device,
            precision=settings.precision,
            compile=settings.mode == "compile",
            num_denoising_steps=settings.num_denoising_steps,
            end_mode="never",
            max_episode_steps=-1,
        )
        self.model: Any = self.envs.dream.world
        self.envs.reset(seed=0)
        choices = self.model.spec.choices
        rng = np.random.default_rng(0)
        self.actions = rng.integers(choices.limits, size=(settings.num_envs, *choices.shape))
        self._tensors = torch.from_numpy(self.actions).to(self.model.device)
        self.first_step_seconds = seconds(self._step, self.model.device)

    def facts(self) -> Facts:
        """The values in force."""
        model = self.model
        steps = model.sampling.num_denoising_steps
        return Facts(str(model.device), model.precision, steps, torch.get_num_threads(), self.first_step_seconds)

    def step_seconds(self, num_steps: int) -> float:
        """The mean seconds of a step of the torch-native `Dream`, over `num_steps` in a row."""

        def run() -> None:
            for _ in range(num_steps):
                self._step()

        return seconds(run, self.model.device) / num_steps

    def vector_step_seconds(self, num_steps: int) -> list[float]:
        """The seconds of each of `num_steps` steps of the NumPy vector env: until the frames are there."""
        return [seconds(lambda: self.envs.step(self.actions), self.model.device) for _ in range(num_steps)]

    def parts(self, budget: float) -> Parts:
        """What a step through the vector env is spent on; `budget` seconds go into finding out."""
        return time_parts(self.envs, self.actions, self.settings.mode == "compile", budget)

    def cost(self) -> Cost:
        """What a step must compute and move."""
        return step_cost(self.envs.dream, self._tensors)

    def peak_bytes(self) -> int | None:
        """The most memory that was ever held here (see `memory.peak_bytes`)."""
        return peak_bytes(self.model.device)

    def _step(self) -> None:
        self.envs.dream.step(self._tensors)
