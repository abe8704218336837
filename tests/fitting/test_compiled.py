"""`--compile`: the losses as code made for the machine, which give what the plain ones give."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from gym_diamond.fitting.distributed import ALONE
from tests.fitting import shared_work


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_compiled_losses_have_the_values_and_gradients_of_the_plain_ones():
    plain, compiled = (shared_work.gradients(shared_work.PLAIN, ALONE, compiled) for compiled in (False, True))
    assert plain.keys() == compiled.keys()
    assert [name for name, expected in plain.items() if not near(compiled[name], expected)] == []


def near(found: Tensor, expected: Tensor) -> bool:
    return torch.allclose(found, expected, rtol=0, atol=1e-5 * max(1e-3, expected.abs().max().item()))


@pytest.mark.parametrize("loss", [shared_work.PLAIN, shared_work.DREAMT])
def test_a_loss_is_one_graph_also_where_it_dreams(loss):
    """So that nothing of it runs outside the compiled code; here the graph is only recorded, and run as it is."""
    setup = shared_work.make(loss)
    for learner in setup.learners:
        objective, generator = learner.objective, torch.Generator().manual_seed(0)
        segment = setup.store.sample(objective.window, 4, generator)
        given = segment, objective.draw(4, generator, slice(None)), objective.counts(segment.is_real)
        recorded = torch.compile(objective.loss, backend="eager", fullgraph=True, dynamic=False)
        assert torch.equal(recorded(*given)[0], objective.loss(*given)[0])
