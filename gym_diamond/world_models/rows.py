"""Operations on NamedTuples of tensors whose axis 0 is the row. They work for every backend's state and noise."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

Rows = TypeVar("Rows", bound=tuple[Tensor, ...])


def num_rows(rows: tuple[Tensor, ...]) -> int:
    """The number of rows."""
    return rows[0].shape[0]


def take(rows: Rows, index: slice) -> Rows:
    """The rows that `index` names, as views."""
    return type(rows)(*(leaf[index] for leaf in rows))


def parts(num: int, most: int | None) -> list[slice]:
    """`num` rows in as few parts of at most `most` rows as that takes, whose sizes differ by one at most."""
    count = 1 if most is None else -(-num // most)  # rounded up
    return [slice(i * num // count, (i + 1) * num // count) for i in range(count)]


def gather(rows: Rows, index: Tensor) -> Rows:
    """The rows at `index` `(N,)`, copied."""
    return type(rows)(*(leaf.index_select(0, index) for leaf in rows))


def where(mask: Tensor, new: Rows, old: Rows) -> Rows:
    """`new` where `mask` `(B,)` is true, `old` elsewhere; without a host sync."""
    return type(old)(*(torch.where(_spread(mask, b), a, b) for a, b in zip(new, old, strict=True)))


def put(rows: Rows, index: Tensor, new: Rows) -> Rows:
    """`rows` with `new` at `index` `(N,)`; a copy."""
    return type(rows)(*(leaf.index_copy(0, index, b) for leaf, b in zip(rows, new, strict=True)))


def cat(blocks: Sequence[Rows]) -> Rows:
    """The rows of all `blocks`, in order."""
    return type(blocks[0])(*(torch.cat(leaves) for leaves in zip(*blocks, strict=True)))


def _spread(mask: Tensor, leaf: Tensor) -> Tensor:
    return mask.view(-1, *[1] * (leaf.dim() - 1))  # (B,) -> (B, 1, ...)
