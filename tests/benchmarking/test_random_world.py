"""A world that was never fitted: the architecture of a preset, and noise for the rest."""

from typing import Any

import pytest
import torch

from gym_diamond.benchmarking.random_world import find_preset, write_random_world
from gym_diamond.checkpoint import load_world
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond.config import PRESETS


def test_it_is_a_world_like_any_other_and_no_layer_of_it_is_all_zero(tmp_path):
    model: Any = load_world(write_random_world(tmp_path, PRESETS["tiny"])).model
    assert model.config == PRESETS["tiny"]
    assert model.spec.game == "Breakout"
    assert all(parameter.abs().max() > 0 for parameter in model.parameters())


def test_writing_it_leaves_the_random_numbers_of_others_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    write_random_world(tmp_path, PRESETS["tiny"])
    assert torch.equal(torch.randn(3), expected)


def test_an_unknown_preset_names_those_that_there_are():
    with pytest.raises(InvalidArgument, match="'huge'; there is paper, small, tiny"):
        find_preset("huge")
