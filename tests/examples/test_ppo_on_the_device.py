"""PPO on tensors is stable-baselines3's PPO: it sees, hopes and learns the same, and its agent plays as any does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import configure
from torch.utils._python_dispatch import TorchDispatchMode

from examples.normalized_cnn import NormalizedCNN
from examples.ppo_on_the_device import device_lesson, experience, judged, learn
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.frames import obs_to_frames_chw
from tests.fakes import counting_dream

N, T = 6, 8


def dream() -> Dream:
    """Half of its games begin at 3 and end after two steps, the others are cut off after four."""
    return counting_dream(N, (0, 3), size=36, max_episode_steps=4, autoreset_mode="SameStep")


def agent_of(one: Dream) -> PPO:
    """An agent for `one`, equal each time it is made; with one batch an update, so that order is no matter."""
    agent = PPO(
        "CnnPolicy",
        DreamVecEnv(DreamVectorEnv(one)),
        n_steps=T,
        batch_size=N * T,
        n_epochs=1,
        learning_rate=1e-2,
        ent_coef=0.01,
        seed=0,
        device="cpu",
    )
    agent.set_logger(configure(None, []))
    return agent


def test_it_sees_and_hopes_what_stable_baselines3_does() -> None:
    """With the same dreams and luck: actions, chances, hopes and advantages, where a game ended or was cut off too."""
    own, other = dream(), agent_of(dream())
    agent = agent_of(own)
    obs = obs_to_frames_chw(own.reset(seed=7))
    torch.manual_seed(1)
    seen, _ = experience(agent, own, obs)
    other.env.seed(7)  # pyright: ignore[reportOptionalMemberAccess]
    _, callback = other._setup_learn(N * T)
    torch.manual_seed(1)
    other.collect_rollouts(other.env, callback, other.rollout_buffer, T)  # pyright: ignore[reportArgumentType]
    buffer = other.rollout_buffer
    np.testing.assert_array_equal(seen.obs.transpose(0, 1).numpy(), buffer.observations)
    np.testing.assert_array_equal(seen.action.T.numpy(), buffer.actions[:, :, 0])
    assert set(seen.action.flatten().tolist()) == {0, 1, 2}
    np.testing.assert_allclose(seen.value.T.numpy(), buffer.values, atol=1e-5)
    np.testing.assert_allclose(seen.log_prob.T.numpy(), buffer.log_probs, atol=1e-5)
    np.testing.assert_allclose(seen.advantage.T.numpy(), buffer.advantages, atol=1e-5)


def test_it_learns_what_stable_baselines3_does() -> None:
    own = dream()
    agent, other = agent_of(own), agent_of(dream())
    seen, _ = experience(agent, own, obs_to_frames_chw(own.reset(seed=7)))
    buffer = other.rollout_buffer
    buffer.reset()
    buffer.observations[:] = seen.obs.transpose(0, 1)
    buffer.actions[:] = seen.action.T[:, :, None]
    for name, values in (("values", seen.value), ("log_probs", seen.log_prob), ("advantages", seen.advantage)):
        getattr(buffer, name)[:] = values.T
    buffer.returns[:] = (seen.value + seen.advantage).T
    buffer.full = True
    before = {name: value.clone() for name, value in agent.policy.named_parameters()}
    learn(agent, seen)
    other.train()
    theirs = dict(other.policy.named_parameters())
    for name, value in agent.policy.named_parameters():
        assert not torch.equal(value, before[name]), name
        torch.testing.assert_close(value, theirs[name], atol=1e-4, rtol=1e-3, msg=name)


def test_it_comes_to_do_what_pays_and_plays_from_its_file(tmp_path: Path) -> None:
    """Action 2 pays 1, action 0 costs 1."""
    own = dream()
    agent = agent_of(own)
    lesson = device_lesson(agent, own, seed=0)
    first = lesson(N * T)
    for _ in range(12):
        last = lesson(N * T)
    assert agent.num_timesteps == 13 * N * T
    assert first == pytest.approx(0, abs=0.5)
    assert last > 0.9
    agent.save(tmp_path / "agent.zip")
    actions, _ = PPO.load(tmp_path / "agent.zip").predict(np.zeros((2, 3, 36, 36), np.uint8), deterministic=True)
    assert actions.tolist() == [2, 2]


def test_a_lesson_is_of_whole_updates() -> None:
    agent = agent_of(dream())
    device_lesson(agent, dream(), seed=0)(1)
    assert agent.num_timesteps == N * T


class NoQuestions(TorchDispatchMode):
    """Whoever asks a tensor for a number fails, as whoever asks a GPU for one waits."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func is not torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("normalized", [False, True])
def test_to_judge_frames_asks_the_device_for_nothing(normalized: bool) -> None:
    kwargs = {"features_extractor_class": NormalizedCNN} if normalized else {}
    agent = PPO("CnnPolicy", DreamVecEnv(DreamVectorEnv(dream())), policy_kwargs=kwargs, device="cpu")
    agent.policy.set_training_mode(False)
    with NoQuestions():
        log_probs, value = judged(agent, torch.zeros(2, 3, 36, 36, dtype=torch.uint8))
    assert log_probs.exp().sum(dim=1).tolist() == pytest.approx([1, 1])
    assert value.shape == (2,)
    with pytest.raises(AssertionError), NoQuestions():
        bool(torch.ones(()) > 0)  # it would have failed


def test_a_batch_of_one_that_is_left_over_does_no_harm() -> None:
    one = counting_dream(3, (0, 3), size=36, max_episode_steps=4, autoreset_mode="SameStep")
    with pytest.warns(UserWarning, match="truncated mini-batch of size 1"):
        agent = PPO("CnnPolicy", DreamVecEnv(DreamVectorEnv(one)), n_steps=3, batch_size=2, seed=0, device="cpu")
    device_lesson(agent, one, seed=0)(9)
    assert all(bool(part.isfinite().all()) for part in agent.policy.parameters())
