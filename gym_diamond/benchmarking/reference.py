"""The other side of the race: the reference implementation, from a checkout that the user has, by its own classes.

Its `WorldModelEnv` steps with the architecture, batch and sampler of the dreams it is held against, in its own
precision, float32 with the TF32 that its trainer allows, as it is written or compiled as its trainer compiles it. Its
weights are random, but for two layers that keep it from ever ending a game: a reset would cost it more than a step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond.benchmarking.checkout import ReferenceModules, load_modules
from gym_diamond.benchmarking.dreams import Mode
from gym_diamond.benchmarking.memory import peak_bytes
from gym_diamond.benchmarking.random_world import roughen
from gym_diamond.benchmarking.timing import seconds
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond.config import DiamondConfig
from gym_diamond.world_models.protocol import Sampling, WorldSpec

ENDLESS = 10**9  # steps of an episode
SURE = 10.0  # what the layer before the last says, so that the last is sure that the game goes on


@dataclass(frozen=True)
class ReferenceSettings:
    """What the reference dreams, and how."""

    checkout: str
    config: DiamondConfig
    spec: WorldSpec
    sampling: Sampling
    mode: Mode
    num_envs: int
    device: str
    threads: int | None


class Batch(NamedTuple):
    """What the reference takes its start states from."""

    obs: Tensor  # (N, L, C, H, W)
    act: Tensor  # (N, L)


class Batches:
    """Stands in for the reference's loader of real play: noise, N moments at a time."""

    def __init__(self, spec: WorldSpec, num: int) -> None:
        self.batch_sampler = self  # asked for the number of rows
        self.batch_size = num
        self._spec = spec

    def __iter__(self) -> Iterator[Batch]:
        spec, length = self._spec, self._spec.context_length
        while True:
            obs = torch.rand(self.batch_size, length, spec.channels, spec.height, spec.width) * 2 - 1
            yield Batch(obs, torch.randint(spec.num_actions, (self.batch_size, length)))


class Reference:
    """Its env, ready to step.

    Raises:
        InvalidArgument: it is no checkout of the reference.
        MissingExtra: it imports a package that is not installed.
    """

    def __init__(self, settings: ReferenceSettings) -> None:
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        self.device = torch.device(settings.device)
        torch.backends.cuda.matmul.allow_tf32 = True  # as its trainer does
        torch.manual_seed(0)
        self.env = build_env(load_modules(Path(settings.checkout)), settings)
        if settings.mode == "compile":  # as its trainer does
            self.env.predict_next_obs = torch.compile(self.env.predict_next_obs, mode="reduce-overhead")
            self.env.predict_rew_end = torch.compile(self.env.predict_rew_end, mode="reduce-overhead")
        self.env.reset()
        self._actions = torch.randint(settings.spec.num_actions, (settings.num_envs,), device=self.device)
        self._first_seconds = self.step_seconds(1)

    def first_seconds(self) -> float:
        """The seconds of the very first step, compilation included."""
        return self._first_seconds

    def precision(self) -> str:
        """What it computes in (see `products_precision`)."""
        return products_precision(self.device)

    def step_seconds(self, num_steps: int) -> float:
        """The mean seconds of a step, over `num_steps` in a row."""

        def run() -> None:
            for _ in range(num_steps):
                self.env.step(self._actions)

        return seconds(run, self.device) / num_steps

    def peak_bytes(self) -> int | None:
        """The most memory that was ever held here (see `memory.peak_bytes`)."""
        return peak_bytes(self.device)


def products_precision(device: torch.device) -> str:
    """What this process multiplies float32 matrices in: "tf32" on a GPU that has it, if that is allowed, or "fp32"."""
    has_tf32 = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return "tf32" if has_tf32 and torch.backends.cuda.matmul.allow_tf32 else "fp32"


def build_env(modules: ReferenceModules, settings: ReferenceSettings) -> Any:
    """The reference's `WorldModelEnv` with both of its networks, whose games never end."""
    sampling = settings.sampling
    sampler = modules.diffusion.DiffusionSamplerConfig(
        num_steps_denoising=sampling.num_denoising_steps,
        sigma_min=sampling.sigma_min,
        sigma_max=sampling.sigma_max,
        rho=sampling.rho,
        order=sampling.order,
    )
    config = modules.world_model_env.WorldModelEnvConfig(
        horizon=ENDLESS, num_batches_to_preload=1, diffusion_sampler=sampler
    )
    denoiser = build_denoiser(modules.diffusion, settings.config, settings.spec)
    judge = build_judge(modules.rew_end_model, settings.config, settings.spec)
    for network in (denoiser, judge):
        roughen(network.to(settings.device))
    never_end(judge.head)
    return modules.world_model_env.WorldModelEnv(denoiser, judge, Batches(settings.spec, settings.num_envs), config)


def build_denoiser(module: ModuleType, config: DiamondConfig, spec: WorldSpec) -> Any:
    """The reference's denoiser with the architecture of ours."""
    inner = module.InnerModelConfig(
        img_channels=spec.channels,
        num_steps_conditioning=spec.context_length,
        cond_channels=config.denoiser.cond_channels,
        depths=list(config.denoiser.depths),
        channels=list(config.denoiser.channels),
        attn_depths=list(config.denoiser.attn_depths),
        num_actions=spec.num_actions,
    )
    scales = {"sigma_data": config.denoiser.sigma_data, "sigma_offset_noise": config.denoiser.sigma_offset_noise}
    return module.Denoiser(module.DenoiserConfig(inner_model=inner, **scales))


def build_judge(module: ModuleType, config: DiamondConfig, spec: WorldSpec) -> Any:
    """The reference's reward/end model with the architecture of ours."""
    return module.RewEndModel(
        module.RewEndModelConfig(
            lstm_dim=config.reward_end.lstm_dim,
            img_channels=spec.channels,
            img_size=spec.height,
            cond_channels=config.reward_end.cond_channels,
            depths=list(config.reward_end.depths),
            channels=list(config.reward_end.channels),
            attn_depths=list(config.reward_end.attn_depths),
            num_actions=spec.num_actions,
        )
    )


@torch.no_grad()
def never_end(head: Any) -> None:
    """Set the first and the last layer of `head` so that going on is sure, whatever it is shown.

    Args:
        head: linear, activation, linear without bias; its last two outputs are the logits of going on and of ending.
    """
    head[0].weight.zero_()
    head[0].bias.fill_(SURE)
    head[-1].weight[-2:] = torch.tensor([[1.0], [-1.0]])


def check_comparable(config: DiamondConfig, spec: WorldSpec, sampling: Sampling) -> None:
    """Nothing, if the reference has this architecture too.

    Raises:
        InvalidArgument: it has not.
    """
    differences = {
        "folds patches of pixels": max(config.denoiser.patch_size, config.reward_end.patch_size) > 1,
        "shows reward and end the difference of frames": config.reward_end.difference,
        "has not two blocks in the middle of reward and end": config.reward_end.depths[-1] != 2,
        "has actions of several parts": bool(spec.action_sizes),
        "has other rewards than -1, 0 and 1": spec.reward_values != (-1.0, 0.0, 1.0),
        "has frames that are not square": spec.height != spec.width,
        "samples with churn": sampling.s_churn > 0,
    }
    found = [words for words, differs in differences.items() if differs]
    if found:
        raise InvalidArgument(
            f"--reference: this world {', '.join(found)}, and the reference does not, so there is nothing to hold it "
            "against. Use --preset paper."
        )
