"""Dreams wait for the contexts that they begin with, and on a CPU for hardly any others."""

from typing import Any

import pytest
import torch

from gym_diamond.checkpoint import load_world
from gym_diamond.envs.burn_in import BurnedIn
from gym_diamond.envs.dream import Dream
from gym_diamond.hub import BUNDLED
from gym_diamond.world_models.protocol import Context
from tests.fakes import CountingWorld, counting_bank


class Burning(CountingWorld):
    """A counting world that remembers how many contexts it was reset to, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def reset(self, context: Context) -> Any:
        self.sizes.append(len(context.obs))
        return super().reset(context)


BANK = counting_bank(tuple(range(102)))


@pytest.fixture
def world() -> Burning:
    return Burning()


@pytest.mark.parametrize("lazily", [False, True])
def test_the_states_are_those_after_the_contexts_of_the_index_in_its_order(world: Burning, lazily: bool) -> None:
    index = torch.tensor([99, 3, 64, 3])
    expected = CountingWorld().reset(Context(*BANK.tensors(index.numpy())))
    for leaf, right in zip(BurnedIn(world, BANK, lazily).at(index), expected, strict=True):
        assert torch.equal(leaf, right)


def test_lazily_a_piece_of_4_is_burned_in_when_one_of_it_is_asked_for_and_never_again(world: Burning) -> None:
    starts = BurnedIn(world, BANK, lazily=True)
    starts.at(torch.tensor([100, 101]))
    assert world.sizes == [2]
    starts.at(torch.tensor([99, 100]))
    assert world.sizes == [2, 4]
    starts.at(torch.arange(102))
    assert world.sizes == [2] + [4] * 25


def test_otherwise_all_are_burned_in_at_the_first_question(world: Burning) -> None:
    starts = BurnedIn(world, BANK, lazily=False)
    assert world.sizes == []
    starts.at(torch.tensor([70]))
    starts.at(torch.tensor([0]))
    assert world.sizes == [64, 38]


def test_a_dream_on_a_cpu_burns_in_what_it_begins_with_and_nothing_twice(world: Burning) -> None:
    dream = Dream(world, BANK, 2, max_episode_steps=1)
    assert world.sizes == []
    dream.reset(seed=0, context=torch.tensor([100, 101]))
    assert world.sizes == [2]
    for _ in range(200):  # each step begins two dreams anew, at moments that are drawn
        dream.step(torch.zeros(2, dtype=torch.int64))
    assert 20 < len(world.sizes) <= 26


def test_a_dream_whose_steps_are_recorded_burns_in_all_before_the_first_step(world: Burning) -> None:
    dream = Dream(world, BANK, 2, max_episode_steps=2, record=lambda step: step)
    dream.reset(seed=0)
    assert world.sizes == [64, 38]


@torch.no_grad()
def test_a_context_leaves_the_same_state_to_the_bit_whoever_asks_first() -> None:
    """Of a network, which rounds a row otherwise beside others."""
    world = load_world(BUNDLED / "Pong", precision="fp32")
    alone, after = (BurnedIn(world.model, world.contexts, lazily=True) for _ in range(2))
    after.at(torch.tensor([3, 1, 2]))
    for leaf, other in zip(alone.at(torch.tensor([2])), after.at(torch.tensor([2])), strict=True):
        assert torch.equal(leaf, other)


@pytest.mark.parametrize("lazily", [False, True])
def test_what_was_asked_for_is_a_copy(world: Burning, lazily: bool) -> None:
    starts = BurnedIn(world, BANK, lazily)
    first = starts.at(torch.tensor([5]))
    kept = [leaf.clone() for leaf in first]
    for leaf in first:
        leaf.zero_()
    for again, leaf in zip(starts.at(torch.tensor([5])), kept, strict=True):
        assert torch.equal(again, leaf)
