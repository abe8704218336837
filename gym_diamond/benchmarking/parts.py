"""What a step of a `Dream` is spent on, without a look inside the step, which an engine may have changed.

The shell is timed around a step that is free, the noise and the reward/end model by themselves on the tensors of a real
step; what is left of the whole is the denoiser with its sampler. On a GPU each is recorded and replayed, as a step is:
launched one by one, small kernels take longer than the whole.
"""

from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond.benchmarking.timing import repeated
from gym_diamond.envs.compiled import compiled, drawing_compiler
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import Compiler
from gym_diamond.replay import recorder
from gym_diamond.world_models.protocol import Transition


class Parts(NamedTuple):
    """Seconds a step, of all dreams together."""

    reward_end: float
    noise: float
    shell: float  # of the `Dream`: all but noise and step


@torch.no_grad()
def time_parts(dream: Dream, action: Tensor, is_compiled: bool, budget: float) -> Parts:
    """The medians of calls of each part.

    Args:
        dream: of a world with the networks of the diamond backend; it was reset, and stays where it is.
        action: `(N,)` or `(N, A)` int64.
        is_compiled: whether the reward/end model is compiled first.
        budget: seconds for each.
    """
    world: Any = dream.world
    now = dream.snapshot()
    frames, memory = now.state.obs[:, -1:], (now.state.hx, now.state.cx)
    record, compiler = recorder(world.device), drawing_compiler(is_compiled)
    model: Any = compiled(world.rew_end_model) if is_compiled else world.rew_end_model
    draw: Any = compiler(world.draw) if compiler else world.draw
    judge, draw = (record(call) if record else call for call in (model, draw))
    shell = free_dream(dream, record, compiler)
    calls = (
        lambda: judge(frames, action[:, None], frames, memory),
        lambda: draw(now.keys, now.counter),
        lambda: shell.step(action),
    )
    reward_end, noise, around = (median(repeated(call, world.device, budget)) for call in calls)
    return Parts(reward_end, noise, around - noise)


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
