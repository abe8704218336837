"""One vector env for each process: seeded `seed + rank * num_envs`, no two rows anywhere share a random stream."""

import torch

from tests.fakes import counting_dream


def keys(seed: int, num_envs: int) -> list[tuple[int, ...]]:
    dream = counting_dream(num_envs)
    dream.reset(seed=seed)
    return [tuple(key) for key in dream.snapshot().keys.tolist()]


def test_the_rows_of_all_processes_are_those_of_one_large_vector_env():
    shared = [key for rank in range(3) for key in keys(7 + rank * 4, 4)]
    assert shared == keys(7, 12)
    assert len(set(shared)) == 12


def test_seeds_one_apart_would_share_all_streams_but_one():
    assert len({*keys(7, 4), *keys(8, 4)}) == 5


def test_what_they_dream_is_bitwise_what_the_large_one_dreams():
    chances = {"starts": (0, 1, 2), "end_probability": 0.3}
    parts, whole = [counting_dream(2, **chances) for _ in range(2)], counting_dream(4, **chances)
    first = torch.cat([part.reset(seed=5 + rank * 2) for rank, part in enumerate(parts)])
    assert torch.equal(first, whole.reset(seed=5))
    for _ in range(20):
        steps = [part.step(torch.zeros(2, dtype=torch.int64)) for part in parts]
        together = whole.step(torch.zeros(4, dtype=torch.int64))
        assert torch.equal(torch.cat([step.obs for step in steps]), together.obs)
        assert torch.equal(torch.cat([step.terminated for step in steps]), together.terminated)
