"""Seeds as people give them, and the rows' random streams that they start (`noise.py`)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gym_diamond import noise
from gym_diamond.errors import InvalidArgument

Seeds = int | Sequence[int | None] | np.ndarray
"""One for all rows, or one for each."""


def row_seeds(seed: Seeds | None, num_rows: int) -> list[int | None]:
    """A seed for each row: seed+i of one for all, or as given. None where a row's stream goes on.

    Raises:
        InvalidArgument: there is not one for each row, or one is no whole number.
    """
    if seed is None:
        return [None] * num_rows
    if isinstance(seed, Sequence | np.ndarray):
        seeds = [*seed]
    else:
        seeds = [seed + i for i in range(num_rows)] if isinstance(seed, int | np.integer) else [seed]
    if not all(one is None or isinstance(one, int | np.integer) for one in seeds):
        raise InvalidArgument(f"seed is {seed!r}; it must be a whole number, or one for each of the {num_rows} rows.")
    if len(seeds) != num_rows:
        raise InvalidArgument(f"seed has {len(seeds)} entries; give one seed, or one for each of the {num_rows} rows.")
    return [None if one is None else int(one) for one in seeds]


def row_keys(seeds: Sequence[int | None], device: torch.device) -> Tensor:
    """The keys `(N, 2)` int64 of `seeds`; those of seed 0 in the place of None."""
    words = [noise.seed_key(int(seed or 0)) for seed in seeds]
    return torch.tensor(words, dtype=torch.int64, device=device)
