"""A dream is the same whatever modes of torch its caller is in: they are there for the caller's own networks."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch

from gym_diamond.envs.dream import Dream
from gym_diamond.envs.vector import DreamVectorEnv
from tests.fakes import counting_bank
from tests.world_models.test_diamond import SPEC, make_world

MODES = [lambda: torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode, torch.enable_grad]


def make_dream() -> Dream:
    return Dream(make_world(), counting_bank((7, 99), SPEC.height, SPEC.width, length=6), 2, max_episode_steps=3)


@pytest.mark.parametrize("mode", MODES)
def test_frames_and_chances_are_the_same_in_it(mode: Callable[[], AbstractContextManager[object]]) -> None:
    plain, other = make_dream(), make_dream()
    expected = [plain.reset(seed=0), *(plain.step(torch.tensor([0, 3])) for _ in range(5))]
    with mode():
        found = [other.reset(seed=0), *(other.step(torch.tensor([0, 3])) for _ in range(5))]
    assert torch.equal(found[0], expected[0])
    for seen, wanted in zip(found[1:], expected[1:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(seen, wanted, strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_the_numpy_face_steps_in_it(mode: Callable[[], AbstractContextManager[object]]) -> None:
    envs = DreamVectorEnv(make_dream())
    with mode():
        envs.reset(seed=0)
        frames, *_, infos = envs.step([0, 3])
    assert frames.shape == (2, SPEC.height, SPEC.width, SPEC.channels)
    assert infos["end_prob"].shape == (2,)
