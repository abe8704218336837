"""Rewards and ends are judged on every transition of an episode, each after real frames."""

import numpy as np
import pytest
import torch

from gym_diamond import world_models
from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.judging import Judged, judge_episode
from gym_diamond.frames import to_obs
from gym_diamond.world_models.protocol import Context, Sampling, WorldModel, WorldSpec
from tests.fakes import CountingWorld, flat_frames

SPEC = WorldSpec("Breakout", 16, 16, 3, 3, ("NOOP", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


@pytest.fixture(scope="module")
def network() -> WorldModel:
    """A tiny diamond world with random weights, none of them zero."""
    backend = world_models.backend("diamond")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = backend.build(backend.presets["tiny"], SPEC, Sampling(num_denoising_steps=1), "fp32")
        for parameter in model.requires_grad_(False).parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return model.eval()


def play(steps: int, size: int = 16) -> Episode:
    rng = np.random.default_rng(steps)
    frames = rng.integers(256, size=(steps + 1, size, size, 3), dtype=np.uint8)
    rewards = rng.choice([-4.0, 0.0, 1.0], size=steps).astype(np.float32)
    return Episode(frames, rng.integers(3, size=steps), rewards, True, False, True, "random")


def test_what_is_likeliest_is_predicted_and_an_end_only_above_one_half():
    judged = Judged(
        np.zeros(3, np.int64), np.zeros(3, np.bool_), np.eye(3)[[2, 0, 1]], np.array([0.5, 0.51, 0.0]), np.zeros(3)
    )
    assert judged.predicted_reward.tolist() == [2, 0, 1]
    assert judged.predicted_end.tolist() == [False, True, False]


def test_a_stretch_can_be_cut_where_the_play_was_over():
    judged = judge_episode(CountingWorld(max_count=2), Episode(flat_frames([0, 1, 2]), *play(2)[1:]))
    assert [len(leaf) for leaf in judged.until(1)] == [1, 1, 1, 1, 1]
    assert judged.until(1).end_prob.tolist() == [0]
    assert judged.until(2).end_prob.tolist() == [0, 1]


@pytest.mark.parametrize("steps", [1, 13, 14, 15, 31, 300])
def test_every_transition_is_judged_once_and_in_order(steps: int):
    actions = np.random.default_rng(steps).integers(3, size=steps)
    rewards = (5.0 * (actions - 1)).astype(np.float32)
    levels = [t % 256 for t in range(steps + 1)]
    judged = judge_episode(
        CountingWorld(max_count=9), Episode(flat_frames(levels), actions, rewards, True, False, True, "")
    )
    assert judged.reward.tolist() == actions.tolist(), "rewards count by their sign"
    assert judged.reward_probs.argmax(axis=1).tolist() == actions.tolist()
    assert judged.end.tolist() == [False] * (steps - 1) + [True]
    assert judged.end_prob.tolist() == [float(level >= 9) for level in levels[1:]]


def test_the_first_transitions_are_judged_from_an_empty_memory(network: WorldModel):
    episode = play(10)
    obs, act = to_obs(torch.from_numpy(episode.frames))[None], torch.from_numpy(episode.actions)[None]
    whole = network.judge(Context(obs, act, torch.ones(1, 11, dtype=torch.bool)))
    judged = judge_episode(network, episode)
    np.testing.assert_allclose(judged.reward_probs, whole.reward_probs[0], atol=1e-5)
    np.testing.assert_allclose(judged.end_prob, whole.end_prob[0], atol=1e-5)


def test_later_transitions_are_judged_after_four_real_ones(network: WorldModel):
    episode = play(30)
    cut = Episode(episode.frames[10:], episode.actions[10:], episode.rewards[10:], True, False, True, "")
    np.testing.assert_allclose(
        judge_episode(network, episode).end_prob[14:24], judge_episode(network, cut).end_prob[4:14], atol=1e-5
    )


def test_a_world_judges_a_frame_as_it_does_when_it_dreams_it(network: WorldModel):
    frames = torch.from_numpy(play(7).frames)
    obs, act = to_obs(frames).unflatten(0, (2, 4)), torch.tensor([[0, 1, 2], [2, 2, 1]])
    shown, action = Context(obs, act, torch.ones(2, 4, dtype=torch.bool)), torch.tensor([1, 0])
    noise = network.draw(torch.tensor([[1, 2], [3, 4]]), torch.zeros(2, dtype=torch.int64))
    _, transition = network.step(network.reset(shown), action, noise)
    longer = Context(
        torch.cat([obs, transition.obs[:, None]], dim=1),
        torch.cat([act, action[:, None]], dim=1),
        torch.ones(2, 5, dtype=torch.bool),
    )
    beliefs = network.judge(longer)
    assert beliefs.reward_probs.shape == (2, 4, 3)
    torch.testing.assert_close(beliefs.reward_probs[:, -1], transition.reward_probs, atol=1e-5, rtol=0)
    torch.testing.assert_close(beliefs.end_prob[:, -1], transition.end_prob, atol=1e-5, rtol=0)
