"""T steps of N games, dreamt or real, played by an actor-critic: what an update learns from.

Nothing is copied to the host and no tensor is asked for its value, but on a CPU, where looking costs nothing. What only
some rows need is computed for these on a CPU; elsewhere it is computed for all rows and chosen by a mask.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from agents.policy import burn_in
from gym_diamond.envs.dream import Dream
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.nn.lstm import LSTMState


class RowsStep(Protocol):
    """What one step of N games brought; `DreamStep` tells the shapes."""

    @property
    def obs(self) -> Tensor: ...
    @property
    def reward(self) -> Tensor: ...
    @property
    def terminated(self) -> Tensor: ...
    @property
    def truncated(self) -> Tensor: ...
    @property
    def final_obs(self) -> Tensor: ...


class Rows(Protocol):
    """N games, each of which begins anew in the step that ends it: a `Dream`, or real ones (`real_rows.py`)."""

    @property
    def obs(self) -> Tensor: ...
    def step(self, action: Tensor) -> RowsStep: ...


class Rollout(NamedTuple):
    """N rows of T steps; a row may hold parts of several dreams. Gradients flow into `logits` and `value` only."""

    action: Tensor  # (N, T) int64
    reward: Tensor  # (N, T) float32, as the rows gave it
    end: Tensor  # (N, T) bool, the game ended with this step
    trunc: Tensor  # (N, T) bool, the time was up with it
    logits: Tensor  # (N, T, num_actions) what the action was drawn from
    value: Tensor  # (N, T) of the state in which it was
    next_value: Tensor  # (N, T) of the state that it led to, before any reset


def first_memory(rows: Rows, policy: ActorCritic, some: Tensor | None = None) -> LSTMState:
    """The memory `(N, D)`, twice, with which `policy` answers the current frames: it has seen those before them.

    Before a dream begins there are the frames that it goes on from; before a real game begins there is nothing.

    Args:
        rows: N games.
        policy: on their device.
        some: `(M,)` int64, the rows whose memories `(M, D)` are wanted; None = all.
    """
    if isinstance(rows, Dream):
        history = rows.world.history(rows.snapshot().state)
        return burn_in(policy, history[slice(None) if some is None else some, :-1])
    return policy.initial_state(rows.obs.shape[0] if some is None else len(some))


def rollout(
    rows: Rows, policy: ActorCritic, memory: LSTMState, num_steps: int, generator: torch.Generator
) -> tuple[Rollout, LSTMState]:
    """What the policy did and got in the next `num_steps` steps, and its memory after them.

    A row that is over dreams anew in the same step, and the policy's memory of it is burned in on the frames from which
    the new dream goes on, as at the very beginning. (The reference begins with an empty memory instead.)

    Args:
        rows: N games, begun before. Dreams with autoreset mode "SameStep" and a frame stack of 1.
        policy: on the device of the rows. If it normalizes pixels, these count in their statistics.
        memory: `(N, D)`, twice, from `first_memory` or the last rollout. Gradients stop here.
        num_steps: T.
        generator: of the actions, on that device.
    """
    obs, (hx, cx) = rows.obs, (part.detach() for part in memory)
    steps: list[tuple[Tensor, ...]] = []
    final_values: list[Tensor] = []
    for _ in range(num_steps):
        policy.see(obs)
        logits, value, (hx, cx) = policy(obs, (hx, cx))
        action = draw(logits.detach(), generator)
        step = rows.step(action)
        done = step.terminated | step.truncated
        final_value = torch.zeros_like(step.reward)
        over = _rows_to_look_at(done)
        if len(over) > 0:
            last_value = value_of(policy, step.final_obs[over], (hx[over], cx[over]))
            final_value = final_value.index_copy(0, over, last_value)
            fresh = first_memory(rows, policy, over)
            hx, cx = (_replaced(old, done, over, new) for old, new in zip((hx, cx), fresh, strict=True))
        steps.append((action, step.reward, step.terminated, step.truncated, logits, value))
        final_values.append(final_value)
        obs = step.obs
    action, reward, end, trunc, logits, value = (torch.stack(part, dim=1) for part in zip(*steps, strict=True))
    last = value_of(policy, obs, (hx, cx))
    ahead = torch.cat([value.detach()[:, 1:], last[:, None]], dim=1)  # (N, T), true where no dream ended
    next_value = torch.where(end | trunc, torch.stack(final_values, dim=1), ahead)
    return Rollout(action, reward, end, trunc, logits, value, next_value), (hx.detach(), cx.detach())


def draw(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Actions `(N,)` int64 drawn from `logits` `(N, num_actions)` (by the Gumbel trick: `multinomial` would wait)."""
    exponential = torch.empty_like(logits).exponential_(generator=generator)
    return (logits - exponential.log()).argmax(dim=1)


@torch.no_grad()
def value_of(policy: ActorCritic, obs: Tensor, memory: LSTMState) -> Tensor:
    """The values `(N,)` of states that are not acted in."""
    return policy(obs, memory)[1]


def _rows_to_look_at(mask: Tensor) -> Tensor:
    """Rows `(M,)` int64 among which are all of the mask `(N,)`: on a CPU these only, elsewhere all."""
    return mask.nonzero().flatten() if mask.device.type == "cpu" else torch.arange(len(mask), device=mask.device)


def _replaced(old: Tensor, mask: Tensor, some: Tensor, new: Tensor) -> Tensor:
    """`old` `(N, D)`, but `new` `(M, D)`, which is of the rows `some`, under the mask `(N,)`."""
    return torch.where(mask[:, None], torch.zeros_like(old).index_copy(0, some, new), old)
