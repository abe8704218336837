"""Which episodes a growing collection is sampled from: recent play, made by a better player, more often than old."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gym_diamond.errors import InvalidArgument


def recency_weights(num_episodes: int, shares: Sequence[float]) -> Tensor | None:
    """How often each episode is to be drawn, `(E,)` float32 of sum 1; None = as often as its length says.

    The episodes, in the order in which they were played, are divided into as many stretches of equally many as there
    are shares; what is left over goes to the last. Within a stretch each is as likely as any other. With fewer episodes
    than shares, or no shares, the result is None. (DIAMOND, appendix: 0.1, 0.1, 0.1, 0.7.)

    Args:
        num_episodes: E.
        shares: of the samples, that each stretch gets, the oldest first; they need not sum to 1.

    Raises:
        InvalidArgument: a share is negative, or all are 0.
    """
    if not shares:
        return None
    if min(shares) < 0 or sum(shares) <= 0:
        raise InvalidArgument(f"recency is {tuple(shares)}; shares must be at least 0, and one above 0.")
    if num_episodes < len(shares):
        return None
    sizes = [num_episodes // len(shares)] * len(shares)
    sizes[-1] += num_episodes % len(shares)
    each = torch.tensor(shares, dtype=torch.float32) / torch.tensor(sizes)
    weights = each.repeat_interleave(torch.tensor(sizes))  # (P,) -> (E,)
    return weights / weights.sum()
