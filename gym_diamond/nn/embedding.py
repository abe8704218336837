"""Actions as vectors: the row of a matrix, and for actions of several parts the sum of one row for each part.

Such a sum is the action as a multi-hot vector, with a 1 for what is chosen in each part, times a matrix without bias:
what the reference's CS:GO branch does with its 51 entries (keys, clicks, and the mouse's two axes in bins). There a key
that is up has no row, which is a row of zeros here: each part has a row for each of its choices.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from gym_diamond.choices import Choices


class ActionEmbedding(nn.Embedding):
    """A vector `(..., E)` for each action `(...)`, or `(..., A)` of A parts; the only weight is (num_actions, E)."""

    def __init__(self, choices: Choices, width: int) -> None:
        super().__init__(choices.num_actions, width)
        self.first_rows = choices.first_names if choices.action_sizes else ()  # of each part

    def forward(self, input: Tensor) -> Tensor:
        if not self.first_rows:
            return super().forward(input)
        rows = [
            F.embedding(part + first, self.weight)
            for part, first in zip(input.unbind(-1), self.first_rows, strict=True)
        ]
        return sum(rows[1:], rows[0])
