"""Every number of a fit, each a typed field with a default, settable from the command line and from a file.

The defaults suit the `small` preset on two CPU cores. The reference's value stands beside each where it differs.
"""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import tyro

from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond.config import DiamondConfig
from gym_diamond.world_models.diamond.objectives import LossConfig
from gym_diamond.world_models.protocol import Sampling


@dataclass(frozen=True)
class OptimConfig:
    """How one network is optimised."""

    lr: float = 3e-4
    """Learning rate of AdamW after the warm-up. Reference: 1e-4."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the learning rate goes on after the warm-up. Reference: constant."""
    final_lr_fraction: float = 0.02
    """Where the cosine ends, as a fraction of lr."""
    warmup_steps: int = 100
    """Updates over which the learning rate rises linearly. Reference: 100, from exactly 0."""
    weight_decay: float = 1e-2
    """Decoupled weight decay; matrices and kernels only: no biases, norms or embeddings. Reference: 0.01."""
    beta1: float = 0.9
    """Decay of the mean gradient. Reference: 0.9."""
    beta2: float = 0.999
    """Decay of the mean squared gradient. Reference: 0.999."""
    eps: float = 1e-8
    """AdamW's epsilon. Reference: 1e-8."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this norm. Reference: 1 for the denoiser, 100 for reward and end."""
    ema_decay: float = 0.999
    """Decay of the averaged weights, which are what is saved; 0 saves the last ones, as the reference does."""
    batch_size: int = 16
    """Windows a batch, of all processes together. Reference: 32."""
    every: int = 1
    """Update this network every so many steps; 0 does not train it. Reference: 1."""
    start_from: str | None = None
    """A world directory whose network to start from instead of random weights; it must have the same architecture. It
    may be of another game: what the numbers of actions and rewards shape is then learned anew."""

    def __post_init__(self) -> None:
        positive = ("lr", "eps", "max_grad_norm", "batch_size")
        for name in positive:
            if not getattr(self, name) > 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be positive.")
        for name in ("beta1", "beta2", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1.")
        for name in ("warmup_steps", "weight_decay", "every"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 0.")
        if not 0 <= self.final_lr_fraction <= 1:
            raise InvalidArgument(f"final_lr_fraction is {self.final_lr_fraction}; it must be in [0, 1].")
        if self.schedule not in ("cosine", "constant"):
            raise InvalidArgument(f"schedule is {self.schedule!r}; it must be 'cosine' or 'constant'.")


@dataclass(frozen=True)
class FitConfig:
    """How long a fit goes on, in what it computes, and how often it reports."""

    steps: int | None = None
    """Steps to fit for. Give this, max_minutes or both; whichever is used up first ends the fit."""
    max_minutes: float | None = None
    """Minutes to fit for, those before a --resume included."""
    seed: int = 0
    """Decides the initial weights, the order of the data and all noise."""
    device: str = "auto"
    """"cpu", "cuda", "cuda:1"; "auto" is CUDA where there is one."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """What networks compute in; weights and moments are float32. "auto": bf16 where it is native. Reference: fp32."""
    threads: int | None = None
    """CPU threads of each process; by default one a core, under torchrun one. On cores that other programs keep busy as
    well, fewer are faster."""
    channels_last: bool = True
    """Keep images with their channels innermost in memory: the layout that most convolution kernels prefer."""
    compile: bool = False
    """Compile the losses with torch.compile: the same up to rounding, after minutes at the start on few cores."""
    cuda_graph: bool = True
    """On a GPU, record the forward and backward pass of each network once, and replay them: one launch in place of
    thousands. Costs the memory of the activations of both networks."""
    weights_dtype: Literal["fp32", "bf16"] = "fp32"
    """What the world's weights are stored in; bf16 halves the file."""
    num_contexts: int = 256
    """Moments of real play that are cut from the data and travel with the world, for dreams to start from."""
    checkpoint_minutes: float = 5.0
    """Minutes between checkpoints. A killed run loses at most these."""
    log_every: int = 20
    """Steps between reports of loss and learning rate."""
    preview_every: float = 10.0
    """Minutes between strips of real frames above dreamt frames; 0 for none."""
    preview_frames: int = 16
    """Frames dreamt in a strip."""

    def __post_init__(self) -> None:
        for name in ("steps", "max_minutes", "threads"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidArgument(f"{name} is {value}; it must be positive.")
        for name in ("num_contexts", "log_every", "preview_frames"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("seed", "checkpoint_minutes", "preview_every"):
            if not getattr(self, name) >= 0:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be at least 0.")
        if self.seed >= 2**63:
            raise InvalidArgument(f"seed is {self.seed}; it must be below 2**63.")


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run: saved as `fit/config.json` in its folder, and the form of a --config file."""

    dataset: tuple[str, ...] = ()
    """Minari datasets to fit to, for example breakout/mixed-v0."""
    image_key: str | None = None
    """Of datasets whose observations are dictionaries, the entry that is the image; needed if there are several."""
    resize: tuple[int, int] | None = None
    """Height and width to which the frames are resized; by default they stay as the dataset has them."""
    backend: Literal["diamond"] = "diamond"
    """The kind of world model."""
    preset: str = "small"
    """Named architecture to start from: paper (the released one), small, tiny (for tests only)."""
    context_length: int = 4
    """Frames that each step looks back on. Reference: 4."""
    fit: Annotated[FitConfig, tyro.conf.arg(name="")] = field(default_factory=FitConfig)
    model: DiamondConfig = field(default_factory=DiamondConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    denoiser: OptimConfig = field(default_factory=OptimConfig)
    reward_end: OptimConfig = field(default_factory=lambda: OptimConfig(lr=1e-3, max_grad_norm=10.0, every=2))
    sampling: Sampling = field(default_factory=Sampling)


def without_start(optim: OptimConfig) -> OptimConfig:
    """`optim` of a network that starts from no other world's, as one that goes on has all it needs."""
    return replace(optim, start_from=None)
