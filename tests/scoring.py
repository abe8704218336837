"""A batch scored as a fit scores it."""

from typing import Any

import torch
from torch import Tensor

from gym_diamond.data.segments import Segment
from gym_diamond.world_models.objective import Objective


def score(objective: Objective[Any], given: Segment, seed: int) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and the metrics of the whole batch `given`, under the noise of `seed`."""
    noise = objective.draw(len(given.obs), torch.Generator().manual_seed(seed), slice(None))
    return objective.loss(given, noise, objective.counts(given.is_real))
