"""Seeds as people give them, and the rows' random streams that they start (`noise.py`)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gym_diamond import noise
from gym_diamond.errors import InvalidArgument


def row_seeds(seed: int | Sequence[int | None] | None, num_rows: int) -> list[int | None]:
    """A seed for each row: seed+i of one for all, or as given. None where a row's stream goes on.

    Raises:
        InvalidArgument: a sequence has not one entry for each row.
    """
    if seed is None:
        return [None] * num_rows
    seeds: list[int | None] = []
    seeds += seed if isinstance(seed, Sequence) else [int(seed) + i for i in range(num_rows)]
    if len(seeds) != num_rows:
        raise InvalidArgument(f"seed has {len(seeds)} entries; give one seed, or one for each of the {num_rows} rows.")
    return seeds


def row_keys(seeds: Sequence[int | None], device: torch.device) -> Tensor:
    """The keys `(N, 2)` int64 of `seeds`; those of seed 0 in the place of None."""
    words = [noise.seed_key(int(seed or 0)) for seed in seeds]
    return torch.tensor(words, dtype=torch.int64, device=device)
