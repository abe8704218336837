"""The randomness of a row is its own: known answers, independence of the batch, and the right distributions."""

import math

import pytest
import torch

from gym_diamond import noise
from gym_diamond.errors import InvalidArgument


def words(*values):
    return tuple(torch.tensor([value]) for value in values)


def rows(n, seed=0):
    return torch.tensor([noise.seed_key(seed + i) for i in range(n)]), torch.arange(n) * 7 + 3


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_its_known_answers(counter, key, answer):
    k0, k1 = words(*key)
    assert tuple(int(word) for word in noise.philox(words(*counter), (k0, k1))) == answer


def test_a_seed_is_its_low_and_high_words():
    assert noise.seed_key(7) == (7, 0)
    assert noise.seed_key(2**32 + 5) == (5, 1)
    with pytest.raises(InvalidArgument, match="seed is -1"):
        noise.seed_key(-1)


def test_the_counter_words_are_block_step_low_step_high_and_domain():
    key, step, domain = noise.seed_key(2**40 + 9), 2**35 + 11, noise.CHURN
    drawn = noise.uniform(torch.tensor([key]), torch.tensor([step]), domain, 8)
    k0, k1 = words(*key)
    blocks = [noise.philox(words(block, 11, 8, domain), (k0, k1)) for block in (0, 1)]
    expected = [(int(blocks[block][lane]) >> 8) / 2**24 for lane in range(4) for block in (0, 1)]
    assert drawn[0].tolist() == expected


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 5), (3, 17, 19), (3, 64, 64)])
def test_a_row_is_bitwise_the_same_whatever_the_batch(shape, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        keys, counter = rows(13)
        whole = noise.normal(keys, counter, noise.FRAME, shape)
        for size in (1, 2, 3, 5, 8):
            parts = zip(keys.split(size), counter.split(size), strict=True)
            assert torch.equal(torch.cat([noise.normal(k, c, noise.FRAME, shape) for k, c in parts]), whole)
    finally:
        torch.set_num_threads(before)


def test_a_row_is_the_same_wherever_it_stands_in_the_batch():
    keys, counter = rows(7)
    order = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    for draw in (
        lambda k, c: noise.normal(k, c, noise.FRAME, (3, 9, 9)),
        lambda k, c: noise.uniform(k, c, noise.REWARD_END, 2),
        lambda k, c: noise.integers(k, c, noise.CONTEXT, 1000),
    ):
        assert torch.equal(draw(keys, counter)[order], draw(keys[order], counter[order]))


def test_key_counter_and_domain_each_give_another_stream():
    keys, counter = rows(1)
    base = noise.normal(keys, counter, noise.FRAME, (64,))
    others = [
        noise.normal(keys + torch.tensor([[1, 0]]), counter, noise.FRAME, (64,)),
        noise.normal(keys + torch.tensor([[0, 1]]), counter, noise.FRAME, (64,)),
        noise.normal(keys, counter + 1, noise.FRAME, (64,)),
        noise.normal(keys, counter + 2**32, noise.FRAME, (64,)),
        noise.normal(keys, counter, noise.CHURN, (64,)),
    ]
    assert all((base != other).float().mean() > 0.9 for other in others)


def test_normals_have_the_moments_of_a_normal_and_are_uncorrelated():
    x = noise.normal(*rows(16), noise.FRAME, (4, 4096)).double()
    n = x.numel()
    assert abs(x.mean()) < 5 / math.sqrt(n)
    assert abs((x**2).mean() - 1) < 5 * math.sqrt(2 / n)
    assert abs((x**3).mean()) < 5 * math.sqrt(15 / n)
    assert abs((x**4).mean() - 3) < 5 * math.sqrt(96 / n)
    lanes = torch.corrcoef(x.transpose(0, 1).reshape(4, -1))  # both outputs of Box-Muller, both pairs of words
    assert (lanes - torch.eye(4)).abs().max() < 5 / math.sqrt(n / 4)
    assert abs((x[:-1] * x[1:]).mean()) < 5 / math.sqrt(n)  # neighbouring rows


def test_the_extreme_words_give_finite_normals():
    extremes = torch.tensor([0, 2**32 - 1])
    cosine, sine = noise._box_muller(extremes, torch.tensor([0, 2**30]))
    assert cosine[0].item() == pytest.approx(math.sqrt(2 * 33 * math.log(2)))  # the largest radius, 6.76
    assert sine[1].item() == 0.0


def test_uniforms_lie_in_the_half_open_unit_interval_and_fill_it():
    x = noise.uniform(*rows(8), noise.REWARD_END, 10_000)
    assert x.min() >= 0
    assert x.max() < 1
    counts = torch.histc(x, bins=20, min=0, max=1)
    assert (counts - 4000).abs().max() < 5 * math.sqrt(4000)


def test_integers_are_uniform_below_high():
    x = noise.integers(torch.tensor([noise.seed_key(0)]).expand(6000, 2), torch.arange(6000), noise.CONTEXT, 6)
    assert (torch.bincount(x, minlength=6) - 1000).abs().max() < 5 * math.sqrt(1000)
    assert noise.integers(*rows(5), noise.CONTEXT, 1).tolist() == [0, 0, 0, 0, 0]


def test_drawing_compiles_in_one_graph():
    def draw(keys, counter):
        frame = noise.normal(keys, counter, noise.FRAME, (3, 5, 5))
        return frame, noise.uniform(keys, counter, noise.REWARD_END, 2), noise.integers(keys, counter, noise.CONTEXT, 9)

    compiled = torch.compile(draw, fullgraph=True, backend="eager")
    for a, b in zip(compiled(*rows(3)), draw(*rows(3)), strict=True):
        assert torch.equal(a, b)


def test_domains_drawn_in_one_run_are_to_the_bit_those_drawn_alone():
    keys, counter = rows(5)
    together = noise.words(keys, counter, {noise.FRAME: 27, noise.REWARD_END: 2, noise.CHURN: 4})
    assert [words[0].shape for words in together.values()] == [(5, 7), (5, 1), (5, 1)]
    for domain, words in together.items():
        alone = noise.words(keys, counter, {domain: 4 * words[0].shape[1]})[domain]
        assert all(torch.equal(a, b) for a, b in zip(words, alone, strict=True))
    assert torch.equal(noise.as_normal(together[noise.FRAME], (3, 9)), noise.normal(keys, counter, noise.FRAME, (3, 9)))
