"""The fit loop, with an objective so small that everything about it can be compared bit for bit."""

import copy
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import Segment, SegmentStore, Window
from gym_diamond.errors import InvalidRun
from gym_diamond.fitting import run
from gym_diamond.fitting.config import FitConfig, OptimConfig
from gym_diamond.fitting.gradients import scorer
from gym_diamond.fitting.learner import Learner, make_learner, stream_seed
from gym_diamond.fitting.loop import Position, deferred_interrupt, fit
from gym_diamond.world_models.objective import weighted_mean


class NextMean:
    """Guess the mean of the next frame from the mean of this one; the noise is what the generator says."""

    window = Window(length=2, pad_before=0, pad_after=0)

    def __init__(self, name: str = "mean", noise: float = 0.1) -> None:
        self.name = name
        self.noise = noise
        self.network: nn.Module = nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 3))
        self.seen: list[float] = []

    def draw(self, batch_size: int, generator: torch.Generator, rows: slice) -> tuple[Tensor]:
        return (self.noise * torch.randn(batch_size, 3, generator=generator)[rows],)

    def counts(self, is_real: Tensor) -> Tensor:
        return is_real[:, 1:].sum(dim=0).float()

    def loss(self, segment: Segment, noise: tuple[Tensor], counts: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        means = segment.obs.mean(dim=(3, 4))  # (B, 2, C, H, W) -> (B, 2, C)
        self.seen.append(means.sum().item())
        error = (self.network(means[:, 0]) + noise[0] - means[:, 1]).square().mean(dim=1)
        loss = weighted_mean(error, segment.is_real[:, 1].float(), counts[0])
        return loss, {"noise": noise[0].mean().detach()}


class Recorder:
    """Hooks that remember what they were told, and save to `out`."""

    def __init__(self, learners: tuple[Learner, ...] = (), out: Path | None = None) -> None:
        self.learners = learners
        self.out = out
        self.reports: dict[int, dict[str, float]] = {}
        self.previews: list[int] = []
        self.checkpoints: list[int] = []

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        self.reports[position.step] = dict(values)

    def preview(self, position: Position) -> None:
        self.previews.append(position.step)

    def checkpoint(self, position: Position) -> None:
        self.checkpoints.append(position.step)
        if self.out:
            run.save_checkpoint(self.out, self.learners, position)


class InterruptedRecorder(Recorder):
    """Presses Ctrl-C at its first report."""

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        if not self.reports:
            signal.raise_signal(signal.SIGINT)
        super().report(position, values)


@pytest.fixture
def store() -> SegmentStore:
    rng = np.random.default_rng(0)
    episodes = [
        Episode(
            rng.integers(256, size=(20, 4, 4, 3), dtype=np.uint8),
            rng.integers(3, size=19),
            np.zeros(19, np.float32),
            True,
            False,
            True,
            "random",
        )
        for _ in range(3)
    ]
    return SegmentStore.from_episodes(episodes)


def make_learners(**optim: float) -> tuple[Learner, ...]:
    torch.manual_seed(0)
    objectives = (NextMean("first"), NextMean("second"))
    configs = (OptimConfig(batch_size=4, warmup_steps=3, **optim), OptimConfig(batch_size=4, every=3, **optim))  # type: ignore[arg-type]
    pairs = zip(objectives, configs, strict=True)
    return tuple(make_learner(objective, config, copy.deepcopy(objective.network)) for objective, config in pairs)


def everything(learners: tuple[Learner, ...]) -> dict[str, Tensor]:
    return {f"{ln.objective.name}.{k}": v.clone() for ln in learners for k, v in ln.tensors().items()}


def test_an_interrupted_fit_ends_bit_for_bit_where_an_uninterrupted_one_does(store: SegmentStore, tmp_path: Path):
    config = FitConfig(steps=20)
    whole = make_learners()
    fit(whole, store, config, Position(), Recorder())

    (tmp_path / "fit").mkdir()
    first = make_learners()
    with pytest.raises(KeyboardInterrupt):
        fit(first, store, FitConfig(steps=20, log_every=7), Position(), InterruptedRecorder(first, tmp_path))
    second = make_learners()
    for learner in second:  # nothing but the checkpoint may carry over
        for parameter in learner.objective.network.parameters():
            nn.init.zeros_(parameter)
    start = run.load_checkpoint(tmp_path, second)
    assert start.step == 7
    assert fit(second, store, config, start, Recorder()).step == 20

    expected, found = everything(whole), everything(second)
    assert expected.keys() == found.keys()
    assert any("exp_avg_sq" in name for name in expected)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_the_data_of_a_step_depends_on_the_step_alone(store: SegmentStore):
    whole, tail = make_learners(), make_learners()
    fit(whole, store, FitConfig(steps=6), Position(), Recorder())
    fit(tail, store, FitConfig(steps=6), Position(step=4), Recorder())
    assert tail[0].objective.seen == whole[0].objective.seen[4:]  # type: ignore[attr-defined]


def test_objectives_do_not_share_randomness_and_another_seed_gives_other_data():
    seeds = {stream_seed(seed, name, step) for seed in (0, 1) for name in ("first", "second") for step in range(50)}
    assert len(seeds) == 200


def test_an_objective_is_updated_every_so_many_steps(store: SegmentStore):
    learners = make_learners()
    fit(learners, store, FitConfig(steps=7), Position(), Recorder())
    first, second = (learner.objective.seen for learner in learners)  # type: ignore[attr-defined]
    assert (len(first), len(second)) == (7, 3)  # steps 0, 3 and 6


def test_one_batch_can_be_learned_by_heart(store: SegmentStore):
    torch.manual_seed(0)
    objective = NextMean(noise=0.0)
    learner = make_learner(
        objective, OptimConfig(lr=3e-2, batch_size=64, weight_decay=0), copy.deepcopy(objective.network)
    )
    two_frames = SegmentStore(store.frames[:2], store.act[:2], store.rew[:2], store.end[:2], torch.tensor([0, 2]))
    recorder = Recorder()
    fit((learner,), two_frames, FitConfig(steps=300, log_every=10), Position(), recorder)
    assert recorder.reports[10]["mean/loss"] > 1e-2
    assert recorder.reports[300]["mean/loss"] < 1e-5


def test_a_loss_that_is_not_finite_stops_the_fit_and_keeps_the_last_checkpoint(store: SegmentStore, tmp_path: Path):
    (tmp_path / "fit").mkdir()
    learners = make_learners()
    recorder = Recorder(learners, tmp_path)
    fit(learners, store, FitConfig(steps=4), Position(), recorder)
    before = (tmp_path / run.CHECKPOINT).read_bytes()
    learners[0].objective.noise = float("nan")  # type: ignore[attr-defined]
    with pytest.raises(InvalidRun, match=r"first/loss became nan between steps 4 and 5.*--resume"):
        fit(learners, store, FitConfig(steps=20, log_every=5), Position(step=4), recorder)
    assert (tmp_path / run.CHECKPOINT).read_bytes() == before


def test_numbers_that_are_not_finite_are_not_saved_between_two_reports_either(store: SegmentStore):
    learners, recorder = make_learners(), Recorder()
    learners[0].objective.noise = float("nan")  # type: ignore[attr-defined]
    with pytest.raises(InvalidRun, match="first/loss became nan"):
        fit(learners, store, FitConfig(steps=20, log_every=5, checkpoint_minutes=0.0), Position(), recorder)
    assert recorder.checkpoints == []


def test_reports_are_means_with_progress_and_speed(store: SegmentStore):
    recorder = Recorder()
    fit(make_learners(), store, FitConfig(steps=10, log_every=4), Position(), recorder)
    assert list(recorder.reports) == [4, 8, 10]
    assert [values["progress"] for values in recorder.reports.values()] == [0.4, 0.8, 1.0]
    assert recorder.reports[8]["steps_per_second"] > 0
    assert {"first/loss", "first/grad_norm", "first/lr", "first/noise", "second/loss"} <= recorder.reports[8].keys()


def test_checkpoints_and_previews_come_as_often_as_asked(store: SegmentStore):
    recorder = Recorder()
    config = FitConfig(steps=3, checkpoint_minutes=0.0, preview_every=1e-9)
    fit(make_learners(), store, config, Position(), recorder)
    assert recorder.checkpoints == [1, 2, 3]
    assert recorder.previews == [1, 2, 3]
    silent = Recorder()
    fit(make_learners(), store, FitConfig(steps=3, preview_every=0.0), Position(), silent)
    assert (silent.checkpoints, silent.previews) == ([3], [])


def test_time_spent_before_a_resume_counts(store: SegmentStore):
    used_up = Position(step=5, elapsed=61.0)
    end = fit(make_learners(), store, FitConfig(steps=6), used_up, Recorder())
    assert end.step == 6
    assert end.elapsed > 61.0, "the clock goes on where it stood"
    assert fit(make_learners(), store, FitConfig(max_minutes=1.0), used_up, Recorder()) == used_up


def test_progress_is_of_steps_or_of_time_whichever_is_more():
    config = FitConfig(steps=100, max_minutes=1.0)
    assert Position(step=50, elapsed=6.0).progress(config) == 0.5
    assert Position(step=10, elapsed=45.0).progress(config) == 0.75
    assert Position(step=500, elapsed=45.0).progress(config) == 1.0


def test_the_handler_of_ctrl_c_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt() as interrupted:
        signal.raise_signal(signal.SIGINT)
        assert interrupted.is_set()
        with pytest.raises(KeyboardInterrupt):  # whoever presses twice means now
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fit_in_another_thread_runs_to_its_end(store: SegmentStore):
    ends: list[Position] = []
    learners = make_learners()
    thread = threading.Thread(
        target=lambda: ends.append(fit(learners, store, FitConfig(steps=2), Position(), Recorder()))
    )
    thread.start()
    thread.join()
    assert ends[0].step == 2


def test_bf16_computes_in_bf16_and_keeps_float32_weights(store: SegmentStore):
    whole, half = (
        make_learners(),
        tuple(replace(learner, score=scorer(learner.objective, "bf16")) for learner in make_learners()),
    )
    for learners in (whole, half):
        fit(learners, store, FitConfig(steps=3), Position(), Recorder())
    a, b = (learner[0].objective.network.state_dict() for learner in (whole, half))
    assert {tensor.dtype for tensor in b.values()} == {torch.float32}
    assert not all(torch.equal(a[name], b[name]) for name in a)
