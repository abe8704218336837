"""PPO in one file, in the style of CleanRL, on the torch-native `Dream`: frames never leave the device.

What differs from such a script for ordinary vector envs is marked `# dream`, with the reason; nothing else does.
"""

import argparse

import torch
from torch import Tensor, nn
from torch.distributions import Categorical

from gym_diamond.envs.loading import DreamArguments, load_dream  # dream: instead of gymnasium.make_vec


def layer(module: nn.Linear | nn.Conv2d, scale: float = 2**0.5) -> nn.Module:
    """`module`, its weights orthogonal and its biases 0."""
    nn.init.orthogonal_(module.weight, scale)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
    return module


class Agent(nn.Module):
    """The usual network for Atari, with two heads."""

    def __init__(self, channels: int, num_actions: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(layer(nn.Conv2d(channels, 32, 8, 4)), nn.ReLU()),
            *(layer(nn.Conv2d(32, 64, 4, 2)), nn.ReLU()),
            *(layer(nn.Conv2d(64, 64, 3, 1)), nn.ReLU(), nn.Flatten()),
            *(layer(nn.Linear(64 * 4 * 4, 512)), nn.ReLU()),
        )
        self.actor = layer(nn.Linear(512, num_actions), 0.01)
        self.critic = layer(nn.Linear(512, 1), 1.0)

    def forward(self, obs: Tensor) -> tuple[Categorical, Tensor]:
        hidden = self.body(obs)  # dream: obs are floats in [-1, 1] with channels first; no division by 255, no permute
        # dream: without a look for what is no number, which would wait for the device, as `Categorical.sample` does
        return Categorical(logits=self.actor(hidden), validate_args=False), self.critic(hidden).squeeze(1)


def main(
    game: str,
    total_steps: int,
    num_envs: int,
    num_steps: int,
    epochs: int = 4,
    minibatches: int = 4,
    learning_rate: float = 2.5e-4,
    gamma: float = 0.985,
    gae_lambda: float = 0.95,
    clip: float = 0.1,
    entropy_weight: float = 0.01,
    seed: int = 0,
) -> list[float]:
    """The mean reward per step of each iteration."""
    torch.manual_seed(seed)
    dream = load_dream(  # dream
        DreamArguments(game=game, frame_stack=4),  # dream: real history, so no wrapper stacks frames
        num_envs,
        max_episode_steps=15,  # dream: short, as the reference's; truncations bootstrap below
        autoreset_mode="SameStep",  # dream: a step that ends a row returns the first obs of its next dream
        stagger=True,  # dream: rows do not all run out of time at once
    ).dream
    spec, device = dream.world.spec, dream.world.device  # dream: the spec instead of spaces, the world's own device
    agent = Agent(4 * spec.channels, spec.num_actions).to(device)
    optimizer = torch.optim.Adam(agent.parameters(), lr=learning_rate, eps=1e-5)
    history = []
    # dream: a tensor (N, 12, 64, 64) on the device, and no info; row i of seed s is row 0 of s + i, so seeds keep apart
    obs = dream.reset(seed=seed * num_envs)
    for iteration in range(total_steps // (num_envs * num_steps)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (1 - iteration * num_envs * num_steps / total_steps)
        columns: list[tuple[Tensor, ...]] = []
        with torch.no_grad():
            for _ in range(num_steps):
                chances, value = agent(obs)
                luck = torch.empty_like(chances.logits).exponential_()
                action = (chances.logits - luck.log()).argmax(dim=1)  # dream: `chances.sample()`, without a wait
                step = dream.step(action)  # dream: no .cpu().numpy() on the way in, no torch.as_tensor on the way out
                _, final_value = agent(step.final_obs)  # dream: dense, also where nothing ended; no search in infos
                # A dream that is cut off goes on in truth: pay the value of where it stood.
                reward = step.reward + gamma * final_value * (step.truncated & ~step.terminated)
                done = step.terminated | step.truncated
                columns.append((obs, action, chances.log_prob(action), value, reward, done, step.reward))
                obs = step.obs
            next_value = agent(obs)[1]
        seen, actions, log_probs, values, rewards, dones, paid = (torch.stack(c) for c in zip(*columns, strict=True))
        advantages = torch.zeros_like(rewards)
        last = torch.zeros_like(next_value)
        for t in reversed(range(num_steps)):
            ahead = next_value if t == num_steps - 1 else values[t + 1]
            delta = rewards[t] + gamma * ahead * ~dones[t] - values[t]
            last = delta + gamma * gae_lambda * last * ~dones[t]
            advantages[t] = last
        flat = [x.flatten(0, 1) for x in (seen, actions, log_probs, values, advantages, advantages + values)]
        for _ in range(epochs):
            for chosen in torch.randperm(num_envs * num_steps, device=device).chunk(minibatches):
                b_obs, b_action, b_log_prob, b_value, b_advantage, b_return = (x[chosen] for x in flat)
                chances, value = agent(b_obs)
                ratio = (chances.log_prob(b_action) - b_log_prob).exp()
                b_advantage = (b_advantage - b_advantage.mean()) / (b_advantage.std() + 1e-8)
                gain = torch.min(ratio * b_advantage, ratio.clamp(1 - clip, 1 + clip) * b_advantage).mean()
                near = b_value + (value - b_value).clamp(-clip, clip)
                value_loss = torch.max((value - b_return) ** 2, (near - b_return) ** 2).mean() / 2
                loss = 0.5 * value_loss - gain - entropy_weight * chances.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
        history.append(float(paid.mean()))  # dream: the only wait for the device
        print(f"{(iteration + 1) * num_envs * num_steps:>9,} steps: {1000 * history[-1]:+.1f} rewards in 1,000 steps")
    return history


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--total-steps", type=int, default=100_000)
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--num-steps", type=int, default=32, help="steps of each dream between updates")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
