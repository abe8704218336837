"""`--compile`: each loss is one graph with the values and gradients of the plain one.

What is checked here is the recorded graph, run operation by operation: to make machine code of it takes minutes. The
denoiser's backward pass is recorded as well; that of reward and end, 18 steps of an LSTM, would take half a minute.
"""

import pytest
import torch

from tests.fitting import shared_work


def test_each_loss_is_one_graph_with_the_value_and_the_gradients_of_the_plain_one():
    for learner in shared_work.make(shared_work.PLAIN).learners:
        objective, network, generator = learner.objective, learner.objective.network, torch.Generator().manual_seed(0)
        store = shared_work.make(shared_work.PLAIN).store
        segment = store.sample(objective.window, 4, generator)
        given = segment, objective.draw(4, generator, slice(None)), objective.counts(segment.is_real)
        backend = "aot_eager" if objective.name == "denoiser" else "eager"
        recorded = torch.compile(objective.loss, backend=backend, fullgraph=True, dynamic=False)
        values, gradients = [], []
        for scored in (objective.loss, recorded):
            network.zero_grad()
            value, _ = scored(*given)
            value.backward()
            values.append(value.item())
            gradients.append(torch.cat([parameter.grad.flatten() for parameter in network.parameters()]))
        assert values[1] == pytest.approx(values[0], rel=1e-6)
        assert (gradients[1] - gradients[0]).norm() <= 1e-5 * gradients[0].norm()


def test_a_loss_is_compiled_if_it_is_told_to(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda loss, **options: asked.append((loss, options)) or loss)
    shared_work.make(shared_work.PLAIN)
    assert asked == []
    learners = shared_work.make(shared_work.PLAIN, compiled=True).learners
    assert asked == [(learner.objective.loss, {"fullgraph": True, "dynamic": False}) for learner in learners]
