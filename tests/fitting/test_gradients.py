"""Loss and gradients of a batch: what a GPU records once and replays for every later batch.

Told on the CPU: by a recorder that works like a CUDA graph, and by a list of the operations that no graph can hold.
"""

from dataclasses import replace
from typing import Any

import pytest
import torch

from gym_diamond.data.segments import SegmentStore
from gym_diamond.fitting import setup
from gym_diamond.fitting.config import FitConfig
from gym_diamond.fitting.gradients import Scored, scorer
from gym_diamond.fitting.learner import Learner, update
from gym_diamond.fitting.setup import fast_scorer
from gym_diamond.replay import Replayed, leaves
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig
from gym_diamond.world_models.diamond.objectives import LossConfig
from gym_diamond.world_models.diamond.reward_end_loss import RewardEndLossConfig
from tests.fitting import shared_work
from tests.test_replay import Recorder
from tests.waits import Waits

CROPPED = LossConfig(DenoiserLossConfig(num_autoregressive_steps=0, crop_size=8), RewardEndLossConfig())


def given(learner: Learner, store: SegmentStore, seed: int = 0) -> tuple[Any, Any, Any]:
    """A batch, its noise and its counts."""
    objective, generator = learner.objective, torch.Generator().manual_seed(seed)
    segment = store.sample(objective.window, 4, generator)
    return segment, objective.draw(4, generator, slice(None)), objective.counts(segment.is_real)


def test_the_gradients_are_those_of_the_way_back_for_every_parameter():
    for learner in shared_work.make(shared_work.PLAIN).learners:
        batch = given(learner, shared_work.make(shared_work.PLAIN).store)
        loss, metrics = learner.objective.loss(*batch)
        loss.backward()
        scored = learner.score(*batch)
        assert isinstance(scored, Scored)
        assert torch.equal(scored.loss, loss.detach())
        assert not scored.loss.requires_grad
        assert scored.metrics.keys() == metrics.keys()
        expected = [parameter.grad for parameter in learner.objective.network.parameters()]
        assert all(torch.equal(a, b) for a, b in zip(scored.gradients, expected, strict=True))
        assert [a.stride() for a in scored.gradients] == [p.stride() for p in learner.objective.network.parameters()]


def test_to_take_gradients_changes_nothing():
    learner = shared_work.make(shared_work.PLAIN).learners[0]
    before = {name: tensor.clone() for name, tensor in learner.tensors().items()}
    learner.score(*given(learner, shared_work.make(shared_work.PLAIN).store))
    assert all(torch.equal(tensor, before[name]) for name, tensor in learner.tensors().items())
    assert all(parameter.grad is None for parameter in learner.objective.network.parameters())


@pytest.mark.parametrize("loss", [shared_work.PLAIN, shared_work.DREAMT, CROPPED], ids=["plain", "dreamt", "cropped"])
def test_a_recorded_fit_is_the_fit_to_the_bit(loss: LossConfig):
    plain, recorded = shared_work.make(loss), shared_work.make(loss)
    recorder = Recorder()
    learners = [replace(learner, score=recorder.record(learner.score)) for learner in recorded.learners]
    for step in range(3):
        for a, b in zip(plain.learners, learners, strict=True):
            one, other = (update(each, plain.store, 0, step, 0.0) for each in (a, b))
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one)
    assert (recorder.recorded, recorder.replayed) == (2, 6)
    for a, b in zip(plain.learners, learners, strict=True):
        ours, theirs = a.tensors(), b.tensors()
        assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_what_was_handed_out_is_not_overwritten_by_the_next_update():
    made = shared_work.make(shared_work.PLAIN)
    score = Recorder().record(made.learners[0].score)
    first = score(*given(made.learners[0], made.store))
    before = [leaf.clone() for leaf in leaves(first)]
    score(*given(made.learners[0], made.store, seed=1))
    assert all(torch.equal(a, b) for a, b in zip(leaves(first), before, strict=True))


@pytest.mark.parametrize("loss", [shared_work.PLAIN, shared_work.DREAMT, CROPPED], ids=["plain", "dreamt", "cropped"])
def test_no_loss_waits_for_the_host_so_that_a_gpu_can_record_it(loss: LossConfig):
    made = shared_work.make(loss)
    for learner in made.learners:
        batch = given(learner, made.store)
        with Waits() as waits:
            learner.score(*batch)
        assert waits.found == set()


def test_no_batch_waits_for_the_host_but_the_first():
    made = shared_work.make(shared_work.DREAMT)
    for learner in made.learners:
        given(learner, made.store)
        with Waits() as waits:
            given(learner, made.store)
        assert waits.found == set()


@pytest.mark.parametrize(
    "work",
    [
        lambda x: torch.tensor([1.0, 2.0]),
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: bool((x > 0).any()),
    ],
)
def test_what_waits_is_found(work: Any):
    with Waits() as waits:
        work(torch.tensor([1.0, 2.0]).sin())
    assert waits.found


def test_a_fit_is_recorded_on_a_gpu_unless_it_is_told_not_to(monkeypatch: pytest.MonkeyPatch):
    objective = shared_work.make(shared_work.PLAIN).learners[0].objective
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    monkeypatch.setattr(setup, "resolve_precision", lambda precision, device: "bf16")
    assert isinstance(fast_scorer(objective, FitConfig(), gpu), Replayed)
    assert not isinstance(fast_scorer(objective, FitConfig(cuda_graph=False), gpu), Replayed)
    assert not isinstance(fast_scorer(objective, FitConfig(), cpu), Replayed)


def test_a_network_computes_in_the_precision_it_is_told():
    made = shared_work.make(shared_work.PLAIN)
    batch = given(made.learners[0], made.store)
    whole, half = (scorer(made.learners[0].objective, precision)(*batch) for precision in ("fp32", "bf16"))  # type: ignore[arg-type]
    assert not torch.equal(whole.loss, half.loss)
    assert {gradient.dtype for gradient in half.gradients} == {torch.float32}
