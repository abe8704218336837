"""Random numbers as a function of (key, counter): what makes a dream's randomness its own.

A generator object has one state for a whole batch, so what a row gets depends on its neighbours. Here row i of a
drawing depends on `keys[i]` and `counter[i]` alone: a dream keeps its randomness whatever the batch it runs in, a
snapshot of it is three integers, and a fork is a changed key. The numbers are Philox4x32-10 (Salmon et al., "Parallel
random numbers: as easy as 1, 2, 3", SC 2011), written in int64 operations so that every device and the compiler have
it. The four counter words are (block, step counter low, step counter high, domain).
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from gym_diamond.errors import InvalidArgument

Words = tuple[Tensor, Tensor, Tensor, Tensor]  # (B, n) int64 each, in [0, 2**32)

FRAME, REWARD_END, CONTEXT, CHURN = range(4)  # domains: what a number is for

_MASK = 0xFFFFFFFF
_ROUNDS = 10
# The multipliers minus 2**32. For x < 2**32 the product x * m stays above -(2**62), so no int64 ever overflows (which a
# C++ compiler may assume), its low word is that of x * M, and the high word of x * M is x + floor(x * m / 2**32).
_M0, _M1 = 0xD2511F53 - 2**32, 0xCD9E8D57 - 2**32
_W0, _W1 = 0x9E3779B9, 0xBB67AE85


def seed_key(seed: int) -> tuple[int, int]:
    """The two key words of `seed`: its low and its high 32 bits. Seeds below 2**64 have distinct keys.

    Raises:
        InvalidArgument: the seed is negative.
    """
    if seed < 0:
        raise InvalidArgument(f"seed is {seed}; it must be at least 0.")
    return seed & _MASK, (seed >> 32) & _MASK


def philox(counter: tuple[Tensor, ...], key: tuple[Tensor, Tensor]) -> Words:
    """The four words that Philox4x32-10 makes of four counter words under two key words.

    Args:
        counter: four int64 tensors with values in [0, 2**32), which broadcast against each other and the key. Words
            that are equal along an axis may have size 1 there: the first rounds are then nearly free.
        key: two int64 tensors, likewise.
    """
    c0, c1, c2, c3 = counter
    rounds = torch.arange(_ROUNDS, device=c0.device)
    k0s, k1s = (((k[..., None] + rounds * w) & _MASK).unbind(-1) for k, w in zip(key, (_W0, _W1), strict=True))
    for k0, k1 in zip(k0s, k1s, strict=True):
        p0, p1 = c0 * _M0, c2 * _M1
        hi0, hi1 = (p0 >> 32) + c0, (p1 >> 32) + c2
        c0, c1, c2, c3 = hi1 ^ c1 ^ k0, p1 & _MASK, hi0 ^ c3 ^ k1, p0 & _MASK
    return c0, c1, c2, c3


def words(keys: Tensor, counter: Tensor, sizes: Mapping[int, int]) -> dict[int, Words]:
    """The words of several domains, for so many numbers each, in one run of Philox: 4 words make 4 numbers.

    Each domain's words are those that it gets alone: asking for two at once only spares the cost of a second run.

    Args:
        keys: `(B, 2)` int64, the words of `seed_key`.
        counter: `(B,)` int64, at least 0.
        sizes: how many numbers a row, for each domain (a constant of this module).
    """
    blocks = {domain: -(-size // 4) for domain, size in sizes.items()}
    block = torch.cat([torch.arange(n, device=keys.device) for n in blocks.values()])[None]  # (1, n) of all domains
    zone = torch.cat([torch.full((n,), d, dtype=torch.int64, device=keys.device) for d, n in blocks.items()])[None]
    step = counter.unsqueeze(1)  # (B,) -> (B, 1)
    drawn = philox((block, step & _MASK, step >> 32, zone), (keys[:, :1], keys[:, 1:]))
    parts = [word.split(list(blocks.values()), dim=1) for word in drawn]  # 4 x (B, n) -> 4 x domains x (B, n of one)
    return {domain: (w0, w1, w2, w3) for domain, w0, w1, w2, w3 in zip(blocks, *parts, strict=True)}


def as_normal(drawn: Words, shape: tuple[int, ...]) -> Tensor:
    """Independent standard normals `(B, *shape)` float32 of the words for that many numbers."""
    parts = [part for a, b in (drawn[:2], drawn[2:]) for part in _box_muller(a, b)]
    return torch.cat(parts, dim=1)[:, : math.prod(shape)].reshape(-1, *shape)  # (B, 4n) -> (B, *shape)


def as_uniform(drawn: Words, n: int) -> Tensor:
    """Independent uniforms in [0, 1), multiples of 2**-24: `(B, n)` float32, of the words for that many numbers."""
    bits = torch.cat(drawn, dim=1)[:, :n] >> 8
    return bits.float() * 2.0**-24  # 24 bits are exact in float32, so nothing rounds up to 1


def normal(keys: Tensor, counter: Tensor, domain: int, shape: tuple[int, ...]) -> Tensor:
    """Independent standard normals `(B, *shape)` float32 of one domain. Arguments as for `words`."""
    return as_normal(words(keys, counter, {domain: math.prod(shape)})[domain], shape)


def uniform(keys: Tensor, counter: Tensor, domain: int, n: int) -> Tensor:
    """Independent uniforms in [0, 1), `(B, n)` float32, of one domain. Arguments as for `words`."""
    return as_uniform(words(keys, counter, {domain: n})[domain], n)


def integers(keys: Tensor, counter: Tensor, domain: int, high: int) -> Tensor:
    """Integers `(B,)` int64, uniform over [0, high) for `high` up to 2**31. Arguments as for `words`."""
    word, *_ = words(keys, counter, {domain: 1})[domain]
    return (word.squeeze(1) * high) >> 32


def _box_muller(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two independent normals for each pair of words. `a` becomes a float32 in (0, 1], whose logarithm is finite."""
    radius = (a.float() * 2.0**-32 + 2.0**-33).log().mul(-2).sqrt()
    angle = b.float() * (2 * math.pi * 2.0**-32)
    return radius * angle.cos(), radius * angle.sin()
