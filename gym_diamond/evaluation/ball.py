"""The ball of Breakout and of Pong, found in frames: real ones and dreamt ones alike.

A ball is light of its colour that nothing else accounts for (`ball_light.py`), in one place and as much as a ball has.
How much that is, is counted in pixels of the emulator's screen, where a ball is 2 wide and 4 high. It must light at
least `LEAST`: one that stands still may fade, or be hidden, to about a half. A frame shows the ball of two emulated
frames, so that one which moves lights 12 to 16 and may fade to about a third. A place with more than `MOST` is
something larger than a ball. Two balls are told apart if their middles are more than `APART` pixels from each other,
along one of the axes.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball_light import SCREEN, SIZE, breakout_light, pong_light

LIGHTS = {"Breakout": breakout_light, "Pong": pong_light}
FLOOR = 0.1  # a pixel of which the ball lights less counts for nothing: dreams are never quite dark
LEAST, MOST = 3.5, 24.0  # emulated pixels that a ball lights
REACH = 2  # pixels from its middle in which its light is
APART = 3  # pixels around the densest light of a ball, in which there is no other

VALIDATED = {  # against the emulator's memory on real play, 2026-11-25: tests/benchmarks/test_ball_detector.py
    "Breakout": {"f1": 0.996, "frames": 3000, "position_error": 0.06},
    "Pong": {"f1": 1.0, "frames": 3000, "position_error": 0.05},
}


class Balls(NamedTuple):
    """What was found in T frames."""

    centre: (
        Tensor  # (T, 2) float64, (y, x) of the brightest ball in pixels, that of the first pixel being (0, 0); or NaN
    )
    num: Tensor  # (T,) int64, how many there are


def has_detector(game: str, frame_shape: tuple[int, ...]) -> bool:
    """Whether the ball of `game` ("Breakout") can be found in frames of this shape (H, W, C)."""
    return game in LIGHTS and tuple(frame_shape) == (SIZE, SIZE, 3)


def find_balls(game: str, frames: Tensor) -> Balls:
    """The balls in consecutive frames.

    Args:
        game: "Breakout" or "Pong".
        frames: `(T, 64, 64, 3)` uint8.

    Raises:
        InvalidArgument: there is no detector for that game or for frames of that shape; see `has_detector`.
    """
    light = _light(game, frames)
    return _gather(light, _places(light))


def place_balls(game: str, frames: Tensor, last: int | None = None) -> Tensor:
    """Where each of the last frames shows balls: `(..., last, 64, 64)` bool, one pixel for each, without a wait.

    Args:
        game: "Breakout" or "Pong".
        frames: `(..., T, 64, 64, 3)` uint8, T consecutive ones.
        last: of how many frames, at most T; those before are looked at too, since what stays is no ball. None = all.

    Raises:
        InvalidArgument: there is no detector for that game or for frames of that shape; see `has_detector`.
    """
    light = _light(game, frames)
    light = light if last is None else light[..., -last:, :, :]
    return (
        _places(light.flatten(0, -3)).view(light.shape).to(frames.device)
    )  # (..., T, H, W) -> (N*T, H, W) -> (..., T, H, W)


def _light(game: str, frames: Tensor) -> Tensor:
    """What the ball lights in `frames` `(..., T, 64, 64, 3)`, `(..., T, H, W)` float64."""
    if not has_detector(game, tuple(frames.shape[-3:])):
        raise InvalidArgument(
            f"There is no detector of the ball for {game} in frames {tuple(frames.shape[-3:])}; there is one for "
            f"{' and '.join(LIGHTS)} in frames {(SIZE, SIZE, 3)}. Ask `has_detector` first."
        )
    light = LIGHTS[game](frames.cpu() if frames.device.type == "mps" else frames).double()  # MPS has no float64
    return torch.where(light > FLOOR, light, 0)


def _places(light: Tensor) -> Tensor:
    """Where a ball is densest, `(T, H, W)` bool, in `light` `(T, H, W)`."""
    place = torch.arange(SIZE, dtype=light.dtype, device=light.device)
    apart = (place[:, None] - place).abs()
    tent = (REACH + 1 - apart).clamp(min=0)  # (H, H): weights 1 2 3 2 1 around the diagonal
    ties = torch.linspace(0, 1e-6, SIZE**2, dtype=light.dtype, device=light.device).view(SIZE, SIZE)  # breaks them
    density = tent @ light @ tent + ties
    highest = _highest_near(density, APART)
    near = (apart <= REACH).to(light.dtype)
    emulated = near @ light @ near * (SCREEN[0] * SCREEN[1] / SIZE**2)  # lit around each pixel, in the emulator's
    return (density == highest) & (density > FLOOR) & (emulated >= LEAST) & (emulated <= MOST)


def _highest_near(values: Tensor, apart: int) -> Tensor:
    """The highest of `values` `(T, H, W)` up to so many pixels away along both axes; one axis at a time costs half."""
    along = F.max_pool2d(values[:, None], (1, 2 * apart + 1), stride=1, padding=(0, apart))
    return F.max_pool2d(along, (2 * apart + 1, 1), stride=1, padding=(apart, 0))[:, 0]


def _gather(light: Tensor, places: Tensor) -> Balls:
    """The balls at `places` `(T, H, W)` of `light` `(T, H, W)`: all light that is near is the same ball's."""
    t, y, x = places.nonzero().unbind(1)  # (M,) each
    near = torch.arange(-REACH, REACH + 1, device=light.device)
    ys, xs = y[:, None] + near, x[:, None] + near  # (M, 5) each
    padded = F.pad(light, (REACH, REACH, REACH, REACH))
    around = padded[t[:, None, None], ys[:, :, None] + REACH, xs[:, None] + REACH]  # (M, 5, 5)
    total = around.sum((1, 2))
    centre = torch.stack([(around.sum(2) * ys).sum(1), (around.sum(1) * xs).sum(1)], dim=1) / total[:, None]  # (M, 2)
    brightest = total.new_zeros(len(light)).scatter_reduce(0, t, total, "amax")
    first = total == brightest[t]
    found = light.new_full((len(light), 2), torch.nan)
    found[t[first]] = centre[first]
    return Balls(found, torch.bincount(t, minlength=len(light)))
