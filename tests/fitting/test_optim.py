"""AdamW's groups, the learning rate and the averaged weights."""

import copy

import pytest
import torch
from torch import nn

from gym_diamond import world_models
from gym_diamond.errors import InvalidArgument
from gym_diamond.fitting.config import OptimConfig
from gym_diamond.fitting.optim import decayed_parameters, learning_rate, make_optimizer, update_average
from gym_diamond.nn.lstm import LSTM


class Everything(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.conv = nn.Conv2d(3, 4, 3)
        self.lstm = LSTM(3, 4)
        self.norm = nn.GroupNorm(1, 4)
        self.embedding = nn.Embedding(5, 4)


def test_only_matrices_and_kernels_decay():
    assert decayed_parameters(Everything()) == {
        "linear.weight",
        "conv.weight",
        "lstm.weight_ih_l0",
        "lstm.weight_hh_l0",
    }


def test_every_parameter_is_in_exactly_one_group():
    network = Everything()
    optimizer = make_optimizer(network, OptimConfig(weight_decay=0.1))
    decays, rests = optimizer.param_groups
    assert (decays["weight_decay"], rests["weight_decay"]) == (0.1, 0.0)
    grouped = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(grouped) == sorted(map(id, network.parameters()))


def test_betas_and_epsilon_are_those_of_the_config():
    optimizer = make_optimizer(Everything(), OptimConfig(beta1=0.5, beta2=0.75, eps=1e-3))
    assert [(group["betas"], group["eps"]) for group in optimizer.param_groups] == [((0.5, 0.75), 1e-3)] * 2


def test_the_learning_rate_rises_linearly_then_falls_as_half_a_cosine():
    config = OptimConfig(lr=1.0, warmup_steps=4, final_lr_fraction=0.1)
    assert [learning_rate(config, update, 0.0) for update in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert learning_rate(config, 100, 0.5) == pytest.approx(0.55)
    assert learning_rate(config, 100, 1.0) == pytest.approx(0.1)
    assert learning_rate(config, 100, 7.0) == pytest.approx(0.1)  # time may run over


def test_a_constant_schedule_stays():
    config = OptimConfig(lr=2.0, warmup_steps=0, schedule="constant")
    assert [learning_rate(config, update, progress) for update, progress in ((0, 0.0), (9, 0.5), (99, 1.0))] == [
        2.0
    ] * 3


def test_the_average_converges_to_the_decay_asked_for():
    network, average = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.ones_(network.weight), nn.init.zeros_(average.weight)
    update_average(average, network, decay=0.5, update=10**6)
    assert average.weight.item() == 0.5
    update_average(average, network, decay=0.5, update=10**6)
    assert average.weight.item() == 0.75


def test_the_average_forgets_the_first_weights_quickly():
    network, average = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.ones_(network.weight), nn.init.zeros_(average.weight)
    update_average(average, network, decay=0.999, update=0)
    assert average.weight.item() == pytest.approx(0.9)


def test_a_decay_of_zero_gives_the_last_weights_themselves():
    network, average = nn.Linear(7, 5), nn.Linear(7, 5)
    update_average(average, network, decay=0.0, update=50)
    assert torch.equal(average.weight, network.weight)


def test_buffers_are_copied_not_averaged():
    network = nn.BatchNorm1d(3)
    average = copy.deepcopy(network)
    network.running_mean = torch.tensor([1.0, 2.0, 3.0])
    network.num_batches_tracked = torch.tensor(7)
    update_average(average, network, decay=0.9, update=100)
    assert average.running_mean is not None
    assert average.running_mean.tolist() == [1.0, 2.0, 3.0]
    assert average.num_batches_tracked == torch.tensor(7)


def test_the_released_architectures_decay_no_embedding_and_no_bias():
    backend = world_models.backend("diamond")
    from gym_diamond.world_models.protocol import Sampling, WorldSpec

    spec = WorldSpec("Pong", 64, 64, 3, 2, ("NOOP", "FIRE"), 4, (-1.0, 0.0, 1.0), 15)
    model = backend.build(backend.presets["tiny"], spec, Sampling(), "fp32")
    decayed = decayed_parameters(model)
    assert not [name for name in decayed if "emb" in name or "bias" in name or ".norm." in name]
    undecayed = {name for name, _ in model.named_parameters()} - decayed
    assert not [name for name in undecayed if name.endswith("weight") and "emb" not in name and "norm" not in name]


@pytest.mark.parametrize(
    ("field", "value"),
    [("lr", 0.0), ("lr", float("nan")), ("beta1", 1.0), ("ema_decay", -0.1), ("every", -1), ("final_lr_fraction", 2.0)],
)
def test_a_value_that_cannot_be_names_its_field(field: str, value: float):
    with pytest.raises(InvalidArgument, match=field):
        OptimConfig(**{field: value})  # pyright: ignore[reportArgumentType]
