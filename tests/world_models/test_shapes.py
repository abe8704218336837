"""What a config asks for is known before a network is built."""

import subprocess
import sys

from gym_diamond.world_models import backend
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from gym_diamond.world_models.shapes import shapes_only

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def test_shapes_and_dtypes_are_those_of_the_network_and_take_no_memory():
    diamond = backend("diamond")
    arguments = (diamond.presets["tiny"], SPEC, Sampling(), "fp32")
    with shapes_only():
        promised = diamond.build(*arguments).state_dict()
    built = diamond.build(*arguments).state_dict()
    assert [(k, v.shape, v.dtype) for k, v in promised.items()] == [(k, v.shape, v.dtype) for k, v in built.items()]
    assert {value.device.type for value in promised.values()} == {"meta"}
    assert {value.device.type for value in built.values()} == {"cpu"}


def test_loading_a_world_imports_no_compiler():
    code = (
        "import sys; from gym_diamond.checkpoint import load_world; from gym_diamond.hub import BUNDLED; "
        "load_world(BUNDLED / 'Breakout'); "
        "assert not {'sympy', 'torch._dynamo', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
