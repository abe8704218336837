"""What dreams are and what a step brings, as values."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

from gym_diamond.world_models.protocol import Transition

State = Any  # a NamedTuple of tensors, which only the world knows
StepFunction = Callable[[State, Tensor, Any], tuple[State, Transition]]
Doubt = Callable[[State, Transition], Tensor]  # which rows (N,) bool are not to be believed any further
Compiler = Callable[[Callable[..., Any]], Any]  # gives a faster equal of a function of tensors


class Snapshot(NamedTuple):
    """All that a dream is. Restored on the same device, precision and batch size, it goes on to the bit."""

    state: State
    keys: Tensor  # (N, 2) int64, the rows' random streams
    counter: Tensor  # (N,) int64, how far each stream was read
    elapsed: Tensor  # (N,) int64, steps since the dream began
    done: Tensor  # (N,) bool, over and not reset yet


class DreamStep(NamedTuple):
    """What one step of all rows brought."""

    obs: Tensor  # (N, k*C, H, W) what the next action answers; after an autoreset the start of the new dream
    reward: Tensor  # (N,) float32
    terminated: Tensor  # (N,) bool, the game ended
    truncated: Tensor  # (N,) bool, the time was up
    final_obs: Tensor  # (N, k*C, H, W) what the action led to, before any autoreset; may be `obs` itself
    reward_probs: Tensor  # (N, K) over spec.reward_values
    end_prob: Tensor  # (N,)
    stepped: Tensor  # (N,) bool; False = the row was reset instead (autoreset mode NextStep), reward 0
