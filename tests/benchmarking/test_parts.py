"""A step is taken apart without moving the dream."""

from typing import Any

import numpy as np
import pytest
import torch

from gym_diamond.benchmarking import parts as parts_module
from gym_diamond.benchmarking.parts import Parts, Round, free_dream, parts_of, running_reward_end, time_parts
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.envs.vector import DreamVectorEnv
from tests.tiny import write_tiny_world


@pytest.mark.parametrize("most_rows", [None, 1])
def test_parts_take_time_and_the_dream_stays_where_it_is(most_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(parts_module, "rows_at_a_time", lambda world: most_rows)
    world = str(write_tiny_world(tmp_path))
    dream, _ = load_dream(DreamArguments(world=world, device="cpu", precision="fp32", end_mode="never"), num_envs=2)
    dream.reset(seed=0)
    before = dream.snapshot()
    parts = time_parts(DreamVectorEnv(dream), np.array([0, 1]), is_compiled=False, budget=0.0)
    assert parts.reward_end > 0
    assert parts.noise > 0
    assert min(parts) >= 0
    assert dream.snapshot() is before


def test_what_is_not_timed_by_itself_is_the_difference_of_what_is():
    taken = Round(vector_step=20.0, step=16.0, free_step=5.0, reward_end=2.0, noise=4.0)
    assert parts_of([taken]) == Parts(denoiser=9.0, reward_end=2.0, noise=4.0, copies=4.0, python=1.0)


def test_a_difference_is_the_median_of_those_of_the_rounds_so_a_machine_that_slows_down_does_not_show_in_it():
    fast = Round(vector_step=11.0, step=10.0, free_step=1.0, reward_end=1.0, noise=1.0)
    slow = Round(*(3 * value for value in fast))
    mixed = Round(vector_step=11.0, step=30.0, free_step=1.0, reward_end=1.0, noise=1.0)  # slower from call to call
    assert parts_of([fast, mixed, slow]).copies == pytest.approx(1.0)


def test_a_part_that_is_less_than_can_be_told_is_0_and_never_below():
    taken = Round(vector_step=9.0, step=10.0, free_step=1.0, reward_end=9.0, noise=2.0)
    assert parts_of([taken]) == (0.0, 9.0, 2.0, 0.0, 0.0)


def test_reward_and_end_are_judged_by_the_network_of_the_fast_step(tmp_path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path)), device="cpu", precision="fp32")
    dream, _ = load_dream(arguments, num_envs=2)
    dream.reset(seed=0)
    world: Any = dream.world
    fast: Any = running_reward_end(world)
    kernel = fast.encoder.conv_in.weight
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert not kernel.is_contiguous()
    assert fast.act_emb.weight.shape[1] > world.rew_end_model.act_emb.weight.shape[1], "a table of what the norms see"
    state, action = dream.snapshot().state, torch.tensor([[0], [1]])
    given = (state.obs[:, -2:-1], action, state.obs[:, -1:], (state.hx, state.cx))
    with torch.no_grad():
        assert torch.allclose(fast(*given)[0], world.rew_end_model(*given)[0], atol=1e-5)


def test_in_a_free_dream_nothing_happens_but_the_clock_goes_on(tmp_path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path)), device="cpu", precision="fp32")
    dream, _ = load_dream(arguments, num_envs=2, autoreset_mode="SameStep")
    start = dream.reset(seed=0)
    free: Any = free_dream(dream)
    seen = free.step(torch.tensor([0, 1]))
    assert torch.equal(seen.obs, start)
    assert seen.reward.tolist() == [0.0, 0.0]
    assert free.snapshot().counter.tolist() == [n + 1 for n in dream.snapshot().counter.tolist()]
