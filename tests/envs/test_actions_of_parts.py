"""Environments whose actions have several parts: their spaces, what they accept, and who can be trained in them."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import MultiDiscrete
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv
from gymnasium.vector.utils import batch_space
from stable_baselines3 import PPO

from gym_diamond.envs.actions import keys_to_action
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument
from tests.comparing import assert_same
from tests.fakes import flat_frames, steered_dream

WALK, RUN = 0, 1


def single(**arguments):
    return DreamEnv(steered_dream(1, autoreset_mode="Disabled", **arguments))


def vector(num_envs=3, **arguments):
    return DreamVectorEnv(steered_dream(num_envs, **arguments))


def test_the_spaces_are_multi_discrete():
    assert single().action_space == MultiDiscrete([3, 2])
    envs = vector()
    assert envs.single_action_space == MultiDiscrete([3, 2])
    assert envs.action_space == batch_space(MultiDiscrete([3, 2]), 3)
    assert envs.action_space.shape == (3, 2)


def test_gymnasiums_checker_has_nothing_to_say():
    check_env(single(), skip_render_check=True)


def test_each_part_does_its_own():
    env = single()
    env.reset(seed=0)
    table = [(env.step(action)[:2]) for action in ([0, WALK], [2, RUN], np.array([1, RUN], np.int32))]
    assert [(int(frame[0, 0, 0]), reward) for frame, reward in table] == [(1, -1.0), (3, 1.0), (5, 0.0)]


def test_rows_take_their_own_parts():
    envs = vector()
    envs.reset(seed=0)
    obs, rewards, *_ = envs.step(np.array([[0, WALK], [1, RUN], [2, RUN]]))
    assert (obs[:, 0, 0, 0].tolist(), rewards.tolist()) == ([1, 2, 2], [-1.0, 0.0, 1.0])


def test_the_vector_env_equals_gymnasiums_own_of_singles():
    ours, theirs = vector(autoreset_mode="NextStep"), SyncVectorEnv([single] * 3)
    ours.action_space.seed(0)
    assert_same(ours.reset(seed=7), theirs.reset(seed=7))
    for _ in range(20):
        actions = ours.action_space.sample()
        assert_same(ours.step(actions), theirs.step(actions))


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        (1, r"action is int64 of shape \(\); it must be integers of shape \(2,\)"),
        ([1, 1, 1], r"of shape \(3,\); it must be integers of shape \(2,\)"),
        ([0.0, 1.0], r"float64 .* must be integers of shape \(2,\)"),
        ([0, 2], r"\[0, 2\] is out of range; Counting has the actions 0 NOOP, 1 FIRE, 2 RIGHT and 0 WALK, 1 RUN"),
        ([3, 0], r"\[3, 0\] is out of range"),
    ],
)
def test_what_is_no_action_is_answered_with_what_is(action, complaint):
    env = single()
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match=complaint):
        env.step(action)


def test_the_torch_native_dream_says_it_too():
    dream = steered_dream(2)
    dream.reset(0)
    with pytest.raises(
        InvalidArgument, match=r"int64 of shape \(2,\); it must be a tensor, torch.int64 of shape \(2, 2\)"
    ):
        dream.step(torch.tensor([0, 1]))
    with pytest.raises(InvalidArgument, match="they must be 0 to 2 and 0 to 1 in its 2 parts"):
        dream.step(torch.tensor([[0, 1], [0, 2]]))


def test_a_dream_may_start_from_real_play_with_such_actions():
    env = single()
    play = {"frames": flat_frames([1, 2, 3]), "actions": np.array([[0, 1], [2, 0]])}
    frame, _ = env.reset(options={"context": play})
    assert frame[0, 0, 0] == 3
    with pytest.raises(InvalidArgument, match=r"there must be integers of shape \(1, 2, 2\)"):
        env.reset(options={"context": play | {"actions": np.array([0, 2])}})
    with pytest.raises(InvalidArgument, match="out of range; they must be 0 to 2 and 0 to 1 in its 2 parts"):
        env.reset(options={"context": play | {"actions": np.array([[0, 2], [0, 0]])}})


def test_play_shorter_than_the_context_is_padded():
    frame, _ = single().reset(options={"context": {"frames": flat_frames([4]), "actions": np.zeros((0, 2), int)}})
    assert frame[0, 0, 0] == 4


def test_ppo_trains_in_it():
    envs = DreamVecEnv(DreamVectorEnv(steered_dream(2, max_episode_steps=5)))
    agent = PPO("MlpPolicy", envs, n_steps=8, batch_size=8, n_epochs=1, device="cpu").learn(16)
    actions, _ = agent.predict(envs.reset())
    assert actions.shape == (2, 2)
    assert agent.action_space == MultiDiscrete([3, 2])


def test_each_part_has_keys_of_its_own_and_they_are_pressed_together():
    table = keys_to_action(("STAY", "LEFT", "RIGHT", "COAST", "GAS", "BRAKE"), (3, 3))
    assert {keys: action.tolist() for keys, action in table.items()} == {
        (): [0, 0],
        ("a",): [1, 0],
        ("d",): [2, 0],
        ("1",): [0, 1],
        ("2",): [0, 2],
        ("1", "a"): [1, 1],
        ("2", "a"): [1, 2],
        ("1", "d"): [2, 1],
        ("2", "d"): [2, 2],
    }


def test_a_key_that_two_parts_want_goes_to_the_first():
    table = keys_to_action(("STAY", "LEFT", "STAY", "LEFT"), (2, 2))
    assert {keys: action.tolist() for keys, action in table.items()} == {
        (): [0, 0],
        ("a",): [1, 0],
        ("1",): [0, 1],
        ("1", "a"): [1, 1],
    }


def test_many_parts_do_not_make_a_table_without_end():
    table = keys_to_action(tuple("0" * 2 * 13 + "0" * 23 + "0" * 15), (*[2] * 13, 23, 15))
    assert len(table) == 1 + 10 + 45 + 120, "the digits are given to the first ten switches; three at a time"
