"""The reference is built with our architecture and kept from ending."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gym_diamond.benchmarking.race import start_rivals
from gym_diamond.benchmarking.random_world import find_preset
from gym_diamond.benchmarking.reference import (
    Reference,
    ReferenceSettings,
    check_comparable,
    never_end,
    products_precision,
)
from gym_diamond.benchmarking.worker import Worker
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.benchmarking.checkout import write_checkout
from tests.benchmarking.plain import PLAIN

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def settings(checkout: Path) -> ReferenceSettings:
    return ReferenceSettings(str(checkout), PLAIN, SPEC, Sampling(), "eager", 2, "cpu", 1)


def architecture(reference: Reference) -> dict:
    return vars(reference.env.rew_end_model.cfg)


def test_it_steps_with_our_architecture_and_batch_and_needs_no_emulator(tmp_path: Path):
    with Worker("reference", Reference, settings(write_checkout(tmp_path))) as worker:
        assert worker.call(Reference.step_seconds, 2) >= 0.004, "two rows of 2 ms"
        assert worker.call(Reference.first_seconds) >= 0.004
        assert worker.call(Reference.precision) == "fp32"
        assert worker.call(architecture) == {
            "lstm_dim": 16,
            "img_channels": 3,
            "img_size": 64,
            "cond_channels": 8,
            "depths": [1, 2],
            "channels": [8, 8],
            "attn_depths": [False, False],
            "num_actions": 4,
        }


@pytest.mark.parametrize(
    ("device", "capability", "is_allowed", "told"),
    [
        ("cuda", (9, 0), True, "tf32"),
        ("cuda", (9, 0), False, "fp32"),
        ("cuda", (7, 5), True, "fp32"),
        ("cpu", (9, 0), True, "fp32"),
    ],
)
def test_on_a_gpu_that_has_it_and_where_it_is_allowed_its_precision_is_tf32(
    device, capability, is_allowed, told, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.backends.cuda, "matmul", SimpleNamespace(allow_tf32=is_allowed))
    assert products_precision(torch.device(device)) == told


def test_its_games_never_end_whatever_it_is_shown():
    head = nn.Sequential(nn.Linear(4, 4), nn.SiLU(), nn.Linear(4, 5, bias=False))
    never_end(head)
    going_on, ending = head(100 * torch.randn(1000, 4)).softmax(-1)[:, 3:].unbind(1)
    assert (going_on > 0.999).all()
    assert (ending < 1e-6).all()


def test_a_reference_that_runs_in_no_mode_is_an_error_that_says_why(tmp_path: Path):
    checkout = write_checkout(tmp_path)
    (checkout / "src/models/rew_end_model.py").write_text("class RewEndModel: pass\n")
    with ExitStack() as stack, pytest.raises(InvalidArgument, match=r"does not run here \(eager: AttributeError.*main"):
        start_rivals(stack, [settings(checkout)], lambda what: None)


def test_only_what_the_reference_has_too_can_be_held_against_it():
    check_comparable(find_preset("paper"), SPEC, Sampling())
    check_comparable(PLAIN, SPEC, Sampling(num_denoising_steps=5))
    with pytest.raises(InvalidArgument, match="folds patches of pixels, shows reward and end the difference"):
        check_comparable(find_preset("small"), SPEC, Sampling())
    with pytest.raises(InvalidArgument, match="has other rewards than -1, 0 and 1"):
        check_comparable(PLAIN, replace(SPEC, reward_values=(0.0, 1.0)), Sampling())
    with pytest.raises(InvalidArgument, match="samples with churn"):
        check_comparable(PLAIN, SPEC, Sampling(s_churn=1.0))
