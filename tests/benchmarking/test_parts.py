"""A step is taken apart without moving the dream."""

from typing import Any

import torch

from gym_diamond.benchmarking.parts import free_dream, time_parts
from gym_diamond.envs.loading import DreamArguments, load_dream
from tests.tiny import write_tiny_world


def test_parts_take_time_and_the_dream_stays_where_it_is(tmp_path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path)), device="cpu", precision="fp32")
    dream, _ = load_dream(arguments, num_envs=2)
    dream.reset(seed=0)
    before = dream.snapshot()
    parts = time_parts(dream, torch.tensor([0, 1]), is_compiled=False, budget=0.0)
    assert parts.reward_end > 0
    assert parts.noise > 0
    assert dream.snapshot() is before


def test_in_a_free_dream_nothing_happens_but_the_clock_goes_on(tmp_path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path)), device="cpu", precision="fp32")
    dream, _ = load_dream(arguments, num_envs=2, autoreset_mode="SameStep")
    start = dream.reset(seed=0)
    free: Any = free_dream(dream)
    seen = free.step(torch.tensor([0, 1]))
    assert torch.equal(seen.obs, start)
    assert seen.reward.tolist() == [0.0, 0.0]
    assert free.snapshot().counter.tolist() == [n + 1 for n in dream.snapshot().counter.tolist()]
