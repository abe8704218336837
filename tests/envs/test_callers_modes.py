"""A dream is the same whatever modes of torch its caller is in: they are there for the caller's own networks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loaded import LoadedDreamVectorEnv
from gym_diamond.envs.vector import DreamVectorEnv
from tests.fakes import counting_bank
from tests.tiny import write_tiny_world
from tests.world_models.test_diamond import SPEC, make_world


@contextmanager
def float64_by_default() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


MODES = [
    lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    torch.inference_mode,
    torch.enable_grad,
    float64_by_default,
]


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
def test_the_numpy_face_made_in_it_steps_in_it_and_outside(mode: Callable[[], AbstractContextManager[object]]) -> None:
    dream = make_dream()
    with mode():
        envs = DreamVectorEnv(dream)
        envs.reset(seed=0)
        seen = [envs.step([0, 3])]
    seen.append(envs.step([0, 3]))
    for frames, *_, infos in seen:
        assert frames.shape == (2, SPEC.height, SPEC.width, SPEC.channels)
        assert infos["end_prob"].shape == (2,)


def loaded_and_dreamt(world: Path) -> dict[str, Tensor]:
    """The weights of a loaded world, and all that it shows and tells in a few steps with a reset among them."""
    envs = LoadedDreamVectorEnv(num_envs=2, world=str(world), device="cpu", precision="fp32", max_episode_steps=3)
    found = dict(envs.dream.world.state_dict()) | {"first": envs.dream.reset(seed=0)}
    for step in range(5):
        seen = envs.dream.step(torch.tensor([0, 3]))
        found |= {f"{name} {step}": value for name, value in seen._asdict().items()}
    return found


def test_a_world_is_loaded_and_dreams_in_float32_whatever_its_caller_computes_in(tmp_path: Path) -> None:
    world = write_tiny_world(tmp_path / "world")
    expected = loaded_and_dreamt(world)
    with float64_by_default():
        found = loaded_and_dreamt(world)
        assert torch.get_default_dtype() == torch.float64, "the caller's stays"
    assert {value.dtype for value in found.values()} == {torch.float32, torch.bool}
    assert found.keys() == expected.keys()
    assert [name for name, value in found.items() if not torch.equal(value, expected[name])] == []
