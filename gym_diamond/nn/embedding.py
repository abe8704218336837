"""Actions as vectors: the row of a matrix, and for actions of several parts the sum of one row for each part.

Such a sum is the action as a multi-hot vector, with a 1 for what is chosen in each part, times a matrix without bias:
what the reference's CS:GO branch does with its 51 entries (keys, clicks, and the mouse's two axes in bins). There a key
that is up has no row, which is a row of zeros here: each part has a row for each of its choices.
"""

import torch
from torch import Tensor, nn

from gym_diamond.choices import Choices


class ActionEmbedding(nn.Embedding):
    """A vector `(..., E)` for each action `(...)`, or `(..., A)` of A parts; the only weight is (num_actions, E)."""

    def __init__(self, choices: Choices, width: int) -> None:
        super().__init__(choices.num_actions, width)
        self.has_parts = bool(choices.action_sizes)
        self.register_buffer("first_rows", torch.tensor(choices.first_names), persistent=False)  # (A,), of each part

    first_rows: Tensor

    def forward(self, input: Tensor) -> Tensor:
        if not self.has_parts:
            return super().forward(input)
        return super().forward(input + self.first_rows).sum(dim=-2)  # (..., A) -> (..., A, E) -> (..., E)
