"""A world under an id of one's own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec

import gym_diamond
from gym_diamond.errors import InvalidArgument, InvalidWorld
from tests.tiny import write_tiny_world

ID = "MyDream-v0"
QUIET = {"device": "cpu", "precision": "fp32"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_world(tmp_path_factory.mktemp("worlds") / "mine", "Pong")


@pytest.fixture(autouse=True)
def _clean_registry() -> Iterator[None]:
    yield
    gymnasium.registry.pop(ID, None)


def test_a_registered_world_is_made_by_its_id(world: Path):
    gym_diamond.register_world(ID, world)
    env = gymnasium.make(ID, **QUIET)
    assert env.spec is not None
    assert (env.spec.id, env.spec.max_episode_steps) == (ID, 50)
    frame, _ = env.reset(seed=0)
    assert frame.shape == (64, 64, 3)
    assert env.action_space == gymnasium.spaces.Discrete(6)
    env.step(0)
    env.close()


def test_a_registered_world_is_made_as_a_batch(world: Path):
    gym_diamond.register_world(ID, str(world), max_episode_steps=2)
    envs = gymnasium.make_vec(ID, num_envs=3, **QUIET)
    frames, _ = envs.reset(seed=0)
    assert frames.shape == (3, 64, 64, 3)
    actions = envs.action_space.sample()
    assert not envs.step(actions)[3].any()
    assert envs.step(actions)[3].all()
    envs.close()


def test_any_world_can_be_made_without_an_id(world: Path):
    env = gymnasium.make("gym_diamond:DiamondDream-v0", world=str(world), **QUIET)
    assert env.reset(seed=0)[0].shape == (64, 64, 3)
    env.close()


def test_a_world_is_found_again_from_another_folder(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(world.parent)
    gym_diamond.register_world(ID, world.name)
    monkeypatch.chdir(tmp_path)
    gymnasium.make(ID, **QUIET).close()


@pytest.mark.parametrize("address", ["hub:somebody/breakout@0123abc", "official:Pong"])
def test_a_world_that_is_fetched_when_it_is_made_is_taken_by_its_address(address: str):
    gym_diamond.register_world(ID, address)
    assert gymnasium.spec(ID).kwargs == {"world": address}


def test_its_spec_survives_json(world: Path):
    gym_diamond.register_world(ID, world)
    spec = gymnasium.spec(ID)
    assert EnvSpec.from_json(spec.to_json()) == spec


def test_registering_loads_no_torch(world: Path):
    code = f"import sys, gym_diamond; gym_diamond.register_world({ID!r}, {str(world)!r}); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_same_once_more_changes_nothing(world: Path):
    gym_diamond.register_world(ID, world)
    before = dict(gymnasium.registry)
    gym_diamond.register_world(ID, world)
    assert dict(gymnasium.registry) == before


def test_a_taken_id_is_refused(world: Path, tmp_path: Path):
    gym_diamond.register_world(ID, world)
    with pytest.raises(InvalidArgument, match=r"'MyDream-v0' is taken.*higher version"):
        gym_diamond.register_world(ID, write_tiny_world(tmp_path / "other"))
    with pytest.raises(InvalidArgument, match="'CartPole-v1' is taken"):
        gym_diamond.register_world("CartPole-v1", world)


def test_a_malformed_id_is_refused(world: Path):
    with pytest.raises(InvalidArgument, match="Ids look like MyDream-v0"):
        gym_diamond.register_world("My Dream", world)


def test_a_folder_without_a_world_is_refused(tmp_path: Path):
    with pytest.raises(InvalidWorld, match=r"gym-diamond fit --out FOLDER"):
        gym_diamond.register_world(ID, tmp_path)
    assert ID not in gymnasium.registry


@pytest.mark.parametrize("module", ["gym_diamond", "", "mygames:gym_diamond"])
def test_an_id_with_a_module_is_refused_because_nobody_could_make_it(module: str, world: Path):
    before = dict(gymnasium.registry)
    with pytest.raises(
        InvalidArgument, match=f"The id '{module}:MyDream-v0' has a module before its colon.*leave that"
    ):
        gym_diamond.register_world(f"{module}:{ID}", world)
    assert dict(gymnasium.registry) == before


@pytest.mark.parametrize("steps", [0, -1, 5.0, "5", None, float("nan")])
def test_a_horizon_that_is_no_number_of_steps_is_refused(steps: object, world: Path):
    with pytest.raises(InvalidArgument, match=f"max_episode_steps is {steps!r}; it must be at least 1, and whole"):
        gym_diamond.register_world(ID, world, max_episode_steps=steps)  # pyright: ignore[reportArgumentType]
    assert ID not in gymnasium.registry
