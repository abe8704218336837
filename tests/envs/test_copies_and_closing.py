"""What becomes of an env that is copied, and of the memory of one that is closed and dropped."""

import copy
import gc
import pickle
import weakref
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError

from gym_diamond.envs.loaded import LoadedDreamEnv, LoadedDreamVectorEnv
from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from tests.fakes import counting_dream
from tests.tiny import write_tiny_world

ID = "DiamondDream-Breakout-v0"


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    world = write_tiny_world(tmp_path_factory.mktemp("worlds") / "tiny")
    return {"world": str(world), "device": "cpu", "precision": "fp32"}


def test_a_deep_copy_of_an_env_goes_on_as_the_env_does_and_apart_from_it(arguments: dict[str, Any]) -> None:
    env = gymnasium.make(ID, **arguments)
    env.reset(seed=0)
    env.step(1)
    other = copy.deepcopy(env)
    here, there = env.step(2), other.step(2)
    assert np.array_equal(here[0], there[0])
    assert here[1:4] == there[1:4]
    other.step(3)
    assert not np.array_equal(env.unwrapped.dream.obs, other.unwrapped.dream.obs)


def test_so_does_one_of_a_vector_env_clocks_included(arguments: dict[str, Any]) -> None:
    envs = LoadedDreamVectorEnv(num_envs=2, **arguments, max_episode_steps=3, end_mode="never")
    envs.reset(seed=0)
    envs.step([0, 1])
    other = copy.deepcopy(envs)
    for _ in range(2):
        here, there = envs.step([1, 2]), other.step([1, 2])
        assert all(np.array_equal(a, b) for a, b in zip(here[:4], there[:4], strict=True))
    assert here[3].all(), "the time is up for both at once"


def made(arguments: dict[str, Any], num_envs: int | None) -> gymnasium.Env | gymnasium.vector.VectorEnv:
    """What Gymnasium makes: an env in its wrappers, or so many rows."""
    return gymnasium.make(ID, **arguments) if num_envs is None else gymnasium.make_vec(ID, num_envs, **arguments)


@pytest.mark.parametrize("num_envs", [None, 2])
def test_a_deep_copy_draws_the_random_numbers_that_the_env_will_draw(
    arguments: dict[str, Any], num_envs: int | None
) -> None:
    env = made(arguments, num_envs)
    env.reset(seed=0)
    env.action_space.seed(5)
    env.action_space.sample()
    env.np_random.random()
    other = copy.deepcopy(env)
    draws = [[one.action_space.sample() for _ in range(8)] for one in (env, other)]
    assert np.array_equal(*draws)
    assert len({str(action) for action in draws[0]}) > 1
    assert env.np_random.random(3).tolist() == other.np_random.random(3).tolist()
    env.np_random.random()
    assert env.np_random.random() != other.np_random.random(), "each has its own from now on"
    assert not np.array_equal(draws[0], [env.action_space.sample() for _ in range(8)])


@pytest.mark.parametrize("num_envs", [None, 2])
def test_a_deep_copy_has_what_somebody_wrote_on_the_env(arguments: dict[str, Any], num_envs: int | None) -> None:
    env = made(arguments, num_envs)
    env.reset(seed=0)
    env.unwrapped.notes = notes = {"levels": [1, 2], "env": env.unwrapped}  # pyright: ignore[reportAttributeAccessIssue]
    env.unwrapped.metadata["mine"] = "kept"
    other = copy.deepcopy(env)
    found = other.unwrapped.notes  # pyright: ignore[reportAttributeAccessIssue]
    assert found["levels"] == [1, 2]
    assert found["levels"] is not notes["levels"]
    assert found["env"] is other.unwrapped
    assert (other.unwrapped.metadata["mine"], other.spec) == ("kept", env.spec)
    assert (other.observation_space, other.action_space) == (env.observation_space, env.action_space)


class Own(LoadedDreamEnv):
    """An env that somebody made a class of."""


def test_a_pickled_env_keeps_its_class_and_one_that_has_not_begun_is_copied_too(arguments: dict[str, Any]) -> None:
    assert type(pickle.loads(pickle.dumps(Own(**arguments)))) is Own
    assert type(copy.deepcopy(Own(**arguments))) is Own


def test_a_closed_env_that_is_dropped_is_gone_at_once(arguments: dict[str, Any]) -> None:
    """Without waiting for a collection of garbage, which the memory of a GPU does not call for."""
    gc.collect()
    gc.disable()
    try:
        for kind in (LoadedDreamEnv, LoadedDreamVectorEnv):
            env = kind(**arguments)
            env.reset(seed=0)
            world = weakref.ref(env.dream.world)
            env.close()
            del env
            assert world() is None
    finally:
        gc.enable()


def test_a_closed_dream_cannot_be_stepped() -> None:
    dream = counting_dream(2)
    dream.reset(seed=0)
    dream.close()
    dream.reset(seed=0)
    with pytest.raises(ClosedEnvironmentError, match="make a new one"):
        dream.step(dream.obs.new_zeros(2, dtype=int))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
@pytest.mark.parametrize("has_begun", [True, False])
def test_nothing_can_be_done_with_closed_rows(mode: str, has_begun: bool) -> None:
    envs = DreamVectorEnv(counting_dream(2, autoreset_mode=mode), "rgb_array")
    if has_begun:
        envs.reset(seed=0)
    envs.close()
    for use in (lambda: envs.step([0, 1]), envs.render, envs.snapshot):
        with pytest.raises(ClosedEnvironmentError, match="This dream was closed; make a new one"):
            use()


@pytest.mark.parametrize("has_begun", [True, False])
def test_nor_with_a_closed_single_env(has_begun: bool) -> None:
    env = DreamEnv(counting_dream(1, autoreset_mode="Disabled"), "rgb_array")
    if has_begun:
        env.reset(seed=0)
    env.close()
    for use in (lambda: env.step(0), env.render, env.snapshot, lambda: env.dream.obs):
        with pytest.raises(ClosedEnvironmentError, match="This dream was closed; make a new one"):
            use()
