"""Which step a world is run with."""

import torch

from gym_diamond import noise
from gym_diamond.envs import compiled
from gym_diamond.envs.compiled import engine
from gym_diamond.envs.streams import row_keys
from gym_diamond.replay import Replayed
from gym_diamond.world_models.diamond.fast_step import FastStep
from tests.world_models.test_diamond import make_context, make_world


def test_the_step_is_the_backends_fast_one_and_on_the_cpu_nothing_is_recorded():
    fast = engine(make_world())
    assert isinstance(fast.step, FastStep)
    assert fast.record is None


def test_all_networks_are_compiled_where_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(compiled, "compiled", lambda network: asked.append(type(network).__name__) or network)
    engine(make_world())
    assert asked == []
    engine(make_world(), compile=True)
    assert asked == ["Preparation", "Pass", "RewardEndModel"]


@torch._dynamo.config.patch(recompile_limit=2)
def test_worlds_dream_in_more_batches_than_networks_are_compiled_for(monkeypatch):
    """A sweep over `num_envs`, in one process."""
    torch._dynamo.reset()  # whatever was compiled by other tests counts too
    shapes = set()

    def counting(graph, inputs):
        shapes.update(leaf.shape[0] for leaf in inputs if isinstance(leaf, torch.Tensor) and leaf.dim() == 4)
        return graph.forward

    compile = torch.compile
    monkeypatch.setattr(torch, "compile", lambda network, **options: compile(network, **options, backend=counting))
    world = make_world()
    for num in (1, 2, 3, 4):
        context = make_context(world, num)
        state, action = world.reset(context), torch.zeros(num, dtype=torch.int64)
        noise = world.draw(row_keys(list(range(num)), torch.device("cpu")), torch.zeros(num, dtype=torch.int64))
        fast = engine(world, compile=True).step(state, action, noise)[1]
        torch.testing.assert_close(fast.obs, world.step(state, action, noise)[1].obs, atol=1.1 / 127.5, rtol=0)
    assert {1, 2} <= shapes
    assert 4 not in shapes


def test_on_a_gpu_the_whole_step_is_recorded():
    record = compiled.recorder(torch.device("cuda"))
    assert isinstance(record(lambda now, action: (now, action)), Replayed)  # pyright: ignore
    assert compiled.recorder(torch.device("cpu")) is None


def test_the_drawing_of_random_numbers_is_compiled_where_asked():
    assert compiled.drawing_compiler(compile=True) is not None
    assert compiled.drawing_compiler(compile=False) is None


@torch._dynamo.config.patch(recompile_limit=2)
def test_random_numbers_are_drawn_for_more_shapes_than_are_compiled_of_one_function():
    compiler = compiled.drawing_compiler(compile=True)
    assert compiler is not None
    for num in (1, 2, 3, 4):  # each in a wrapper of its own, as dreams of one process have it
        keys, counter = row_keys(list(range(num)), torch.device("cpu")), torch.zeros(num, dtype=torch.int64)
        drawn = compiler(noise.integers, backend="eager")(keys, counter, noise.CONTEXT, 10)
        assert torch.equal(drawn, noise.integers(keys, counter, noise.CONTEXT, 10))
