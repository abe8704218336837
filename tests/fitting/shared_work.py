"""What two processes do together for test_distributed.py: `python -m tests.fitting.shared_work FOLDER`.

Each writes what it found to FOLDER/RANK.pt. What one process finds alone is computed by the same functions.
"""

import copy
import signal
import sys
import weakref
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributed as dist

from gym_diamond import world_models
from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import Segment, SegmentStore, Window
from gym_diamond.fitting.config import FitConfig, OptimConfig, RunConfig
from gym_diamond.fitting.distributed import Team, joined
from gym_diamond.fitting.learner import Learner, make_learner, update
from gym_diamond.fitting.loop import Position, fit
from gym_diamond.fitting.material import Material
from gym_diamond.fitting.setup import Setup, make_setup
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig
from gym_diamond.world_models.diamond.objectives import LossConfig
from gym_diamond.world_models.diamond.reward_end_loss import RewardEndLossConfig
from gym_diamond.world_models.objective import weighted_mean
from gym_diamond.world_models.protocol import WorldSpec

BATCH = 5  # of two processes the first has three rows, the second two
SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)
PLAIN = LossConfig()
DREAMT = LossConfig(
    DenoiserLossConfig(num_autoregressive_steps=2, num_sampling_steps=1, event_share=0.5),
    RewardEndLossConfig(num_transitions=6, dream_share=0.6, num_sampling_steps=1),
)


def make(loss: LossConfig, compiled: bool = False) -> Setup:
    """A fit of tiny networks to three episodes of 7, 8 and 9 frames: most windows have padding."""
    rng = np.random.default_rng(1)
    episodes = [
        Episode(
            rng.integers(256, size=(n, 16, 16, 3), dtype=np.uint8),
            rng.integers(4, size=n - 1),
            (rng.random(n - 1) < 0.3).astype(np.float32),
            True,
            False,
            True,
            "random",
        )
        for n in (7, 8, 9)
    ]
    optim = OptimConfig(batch_size=BATCH, max_grad_norm=1e9)
    config = RunConfig(
        preset="tiny",
        model=world_models.backend("diamond").presets["tiny"],
        fit=FitConfig(steps=1, num_contexts=4, compile=compiled, precision="fp32"),
        loss=loss,
        denoiser=optim,
        reward_end=optim,
    )
    return make_setup(config, Material(SPEC, episodes), torch.device("cpu"))


def gradients(loss: LossConfig, team: Team, compiled: bool = False) -> dict[str, Tensor]:
    """The gradients and metrics of one update of each objective, and how much counted among this process's rows."""
    setup, found = make(loss, compiled), {}
    for learner in setup.learners:
        name, network = learner.objective.name, learner.objective.network
        with torch.no_grad():  # the last layers start at zero, and then most gradients are zero
            for i, parameter in enumerate(network.parameters()):
                parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(i))
        metrics = update(learner, setup.store, seed=0, step=3, progress=0.0, team=team)
        found |= {f"{name}.{key}": value for key, value in metrics.items()}
        found |= {f"{name}.gradient.{key}": p.grad for key, p in network.named_parameters() if p.grad is not None}
    return found


def own_counts(team: Team) -> list[float]:
    """How many elements count among this process's rows of a batch, for each mean of both losses."""
    setup, found = make(PLAIN), []
    for learner in setup.learners:
        generator = torch.Generator().manual_seed(0)
        segment = setup.store.sample(learner.objective.window, BATCH, generator, team.rows)
        found += learner.objective.counts(segment.is_real).tolist()
    return found


class NextMean:
    """Guess the mean of the next frame from the mean of this one."""

    name = "mean"
    window = Window(length=2, pad_before=0, pad_after=0)

    def __init__(self) -> None:
        self.network: nn.Module = nn.Linear(3, 3)

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> tuple[Tensor]:
        return (torch.randn(batch_size, 3, generator=generator)[rows],)

    def counts(self, is_real: Tensor) -> Tensor:
        return is_real[:, 1:].sum(dim=0).float()

    def loss(self, segment: Segment, noise: tuple[Tensor], counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        means = segment.obs.mean(dim=(3, 4))  # (B, 2, C, H, W) -> (B, 2, C)
        error = (self.network(means[:, 0]) + noise[0] - means[:, 1]).square().mean(dim=1)
        return weighted_mean(error, segment.is_real[:, 1].float(), counts[0]), {}


def mean_learner() -> Learner:
    torch.manual_seed(0)
    objective = NextMean()
    return make_learner(objective, OptimConfig(lr=1e-2, batch_size=BATCH), copy.deepcopy(objective.network))


class Hooks:
    """Keep the steps of checkpoints and the reported losses; press Ctrl-C at the first report if told to."""

    def __init__(self, interrupts: bool = False) -> None:
        self.interrupts = interrupts
        self.losses: list[float] = []
        self.checkpoints: list[int] = []

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        self.losses.append(values["mean/loss"])
        if self.interrupts:
            signal.raise_signal(signal.SIGINT)

    def preview(self, position: Position) -> None: ...

    def checkpoint(self, position: Position) -> None:
        self.checkpoints.append(position.step)


def whole_fit(store: SegmentStore, team: Team) -> tuple[dict[str, Tensor], list[float]]:
    """All tensors and the reported losses of a fit of thirty steps."""
    learner, hooks = mean_learner(), Hooks()
    fit((learner,), store, FitConfig(steps=30, log_every=10), Position(), hooks, team=team)
    return learner.tensors(), hooks.losses


def interrupted_fit(store: SegmentStore, team: Team) -> tuple[bool, list[int]]:
    """Whether a fit ended as by Ctrl-C, which is pressed in process 1 after four steps, and the steps it saved."""
    hooks = Hooks(interrupts=team.rank == 1)
    try:
        fit((mean_learner(),), store, FitConfig(steps=10_000, log_every=4), Position(), hooks, team=team)
    except KeyboardInterrupt:
        return True, hooks.checkpoints
    return False, hooks.checkpoints


def timed_fit(store: SegmentStore, team: Team) -> Position:
    """Where a fit of a fifth of a second ends."""
    return fit((mean_learner(),), store, FitConfig(max_minutes=0.2 / 60), Position(), Hooks(), team=team)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with joined() as team:
        group = weakref.ref(dist.group.WORLD)
        store = make(PLAIN).store
        found = {
            "plain": gradients(PLAIN, team),
            "dreamt": gradients(DREAMT, team),
            "counts": own_counts(team),
            "fit": whole_fit(store, team),
            "timed": tuple(timed_fit(store, team)),
            "interrupted": interrupted_fit(store, team),
            "sum": team.add(float(team.rank + 1)),
            "clock": team.clock(10.0 * (team.rank + 1)),
            "any": [team.any(team.rank == 1), team.any(False)],
            "total": team.total([torch.tensor([1.0, 2.0]), torch.full((1, 2), float(team.rank))]),
        }
    found["group is gone"] = group() is None
    torch.save(found, folder / f"{team.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
