"""The fake obeys every law of a world model, and the laws are sharp enough to refuse worlds that break them."""

import pytest
import torch
from torch._subclasses.fake_tensor import DynamicOutputShapeException

from tests import laws
from tests.fakes import CountingState, CountingWorld, SteeredWorld, counting_context, steered_context


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_the_counting_world_obeys(law):
    law(CountingWorld, counting_context)


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_the_counting_world_of_actions_of_several_parts_obeys(law):
    law(SteeredWorld, steered_context)


def test_the_counting_world_is_nearly_row_local_too():
    laws.a_row_is_nearly_its_own(CountingWorld, counting_context, lambda noise, transition: torch.ones(5))


class WithAHiddenDraw(CountingWorld):
    def step(self, state, action, noise):
        return super().step(state, action, noise._replace(shade=torch.randint(256, noise.shade.shape)))


class WithALeakBetweenRows(CountingWorld):
    def step(self, state, action, noise):
        return super().step(state, action.roll(1), noise)


class WithAReusedBuffer(CountingWorld):
    def step(self, state, action, noise):
        after, transition = super().step(state, action, noise)
        state.frames.copy_(after.frames)
        return CountingState(state.frames, after.count), transition


class WithAShapeThatDependsOnTheData(CountingWorld):
    def step(self, state, action, noise):
        return super().step(state, action[torch.nonzero(action >= 0).squeeze(1)], noise)


class WithLevelsBetweenTheLevels(CountingWorld):
    def step(self, state, action, noise):
        after, transition = super().step(state, action, noise)
        return after, transition._replace(obs=transition.obs * 0.999)


class WithOneStreamForAllRows(CountingWorld):
    def draw(self, keys, counter):
        return super().draw(keys[:1].expand_as(keys), counter)


@pytest.mark.parametrize(
    ("law", "outlaw"),
    [
        (laws.the_same_inputs_give_the_same_outputs, WithAHiddenDraw),
        (laws.a_row_is_its_own_to_the_bit, WithALeakBetweenRows),
        (laws.resetting_some_rows_leaves_the_others_alone, WithAHiddenDraw),
        (laws.inputs_are_left_untouched, WithAReusedBuffer),
        (laws.what_was_handed_out_is_never_overwritten, WithAReusedBuffer),
        (laws.shapes_do_not_depend_on_the_data, WithAShapeThatDependsOnTheData),
        (laws.frames_lie_on_the_pixel_grid, WithLevelsBetweenTheLevels),
        (laws.noise_depends_on_the_rows_own_key_and_counter_only, WithOneStreamForAllRows),
    ],
)
def test_an_outlaw_is_caught(law, outlaw):
    with pytest.raises((AssertionError, DynamicOutputShapeException)):
        law(outlaw, counting_context)
