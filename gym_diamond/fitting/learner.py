"""One objective under fit: its network, its optimizer and its averaged weights, updated once a call.

All randomness of an update comes from a generator that is seeded by (seed, objective, step). So which data and which
noise a step sees is a pure function of the step: a resumed fit repeats no step, skips none and needs no saved
generator, and objectives do not disturb each other. Nor does it depend on how many processes share the batch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidRun
from gym_diamond.fitting.config import OptimConfig
from gym_diamond.fitting.distributed import ALONE, Team
from gym_diamond.fitting.gradients import Score, Scored, scorer
from gym_diamond.fitting.optim import below, learning_rate, load_moments, make_optimizer, moments, update_average
from gym_diamond.world_models.objective import Objective


@dataclass(frozen=True)
class Learner:
    """What belongs to one objective. The three parts that change are changed by `update` and `load_tensors` only."""

    objective: Objective[Any]
    score: Score  # takes the objective's loss and its gradients
    config: OptimConfig
    optimizer: torch.optim.AdamW
    average: nn.Module  # a network like the objective's, whose weights are the running average

    def tensors(self) -> dict[str, Tensor]:
        """All that an exact continuation needs, by name: network, average and the optimizer's moments."""
        named = {f"network.{k}": v for k, v in self.objective.network.state_dict().items()}
        named |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        return named | {f"optimizer.{k}": v for k, v in moments(self.objective.network, self.optimizer).items()}

    @torch.no_grad()
    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Continue from what `tensors()` gave.

        Raises:
            InvalidRun: the tensors are those of another architecture.
        """
        try:
            self.objective.network.load_state_dict(below("network.", tensors))
            self.average.load_state_dict(below("average.", tensors))
        except RuntimeError as error:
            raise InvalidRun(f"the checkpoint does not fit the {self.objective.name} network: {error}") from error
        load_moments(self.objective.network, self.optimizer, below("optimizer.", tensors))


def make_learner(
    objective: Objective[Any], config: OptimConfig, average: nn.Module, score: Score | None = None
) -> Learner:
    """A learner that has not learned yet.

    Args:
        objective: what is learned; its network, on its device.
        config: how.
        average: a copy of the objective's network.
        score: a faster equal of the objective's `scorer`; None takes that.
    """
    optimizer = make_optimizer(objective.network, config)
    return Learner(objective, score or scorer(objective), config, optimizer, average.requires_grad_(False))


def update(
    learner: Learner,
    store: SegmentStore,
    seed: int,
    step: int,
    progress: float,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """The detached metrics of one gradient step, among them `loss` and `grad_norm`; nothing waits for the device.

    Args:
        learner: whose network, optimizer and average are changed.
        store: where the batch comes from.
        seed: of the fit.
        step: of the fit; together with the seed and the objective's name it decides batch and noise.
        progress: how much of the fit is done, in [0, 1].
        team: the processes that share the batch; each must be at the same step.
    """
    objective, config, optimizer = learner.objective, learner.config, learner.optimizer
    device = store.frames.device
    generator = torch.Generator(device).manual_seed(stream_seed(seed, objective.name, step))
    segment = store.sample(objective.window, config.batch_size, generator, team.rows)
    noise = objective.draw(config.batch_size, generator, team.rows)
    counts = team.total([objective.counts(segment.is_real)])[0]
    metrics, gradients = _add_up(learner.score(segment, noise, counts), team)
    for parameter, gradient in zip(objective.network.parameters(), gradients, strict=True):
        parameter.grad = gradient
    grad_norm = nn.utils.clip_grad_norm_(objective.network.parameters(), config.max_grad_norm, foreach=True)
    count = step // config.every
    lr = learning_rate(config, count, progress)
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.step()
    update_average(learner.average, objective.network, config.ema_decay, count)
    return {**metrics, "grad_norm": grad_norm.detach(), "lr": torch.tensor(lr, dtype=torch.float64)}


def _add_up(share: Scored, team: Team) -> tuple[dict[str, Tensor], Sequence[Tensor]]:
    """The metrics of the whole batch, the loss among them, and its gradients, from each process's share of it."""
    metrics = {"loss": share.loss, **share.metrics}
    if team.size == 1:
        return metrics, share.gradients
    gradients = list(share.gradients)
    sums = team.total([*gradients, *metrics.values()])
    torch._foreach_copy_(gradients, sums[: len(gradients)])  # pyright: ignore[reportPrivateImportUsage]
    return dict(zip(metrics, sums[len(gradients) :], strict=True)), gradients


def stream_seed(seed: int, name: str, step: int) -> int:
    """The seed of the generator of one update: 63 bits of a hash of seed, objective and step."""
    digest = hashlib.blake2b(f"{seed}/{name}/{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
