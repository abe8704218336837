"""A ball that may or may not be served is best drawn as bright as it is likely, in every loss, whatever weighs more.

By a chance that no history tells a ball comes or none does. A denoiser that can only choose
how much of its light it draws shows what each of its losses asks for.
"""

import pytest
import torch
from torch import Tensor

from gym_diamond.data.segments import Segment
from gym_diamond.world_models.diamond import build, presets
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig, DenoiserObjective
from gym_diamond.world_models.protocol import Sampling, WorldSpec

SPEC = WorldSpec("Pong", 32, 32, 3, 6, tuple("abcdef"), 4, (-1.0, 0.0, 1.0), 15)
BALL = {4: 10, 5: 12, 6: 14}  # the row in which it is in each frame, if it was served


def game(served: bool) -> Tensor:
    """Seven frames `(T, C, H, W)` in which a paddle moves, and a ball if it came."""
    frames = torch.full((7, 3, 32, 32), -0.2)
    for t in range(7):
        frames[t, :, 4 + 2 * t : 10 + 2 * t, 28] = 0.5
    for t, row in BALL.items() if served else ():
        frames[t, :, row : row + 2, 8] = 0.8
    return frames


class OfSomeLight:
    """A denoiser that draws the ball with `light` of its brightness, and dreams of none."""

    def __init__(self, light: float) -> None:
        real = build(presets["tiny"], SPEC, Sampling(), "fp32").denoiser
        self.light, self.config, self.conditioners = light, real.config, real.conditioners
        self.losses = 0

    def model_output(self, noisy: Tensor, cs, history: Tensor, act: Tensor) -> Tensor:
        t = 4 + self.losses
        self.losses += 1
        drawn = torch.lerp(game(False)[t], game(True)[t], self.light)
        return (drawn[None] - cs.c_skip * noisy) / cs.c_out

    def denoised(self, noisy: Tensor, cs, output: Tensor) -> Tensor:
        return cs.c_skip * noisy + cs.c_out * output

    def __call__(self, x: Tensor, sigma: Tensor, history: Tensor, act: Tensor) -> Tensor:
        return game(False)[3 + self.losses][None]


def losses(light: float, served: bool, config: DenoiserLossConfig) -> Tensor:
    which = DenoiserObjective(OfSomeLight(light), SPEC, config, Sampling())  # pyright: ignore[reportArgumentType]
    none = torch.zeros(1, 6)
    played = Segment(game(served)[None], none.long(), none, none.bool(), torch.ones(1, 7, dtype=torch.bool))
    noise = which.draw(1, torch.Generator().manual_seed(0), slice(None))
    _, metrics = which.loss(played, noise, torch.ones(3))
    return torch.stack([metrics[f"loss_{i}"] for i in range(3)]).double()


def best_light(chance: float, config: DenoiserLossConfig) -> list[float]:
    """How much of its light each loss asks for, of a ball that comes with that `chance`."""
    dark, half, bright = (
        chance * losses(light, True, config) + (1 - chance) * losses(light, False, config) for light in (0.0, 0.5, 1.0)
    )
    return ((3 * dark + bright - 4 * half) / (4 * (dark + bright - 2 * half))).tolist()  # where a parabola is least


@pytest.mark.parametrize("motion_weight", [0.0, 10.0])
@pytest.mark.parametrize("chance", [0.06, 0.25])
def test_the_light_that_each_loss_asks_for_is_the_chance_of_the_ball(chance: float, motion_weight: float) -> None:
    config = DenoiserLossConfig(num_autoregressive_steps=2, num_sampling_steps=1, motion_weight=motion_weight)
    assert best_light(chance, config) == pytest.approx([chance] * 3, abs=2e-3)


@pytest.mark.parametrize(("chance", "further"), [(0.06, 0.3), (0.25, 0.7)])
def test_where_real_play_weighs_more_the_ball_is_asked_for_brighter_than_it_is_likely(
    chance: float, further: float
) -> None:
    config = DenoiserLossConfig(num_autoregressive_steps=2, num_sampling_steps=1, motion_from="play")
    assert best_light(chance, config) == pytest.approx([chance, further, further], abs=0.02)
