"""Updates of both objectives, at the defaults of a fit."""

from typing import Any

import torch
from torch import Tensor, nn

from gym_diamond.benchmarking.fit_speed import FitSettings, fit_speeds, noisy_play, update_cost
from gym_diamond.benchmarking.flops import Cost
from gym_diamond.data.segments import SegmentStore, Window
from gym_diamond.fitting.config import RunConfig
from gym_diamond.world_models.protocol import WorldSpec
from tests.tiny import write_tiny_world

FLOAT = 4  # bytes
SPEC = WorldSpec("Breakout", 8, 8, 3, 2, ("NOOP", "FIRE"), 4, (-1.0, 0.0, 1.0), 15)


class TwoLayers:
    """An objective whose loss is two matrix products: (B, 2)(2, 3) and (B, 3)(3, 1)."""

    name = "two_layers"
    window = Window(length=2, pad_before=0, pad_after=0)

    def __init__(self) -> None:
        self.network = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False))

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> tuple[Tensor]:
        return (torch.randn(batch_size, 2, generator=generator)[rows],)

    def counts(self, is_real: Tensor) -> Tensor:
        return torch.ones(1)

    def loss(self, segment: Any, noise: tuple[Tensor], counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return self.network(noise[0]).sum(), {}


def test_both_objectives_are_timed_at_the_batch_sizes_of_a_fit(tmp_path):
    speeds = fit_speeds(FitSettings(str(write_tiny_world(tmp_path)), "cpu", "fp32", "eager", None, budget=0.0))
    config = RunConfig()
    assert [(speed.objective, speed.precision, speed.mode, speed.batch_size) for speed in speeds] == [
        ("denoiser", "fp32", "eager", config.denoiser.batch_size),
        ("reward_end", "fp32", "eager", config.reward_end.batch_size),
    ]
    assert all(speed.update_seconds > 0 and speed.cost.flops > 0 for speed in speeds)


def test_an_update_costs_the_products_of_its_loss_and_of_both_gradients_but_that_of_its_input():
    store = SegmentStore.from_episodes(noisy_play(SPEC))
    B, first, second = 5, 2 * 5 * 2 * 3, 2 * 5 * 3 * 1  # operations of each product forward
    moved_first = B * 2 + 2 * 3 + B * 3  # numbers: two operands and the result, also in the gradient of the weight
    moved_second = B * 3 + 3 * 1 + B * 1
    assert update_cost(TwoLayers(), store, B, "fp32") == Cost(
        flops=2 * first + 3 * second, bytes=FLOAT * (2 * moved_first + 3 * moved_second)
    )
