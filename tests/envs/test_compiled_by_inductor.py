"""`compile=True` as it is, C++ compiler and all: the one test that waits for one, a minute or so."""

import pytest
import torch

from gym_diamond.envs.compiled import engine
from gym_diamond.envs.streams import row_keys
from tests.world_models.test_diamond import make_context, make_world


@pytest.mark.filterwarnings("ignore:.torch.jit.script_method:DeprecationWarning")  # PyTorch's own, where it compiles
@torch.no_grad()
def test_a_compiled_world_dreams_what_the_plain_one_does():
    torch._dynamo.reset()  # whatever was compiled by other tests counts too
    world = make_world()
    step, keys = engine(world, compile=True).step, row_keys([0, 1], torch.device("cpu"))
    plain = compiled = world.reset(make_context(world, 2))
    for t in range(4):
        action, noise = torch.tensor([t % 4, 1]), world.draw(keys, torch.full((2,), t))
        plain, expected = world.step(plain, action, noise)
        compiled, seen = step(compiled, action, noise)
        torch.testing.assert_close(seen.obs, expected.obs, atol=1.1 / 127.5, rtol=0)  # a grey level
        torch.testing.assert_close(seen.reward_probs, expected.reward_probs, atol=1e-3, rtol=0)
        torch.testing.assert_close(seen.end_prob, expected.end_prob, atol=1e-3, rtol=0)
        assert torch.equal(seen.reward, expected.reward)
        assert torch.equal(seen.end, expected.end)
