"""The worlds that come with the package, on the outside: they are small, load fast, dream in time, and are true to play
that they have never seen.
"""

import json
import time
import warnings
from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from sb3_contrib import RecurrentPPO
from stable_baselines3 import DQN, PPO
from stable_baselines3.common import env_checker as sb3_checker
from stable_baselines3.common.vec_env import VecMonitor

from examples.begin_in_play import ball_comes, balls_alone
from gym_diamond.checkpoint import load_world
from gym_diamond.collection.play import play
from gym_diamond.collection.roster import make_policy
from gym_diamond.data.episode import Episode, digest
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.evaluation.hits import PADDLE
from gym_diamond.fitting.provenance import fitted_episodes
from gym_diamond.frames import MAX_LEVEL
from gym_diamond.hardware import resolve_precision
from gym_diamond.hub import BUNDLED, bundled_games
from gym_diamond.world_models.protocol import Context
from tests.laws import actions, streams

WORLD = BUNDLED / "Breakout"
ID = "DiamondDream-Breakout-v0"
GAMES = ("Breakout", "Pong")
PICTURES = ("drift.png", "strips.png", "dream.gif", "reward_end.png", "ranking.png")


def test_these_worlds_come_with_the_package() -> None:
    assert bundled_games() == list(GAMES)


@pytest.mark.parametrize("game", GAMES)
def test_it_is_at_most_16_mib_with_its_contexts(game: str) -> None:
    assert sum(path.stat().st_size for path in (BUNDLED / game).iterdir()) <= 16 * 2**20


@pytest.mark.parametrize("game", GAMES)
def test_it_was_fitted_on_at_least_100_000_real_frames(game: str) -> None:
    provenance = json.loads((BUNDLED / game / "provenance.json").read_text())
    assert provenance["transitions"] >= 100_000
    assert len(provenance["episodes"]) > 50


@pytest.mark.parametrize("game", GAMES)
def test_its_card_was_measured_on_play_that_it_was_not_fitted_to_and_shows_its_pictures(game: str) -> None:
    card, metrics = ((BUNDLED / game / name).read_text() for name in ("README.md", "metrics.json"))
    assert "## Measured" in card
    assert json.loads(metrics)["held_out"]["checked"] is True
    for name in PICTURES:
        assert f"]({name})" in card
        assert (BUNDLED / game / name).exists()


@pytest.mark.parametrize(("game", "num", "beyond"), [("Breakout", 2_591, -2), ("Pong", 2_714, 8)])
def test_it_has_moments_at_which_the_ball_comes_to_the_paddle(game: str, num: int, beyond: int) -> None:
    contexts = load_world(BUNDLED / game, contexts="coming").contexts
    assert len(contexts) == num
    before, last = (torch.from_numpy(contexts.frames[::20, t]) for t in (-2, -1))
    assert ball_comes(game, before, last).all()
    _, place = balls_alone(game, last)
    assert (PADDLE[game] - place >= beyond).all(), "pixels that it has to go to the line on which the paddle moves"


@pytest.mark.parametrize("game", GAMES)
def test_make_takes_less_than_three_seconds_of_one_core(game: str) -> None:
    began = time.process_time()
    env = gymnasium.make(f"DiamondDream-{game}-v0")
    env.reset(seed=0)
    assert time.process_time() - began < 3
    env.close()


def test_a_single_env_dreams_at_15_frames_a_second_where_bf16_is_native_and_at_5_elsewhere() -> None:
    env = gymnasium.make(ID, max_episode_steps=-1)
    env.reset(seed=0)
    seconds = []
    for _ in range(30):
        began = time.process_time()
        env.step(0)
        seconds.append(time.process_time() - began)
    native = resolve_precision("auto", torch.device("cpu")) == "bf16"
    assert 1 / np.median(seconds) > (15 if native else 5)
    env.close()


def test_gymnasiums_checker_has_nothing_to_say() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ID, render_mode="rgb_array").unwrapped)


def test_stable_baselines_checker_has_nothing_to_say() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sb3_checker.check_env(gymnasium.make(ID))


@pytest.fixture
def sb3_envs() -> Iterator[VecMonitor]:
    envs = VecMonitor(DreamVecEnv(gymnasium.make_vec(ID, num_envs=4, max_episode_steps=10, num_denoising_steps=1)))
    yield envs
    envs.close()


def test_ppo_trains_in_it(sb3_envs: VecMonitor) -> None:
    agent = PPO("CnnPolicy", sb3_envs, n_steps=32, batch_size=64, n_epochs=1, seed=0).learn(256)
    assert agent.num_timesteps == 256
    assert np.isfinite(agent.ep_info_buffer[0]["r"])  # pyright: ignore[reportOptionalSubscript]


def test_dqn_trains_in_it(sb3_envs: VecMonitor) -> None:
    agent = DQN("CnnPolicy", sb3_envs, buffer_size=500, learning_starts=50, train_freq=16, seed=0).learn(200)
    assert agent.num_timesteps >= 200


def test_recurrent_ppo_trains_in_it(sb3_envs: VecMonitor) -> None:
    agent = RecurrentPPO("CnnLstmPolicy", sb3_envs, n_steps=16, batch_size=32, n_epochs=1, seed=0).learn(200)
    assert agent.num_timesteps >= 200


def test_the_noise_of_a_row_is_that_of_a_single_dream_to_the_bit() -> None:
    model = load_world(WORLD).model
    keys, counter = streams(model, 5, seed=7)
    together = model.draw(keys, counter)
    for i in range(5):
        alone = model.draw(keys[i : i + 1], counter[i : i + 1])
        assert all(torch.equal(a[i : i + 1], b) for a, b in zip(together, alone, strict=True))


@torch.no_grad()
def test_a_row_of_a_batch_steps_as_it_would_alone_from_fifty_real_states() -> None:
    world = load_world(WORLD, precision="fp32")
    model = world.model
    state = model.reset(Context(*world.contexts.tensors(np.arange(50), torch.device("cpu"))))
    keys, counter = streams(model, 50)
    noise, action = model.draw(keys, counter), actions(model, 50)
    _, together = model.step(state, action, noise)
    off, distance = 0.0, threshold_distance(noise.reward_end, together)
    for i in range(50):
        row = slice(i, i + 1)
        _, alone = model.step(type(state)(*(x[row] for x in state)), action[row], type(noise)(*(x[row] for x in noise)))
        off += ((alone.obs[0] - together.obs[i]).abs() > 1.01 / 127.5).float().mean().item() / 50
        if distance[i] > 1e-3:
            assert alone.reward[0] == together.reward[i]
            assert alone.end[0] == together.end[i]
    assert off < 1e-3, "more than one pixel in a thousand is more than one grey level elsewhere"


def threshold_distance(u: torch.Tensor, transition) -> torch.Tensor:
    """How far each row's draws are from another reward or end."""
    to_reward = (u[:, :1] - transition.reward_probs.cumsum(1)[:, :-1]).abs().amin(1)
    return torch.minimum(to_reward, (u[:, 1] - transition.end_prob).abs())


def unseen(game: str) -> list[Episode]:
    """Real lives of a player that follows the ball, from a seed of their own."""
    env = RealAtari(game, num_envs=4)
    policy = make_policy("scripted", load_world(BUNDLED / game).model.spec, 4)
    episodes = [e for e in play(env, [policy], [1.0], 1200, 987_654, lambda n: True) if len(e.actions) >= 40]
    env.close()
    assert len(episodes) >= 4
    seen = fitted_episodes(json.loads((BUNDLED / game / "provenance.json").read_text()))
    assert not {digest(episode) for episode in episodes} & seen
    return episodes


def psnr(dreamt: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Decibels per frame `(N,)` of `(N, H, W, C)` uint8 frames; errors below 0.05 grey levels squared count as that."""
    error = ((dreamt.astype(float) - real) ** 2).mean(axis=(1, 2, 3))
    return 10 * np.log10(MAX_LEVEL**2 / np.maximum(error, 0.05))


@pytest.mark.parametrize("game", GAMES)
def test_it_dreams_what_will_really_happen(game: str) -> None:
    """From real moments, with the real actions: far closer to the real frames than the last frame seen is."""
    starts = [(e, t) for e in unseen(game) for t in range(8, len(e.actions) - 16, 16)][:16]
    num = len(starts)
    envs = gymnasium.make_vec(f"DiamondDream-{game}-v0", num_envs=num, max_episode_steps=-1, end_mode="never")
    context = {
        "frames": np.stack([e.frames[t - 3 : t + 1] for e, t in starts]),
        "actions": np.stack([e.actions[t - 3 : t] for e, t in starts]),
    }
    envs.reset(seed=0, options={"context": context})
    dreamt = np.zeros(0)
    for k in range(5):
        dreamt, *_ = envs.step(np.array([e.actions[t + k] for e, t in starts]))
    real = np.stack([e.frames[t + 5] for e, t in starts])
    last = np.stack([e.frames[t] for e, t in starts])
    assert psnr(dreamt, real).mean() > 36
    assert psnr(dreamt, real).mean() > psnr(last, real).mean() + 2
    envs.close()
