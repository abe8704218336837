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
