"""stable-baselines3's PPO around the torch-native `Dream`: no frame leaves the device.

`PPO.learn` keeps what its agent saw in NumPy arrays. So every frame goes from the GPU to the host and, in each of four
epochs, back, and all that is worth more time than dreaming it. Here the same agent, with its network, its optimizer and
its losses, is given tensors. What it learned is stable-baselines3's own .zip, which plays wherever one does.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from stable_baselines3 import PPO
from torch import Tensor, nn
from torch.nn import functional as F

from agents.returns import lambda_returns
from gym_diamond.envs.dream import Dream
from gym_diamond.frames import obs_to_frames_chw

Lesson = Callable[[int], float | None]
"""Lets an agent learn for so many steps, or a few more; what a step of them paid."""


class Experience(NamedTuple):
    """T steps of N dreams, as PPO learns from them."""

    obs: Tensor  # (N, T, k*C, H, W) uint8
    action: Tensor  # (N, T) int64
    log_prob: Tensor  # (N, T)
    advantage: Tensor  # (N, T)
    value: Tensor  # (N, T) that was hoped for; with the advantage it is what came
    reward: Tensor  # (N, T)


def device_lesson(agent: PPO, dream: Dream, seed: int) -> Lesson:
    """How `agent`, whose rows are those of `dream`, learns there.

    Args:
        agent: made for frames `(k*C, H, W)` uint8, on the dream's device.
        dream: begins anew in the step that ends a dream.
        seed: of the dreams; its rows take the seeds from it upwards.
    """
    obs = obs_to_frames_chw(dream.reset(seed=seed))

    def lesson(steps: int) -> float:
        nonlocal obs
        until, paid = agent.num_timesteps + steps, []
        while agent.num_timesteps < until:
            seen, obs = experience(agent, dream, obs)
            learn(agent, seen)
            agent.num_timesteps += seen.reward.numel()
            paid.append(seen.reward.mean())
        return float(torch.stack(paid).mean())  # the only wait for the device

    return lesson


@torch.no_grad()
def experience(agent: PPO, dream: Dream, obs: Tensor) -> tuple[Experience, Tensor]:
    """What `agent` sees, does and gets in its next `n_steps`, from `obs` `(N, k*C, H, W)` on, and what it sees then."""
    agent.policy.set_training_mode(False)
    steps = []
    for _ in range(agent.n_steps):
        log_probs, value = judged(agent, obs)
        action = (log_probs - torch.empty_like(log_probs).exponential_().log()).argmax(dim=1)  # drawn, by Gumbel
        step = dream.step(action)
        _, ahead = judged(agent, obs_to_frames_chw(step.final_obs))  # where nothing ended too: no search
        chance = log_probs.gather(1, action[:, None])[:, 0]
        steps.append((obs, action, chance, value, step.reward, step.terminated, step.truncated, ahead))
        obs = obs_to_frames_chw(step.obs)
    seen, action, log_prob, value, reward, end, trunc, ahead = (torch.stack(x, dim=1) for x in zip(*steps, strict=True))
    returns = lambda_returns(reward, end, trunc, ahead, agent.gamma, agent.gae_lambda)  # (N, T)
    return Experience(seen, action, log_prob, returns - value, value, reward), obs


def judged(agent: PPO, obs: Tensor) -> tuple[Tensor, Tensor]:
    """The log-probabilities `(B, A)` of the actions and the values `(B,)` of `obs` `(B, k*C, H, W)` uint8.

    What `agent.policy` says too, but its distributions wait for the device to look for what is no number.
    """
    policy = agent.policy
    latent_pi, latent_vf = policy.mlp_extractor(policy.extract_features(obs))
    return F.log_softmax(policy.action_net(latent_pi), dim=1), policy.value_net(latent_vf)[:, 0]


def learn(agent: PPO, seen: Experience) -> None:
    """Change `agent` by what it has seen (Schulman et al. 2017, eq. 9), as its own `train` does."""
    agent.policy.set_training_mode(True)
    clip, parts = agent.clip_range(1.0), [part.flatten(0, 1) for part in seen]  # (N, T, ...) -> (N*T, ...)
    for _ in range(agent.n_epochs):
        for chosen in torch.randperm(len(parts[0]), device=parts[0].device).split(agent.batch_size):
            obs, action, log_prob, advantage, before, _ = (part[chosen] for part in parts)
            log_probs, value = judged(agent, obs)
            entropy = -(log_probs.exp() * log_probs).sum(dim=1)
            normal = (advantage - advantage.mean()) / (advantage.std() + 1e-8) if len(advantage) > 1 else advantage
            ratio = (log_probs.gather(1, action[:, None])[:, 0] - log_prob).exp()
            gain = torch.min(ratio * normal, ratio.clamp(1 - clip, 1 + clip) * normal).mean()
            miss = F.mse_loss(value, before + advantage)
            loss = agent.vf_coef * miss - gain - agent.ent_coef * entropy.mean()
            agent.policy.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.policy.parameters(), agent.max_grad_norm)
            agent.policy.optimizer.step()
