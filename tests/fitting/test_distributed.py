"""Two processes fit as one does. What each finds is computed once, in tests/fitting/shared_work.py."""

from pathlib import Path
from typing import Any

import pytest
import torch

from gym_diamond.errors import InvalidArgument, InvalidRun
from gym_diamond.fitting.distributed import ALONE, Team, joined
from tests.fitting import shared_work
from tests.processes import run_together


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes found."""
    folder: Path = tmp_path_factory.mktemp("together")
    for ended in run_together(["-m", "tests.fitting.shared_work", str(folder)]):
        assert ended.status == 0, ended.err
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in (0, 1)]


@pytest.mark.parametrize("name", ["plain", "dreamt"])
def test_gradients_and_losses_of_a_shared_batch_are_those_of_the_whole(two: list[dict[str, Any]], name: str):
    """Of five rows the processes have three and two, and different shares of them are padding."""
    losses = {"plain": shared_work.PLAIN, "dreamt": shared_work.DREAMT}
    whole = shared_work.gradients(losses[name], ALONE)
    assert sum(".gradient." in key for key in whole) > 100
    for shared in (each[name] for each in two):
        assert shared.keys() == whole.keys()
        for key, expected in whole.items():
            scale = max(expected.abs().max().item(), 1e-3)
            assert torch.allclose(shared[key], expected, rtol=0, atol=1e-5 * scale), key


def test_the_processes_have_different_counts_so_a_mean_of_their_means_would_be_wrong(two: list[dict[str, Any]]):
    first, second = (each["counts"] for each in two)
    assert len(first) == 3  # two targets of the denoiser; reward and end share one
    assert first != second
    assert [a + b for a, b in zip(first, second, strict=True)] == shared_work.own_counts(ALONE)


def test_both_processes_have_the_same_weights_to_the_bit_after_a_fit(two: list[dict[str, Any]]):
    (first, _), (second, _) = (each["fit"] for each in two)
    assert any("exp_avg_sq" in name for name in first)
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def test_a_fit_by_two_processes_ends_where_a_fit_by_one_does(two: list[dict[str, Any]]):
    whole, losses = shared_work.whole_fit(shared_work.make(shared_work.PLAIN).store, ALONE)
    tensors, shared_losses = two[0]["fit"]
    assert shared_losses == pytest.approx(losses, rel=1e-5)
    assert [name for name in whole if not torch.allclose(tensors[name], whole[name], rtol=1e-4, atol=1e-6)] == []


def test_the_clock_of_the_first_process_ends_the_fit_of_all_at_the_same_step(two: list[dict[str, Any]]):
    assert two[0]["timed"] == two[1]["timed"]
    step, elapsed = two[0]["timed"]
    assert step > 0
    assert elapsed >= 0.2


def test_ctrl_c_in_one_process_stops_all_at_the_same_step(two: list[dict[str, Any]]):
    assert [each["interrupted"] for each in two] == [(True, [4]), (True, [4])]


def test_what_processes_tell_each_other(two: list[dict[str, Any]]):
    for each in two:
        assert each["clock"] == 10.0
        assert each["sum"] == 3.0
        assert each["any"] == [True, False]
        assert [part.tolist() for part in each["total"]] == [[2.0, 4.0], [[1.0, 1.0]]]


def test_no_process_keeps_its_group_when_the_work_is_done(two: list[dict[str, Any]]):
    """A thread of a group that is still there while the interpreter ends can crash it, now and then."""
    assert [each["group is gone"] for each in two] == [True, True]


def test_rows_are_dealt_out_in_turn_and_each_once():
    rows = [list(range(7)[Team(rank, 3).rows]) for rank in range(3)]
    assert rows == [[0, 3, 6], [1, 4], [2, 5]]


def test_one_process_has_all_rows_and_asks_nobody():
    assert list(range(3)[ALONE.rows]) == [0, 1, 2]
    part = torch.tensor([1.0])
    assert ALONE.total([part])[0] is part
    assert (ALONE.leads, ALONE.clock(3.0), ALONE.any(True), ALONE.any(False)) == (True, 3.0, True, False)


def test_whoever_is_left_alone_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch):
    def broken(message: torch.Tensor) -> None:
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", broken)
    with pytest.raises(InvalidRun, match=r"another process of this fit has ended.*Connection closed.*--resume"):
        Team(1, 2).any(False)


@pytest.mark.parametrize("told", [{}, {"WORLD_SIZE": "4"}, {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "here"}])
def test_a_process_that_was_told_too_little_is_alone(told: dict[str, str]):
    with joined(told) as team:
        assert team == ALONE


def test_a_batch_has_a_row_for_every_process():
    Team(0, 4).check_batch("denoiser", 4)
    with pytest.raises(InvalidArgument, match=r"--denoiser.batch-size is 3, to be shared by 4 processes.*at least 4"):
        Team(0, 4).check_batch("denoiser", 3)


def test_each_process_takes_its_own_gpu_or_says_why_not(monkeypatch: pytest.MonkeyPatch):
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert Team(3, 4, local_rank=1).own_device(torch.device("cuda")) == torch.device("cuda:1")
    assert chosen == [torch.device("cuda:1")]
    assert Team(1, 2, local_rank=1).own_device(torch.device("cpu")) == torch.device("cpu")
    assert ALONE.own_device(torch.device("cuda:1")) == torch.device("cuda:1")
    with pytest.raises(InvalidArgument, match="--device cuda:0 is one GPU for 2 processes; say --device cuda"):
        Team(1, 2, local_rank=1).own_device(torch.device("cuda:0"))
    with pytest.raises(InvalidArgument, match="more processes than GPUs here; give torchrun --nproc-per-node 2"):
        Team(2, 3, local_rank=2).own_device(torch.device("cuda"))
