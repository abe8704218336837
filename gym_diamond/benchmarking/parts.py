"""What a step is spent on: each part is timed by itself, on the tensors of a real step.

Compiled, the parts are compiled one by one; what a compiler gains across their borders shows as a remainder below zero.
"""

from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond.benchmarking.timing import repeated
from gym_diamond.envs.dream import Dream


class Parts(NamedTuple):
    """Seconds a step, of all dreams together."""

    denoiser: float  # all of its passes
    reward_end: float
    noise: float


@torch.no_grad()
def time_parts(dream: Dream, action: Tensor, compiled: bool, budget: float) -> Parts:
    """The medians of calls of each part.

    Args:
        dream: of a world with the networks of the diamond backend; it was reset, and stays where it is.
        action: `(N,)` or `(N, A)` int64.
        compiled: whether each part is compiled first.
        budget: seconds for each.
    """
    world: Any = dream.world
    now = dream.snapshot()
    noise = world.draw(now.keys, now.counter)
    act = torch.cat([now.state.act, action[:, None]], dim=1)  # (N, L) or (N, L, A)
    sigmas = [torch.full((1,), sigma, device=world.device) for sigma in pass_sigmas(world)]
    denoiser, reward_end, draw = world.denoiser, world.rew_end_model, world.draw
    if compiled:
        denoiser, reward_end, draw = torch.compile(denoiser), torch.compile(reward_end), torch.compile(draw)

    def denoise() -> None:
        for sigma in sigmas:
            denoiser(noise.frame, sigma, now.state.obs, act)

    def judge() -> None:
        memory = (now.state.hx, now.state.cx)
        reward_end(now.state.obs[:, -1:], action[:, None], noise.frame[:, None], memory)

    calls = (denoise, judge, lambda: draw(now.keys, now.counter))
    return Parts(*(median(repeated(call, world.device, budget)) for call in calls))


def pass_sigmas(world: Any) -> tuple[float, ...]:
    """The noise level of each pass of the denoiser in a step of `world`: one a level, and with order 2 one more a level
    but the last (EDM, algorithm 2).
    """
    levels = world.sigmas[:-1]
    return levels if world.sampling.order == 1 else (*levels, *levels[1:])
