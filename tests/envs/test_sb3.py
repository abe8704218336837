"""Dreams for Stable-Baselines3: the adapter equals a DummyVecEnv of single dreams and its algorithms train in it."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit
from sb3_contrib import RecurrentPPO
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecMonitor

from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument
from tests.comparing import assert_same
from tests.fakes import counting_dream, flat_frames

CHANCY = {"starts": (0, 1, 60, 61), "max_count": 10**6, "end_probability": 0.1}


def vec_env(num_envs=3, render_mode=None, **arguments):
    return DreamVecEnv(DreamVectorEnv(counting_dream(num_envs, **arguments), render_mode))


def single(limit, **arguments):
    return TimeLimit(DreamEnv(counting_dream(1, autoreset_mode="Disabled", **arguments)), limit)


def test_sb3s_checker_has_nothing_to_say():
    check_env(DreamEnv(counting_dream(1, size=36, autoreset_mode="Disabled")))


def test_the_end_of_a_game_and_the_end_of_the_time_are_told_apart():
    env = vec_env(2, max_episode_steps=3)
    play = [{"frames": flat_frames([start]), "actions": np.zeros(0, np.int64)} for start in (0, 3)]
    for i, start in enumerate(play):
        env._options[i] = {"context": start}
    assert env.reset()[:, 0, 0, 0].tolist() == [0, 3]
    table = []
    for _ in range(3):
        obs, rewards, dones, infos = env.step(np.array([0, 2]))
        assert (rewards.tolist(), rewards.dtype) == ([-1, 1], np.float32)
        last = [info["terminal_observation"][0, 0, 0] if "terminal_observation" in info else None for info in infos]
        table.append((obs[:, 0, 0, 0].tolist(), dones.tolist(), last, [info["TimeLimit.truncated"] for info in infos]))
    assert table == [
        ([1, 4], [False, False], [None, None], [False, False]),
        ([2, 0], [False, True], [None, 5], [False, False]),
        ([0, 1], [True, False], [3, None], [True, False]),
    ]


def test_it_equals_a_dummy_vec_env_of_singles_to_the_bit():
    ours = vec_env(4, max_episode_steps=7, frame_stack=2, **CHANCY)
    theirs = DummyVecEnv([lambda: single(7, frame_stack=2, **CHANCY)] * 4)
    assert (ours.observation_space, ours.action_space) == (theirs.observation_space, theirs.action_space)
    ours.seed(5), theirs.seed(5)
    assert_same(ours.reset(), theirs.reset())
    rng, ended = np.random.default_rng(0), 0
    for _ in range(50):
        actions = rng.integers(3, size=4)
        (obs, rewards, dones, infos), expected = ours.step(actions), theirs.step(actions)
        assert_same((obs, rewards, dones), expected[:3])
        for info, other in zip(infos, expected[3], strict=True):
            assert info.keys() == other.keys()
            assert all(np.array_equal(info[key], other[key]) for key in info)
        ended += dones.sum()
    assert ended > 20
    assert ours.reset_infos == theirs.reset_infos


def test_seeds_and_options_are_used_once():
    env = vec_env(2, starts=(10, 20, 30))
    env.seed(3)
    env.set_options({"context": 2})
    assert env.reset()[:, 0, 0, 0].tolist() == [30, 30]
    assert env.envs.snapshot().keys.tolist() == [[3, 0], [4, 0]]
    env.reset()
    assert env.envs.snapshot().counter.tolist() == [2, 2]


def test_rewards_and_observations_are_the_callers_own():
    env = vec_env(2, max_episode_steps=2)
    arrays = [env.reset()]
    for _ in range(4):
        obs, rewards, dones, infos = env.step(np.array([0, 1]))
        arrays += [obs, rewards, dones] + [i["terminal_observation"] for i in infos if "terminal_observation" in i]
    assert all(array.flags.writeable for array in arrays)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_rows_are_asked_through_the_vector_env():
    env = vec_env(3, "rgb_array", starts=(40,))
    env.reset()
    assert env.get_attr("render_mode") == ["rgb_array"] * 3
    assert env.env_method("get_action_meanings", indices=[0, 2]) == [["NOOP", "FIRE", "RIGHT"]] * 2
    assert env.env_is_wrapped(VecMonitor) == [False] * 3
    env.set_attr("name", "dream")
    assert env.get_attr("name", 1) == ["dream"]
    assert [int(image.max()) for image in env.get_images()] == [40] * 3
    assert env.metadata["render_fps"] == 15
    pickle.dumps(env)
    env.close()


@pytest.mark.parametrize(
    ("algorithm", "policy", "arguments"),
    [
        (PPO, "CnnPolicy", {"n_steps": 16, "batch_size": 32, "n_epochs": 1}),
        (DQN, "CnnPolicy", {"buffer_size": 200, "learning_starts": 20, "batch_size": 8}),
        (RecurrentPPO, "CnnLstmPolicy", {"n_steps": 16, "batch_size": 32, "n_epochs": 1}),
    ],
)
def test_an_algorithm_trains_in_a_dream(algorithm, policy, arguments):
    env = VecMonitor(vec_env(4, size=36, frame_stack=2, max_episode_steps=4))
    model = algorithm(
        policy, env, seed=0, device="cpu", policy_kwargs={"features_extractor_kwargs": {"features_dim": 8}}, **arguments
    )
    model.learn(128)
    assert model.num_timesteps >= 128
    assert all(episode["l"] <= 5 for episode in model.ep_info_buffer)
    returns, lengths = evaluate_policy(model, env, n_eval_episodes=4, return_episode_rewards=True)
    assert len(returns) == 4
    assert set(lengths) == {4}


def test_sb3s_own_frame_stack_goes_around_it():
    env = VecFrameStack(vec_env(2), 3)
    assert env.reset().shape == (2, 4, 4, 9)


def test_only_a_dream_that_resets_in_the_same_step_can_be_adapted():
    for envs in (DreamVectorEnv(counting_dream(2, autoreset_mode="NextStep")), object()):
        with pytest.raises(InvalidArgument, match='autoreset_mode="SameStep"'):
            DreamVecEnv(envs)


def test_rows_must_agree_on_their_options():
    env = vec_env(2)
    env.set_options([{"context": 0}, {}])
    with pytest.raises(InvalidArgument, match="give every row a context, and nothing else"):
        env.reset()


def test_a_missing_extra_is_named():
    code = "import sys; sys.modules['stable_baselines3'] = None\nimport gym_diamond.envs.sb3"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "gym-diamond[sb3]"' in result.stderr.splitlines()[-1]
