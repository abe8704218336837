"""What a step is spent on, without a look inside the step, which an engine may have changed.

Noise and the network of reward and end are timed by themselves, on the tensors of a real step, as they run in it: the
network is the one of the backend's fast step. What the others take are differences: between the vector env and its
`Dream`, a `Dream` whose step is free and its noise, a whole step and all that is known of it. So everything is timed in
turns, and what counts is the median over the rounds. On a GPU each is recorded and replayed, as a step is: launched one
by one, small kernels take longer than the whole.
"""

from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from gym_diamond import world_models
from gym_diamond.benchmarking.timing import in_turns
from gym_diamond.envs.compiled import compiled, drawing_compiler
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import Compiler
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.replay import recorder
from gym_diamond.world_models import rows
from gym_diamond.world_models.diamond.fast_step import rows_at_a_time
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.protocol import Transition


class Round(NamedTuple):
    """Seconds of a call of each, one after the other."""

    vector_step: float  # of the NumPy vector env
    step: float  # of its `Dream`
    free_step: float  # of a `Dream` whose world costs nothing but its noise
    reward_end: float
    noise: float


class Parts(NamedTuple):
    """Seconds of a step through the NumPy vector env, of all dreams together. 0: less than can be told."""

    denoiser: float  # with its sampler
    reward_end: float
    noise: float
    copies: float  # to NumPy
    python: float  # of the `Dream`: all but noise and step


@torch.no_grad()
def time_parts(envs: DreamVectorEnv, actions: np.ndarray, is_compiled: bool, budget: float) -> Parts:
    """What a step of `envs` is spent on.

    Args:
        envs: of a world of the diamond backend, with games that never end; its dream was reset, and stays where it is.
        actions: `(N,)` or `(N, A)` integers.
        is_compiled: whether the step of `envs` is; the parts are then compiled too.
        budget: seconds for all that is timed.
    """
    dream = envs.dream
    world: Any = dream.world
    now, action = dream.snapshot(), torch.from_numpy(actions).to(world.device)
    before, hx, cx = now.state.obs[:, -1:], now.state.hx, now.state.cx
    at_a_time = rows.parts(dream.num_envs, rows_at_a_time(world))  # as the step takes them
    after = before.clone(memory_format=torch.contiguous_format)  # in memory like a frame that was just drawn
    record, compiler = recorder(world.device), drawing_compiler(is_compiled)
    network: Any = running_reward_end(world)
    judge: Any = compiled(network) if is_compiled else network
    draw: Any = compiler(world.draw) if compiler else world.draw
    judge, draw = (record(call) if record else call for call in (judge, draw))
    shell = free_dream(dream, record, compiler)
    calls = (
        lambda: envs.step(actions),
        lambda: dream.step(action),
        lambda: shell.step(action),
        lambda: [judge(before[p], action[p, None], after[p], (hx[p], cx[p])) for p in at_a_time],
        lambda: draw(now.keys, now.counter),
    )
    rounds = [Round(*taken) for taken in in_turns(calls, world.device, budget)]
    dream.restore(now)
    return parts_of(rounds)


def parts_of(rounds: Sequence[Round]) -> Parts:
    """The median of each part over the `rounds`, and 0 where it is below."""
    return Parts(*(max(0.0, median(values)) for values in zip(*map(_parts_of_one, rounds), strict=True)))


def _parts_of_one(taken: Round) -> Parts:
    python = taken.free_step - taken.noise
    denoiser = taken.step - python - taken.noise - taken.reward_end
    return Parts(denoiser, taken.reward_end, taken.noise, taken.vector_step - taken.step, python)


def running_reward_end(world: Any) -> nn.Module:
    """The network of reward and end that runs in the fast step of `world`, a world of the diamond backend."""
    networks: list[nn.Module] = []

    def see(network: nn.Module) -> nn.Module:  # the fast step asks for a faster equal of each of its networks
        networks.append(network)
        return network

    world_models.backend(world.backend).faster_step(world, see)
    return next(network for network in networks if isinstance(network, RewardEndModel))


def free_dream(dream: Dream, record: Compiler | None = None, compiler: Compiler | None = None) -> Dream:
    """A dream like `dream`, at the same moment, in which nothing ever happens and a step costs nothing."""
    world, num = dream.world, dream.num_envs
    spec, device = world.spec, world.device
    nothing = Transition(
        obs=torch.zeros(num, spec.channels, spec.height, spec.width, device=device),
        reward=torch.zeros(num, device=device),
        end=torch.zeros(num, dtype=torch.bool, device=device),
        reward_probs=torch.zeros(num, len(spec.reward_values), device=device),
        end_prob=torch.zeros(num, device=device),
    )
    free = Dream(
        world,
        dream.contexts,
        num,
        max_episode_steps=dream.max_episode_steps,
        autoreset_mode=dream.autoreset_mode.value,
        frame_stack=dream.frame_stack,
        step=lambda state, action, noise: (state, nothing),
        record=record,
        compiler=compiler,
    )
    free.restore(dream.snapshot())
    return free
