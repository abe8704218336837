"""PPO in one file, in the style of CleanRL, on the torch-native `Dream`: frames never leave the device.

Where it computes something else than CleanRL's `ppo_atari.py`, or in another way, a line is marked `# dream`, with the
reason. The rest is that script's, written shorter, without its logging and the flags that switch its parts off. (The
learning rate falls with the steps, there with the iterations: the same where these divide the steps.)

    python -m examples.ppo_cleanrl_style --contexts coming --reward-mode mean --out runs/ppo.safetensors
    python -m examples.judge_cleanrl_style runs/ppo.safetensors        # whole real games with what was saved
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.distributions import Categorical

from gym_diamond.cli import exit_status
from gym_diamond.envs.loading import DreamArguments, load_dream  # dream: instead of gymnasium.make_vec
from gym_diamond.files import write_tensors


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
            *(layer(nn.Conv2d(channels, 32, 8, 4)), nn.ReLU()),  # dream: 12 channels, four frames in colour; not 4 grey
            *(layer(nn.Conv2d(32, 64, 4, 2)), nn.ReLU()),
            *(layer(nn.Conv2d(64, 64, 3, 1)), nn.ReLU(), nn.Flatten()),
            *(layer(nn.Linear(64 * 4 * 4, 512)), nn.ReLU()),  # dream: of frames of 64x64; 64 * 7 * 7 are those of 84x84
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
    contexts: str | None = None,
    dream_steps: int = 50,
    reward_mode: str | None = None,
    epochs: int = 4,
    minibatches: int = 4,
    learning_rate: float = 2.5e-4,
    gamma: float = 0.985,  # dream: the reference's for its dreams; CleanRL has 0.99
    gae_lambda: float = 0.95,
    clip: float = 0.1,
    entropy_weight: float = 0.01,
    seed: int = 0,
    out: Path | None = None,
) -> list[float]:
    """The mean reward per step of each iteration; the agent is saved to `out`, where that is given."""
    torch.manual_seed(seed)
    dream = load_dream(  # dream: no wrappers; skipped frames, ends with a life and rewards' signs are the world's
        # dream: real history, so no wrapper stacks frames; where dreams begin, and what they pay
        DreamArguments(game=game, frame_stack=4, contexts=contexts, reward_mode=reward_mode),
        num_envs,
        max_episode_steps=dream_steps,  # dream: as long as the model is to be trusted; truncations bootstrap below
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
                # dream: the next two lines are `chances.sample()`, which waits for the device, by the Gumbel trick
                luck = torch.empty_like(chances.logits).exponential_()
                action = (chances.logits - luck.log()).argmax(dim=1)
                step = dream.step(action)  # dream: no .cpu().numpy() on the way in, no torch.as_tensor on the way out
                _, final_value = agent(step.final_obs)  # dream: dense, also where nothing ended; no search in infos
                # dream: one that is cut off goes on in truth, so it is paid the value of where it stood. CleanRL takes
                # it for an end, which is rare in whole games; here it comes every 50 steps.
                reward = step.reward + gamma * final_value * (step.truncated & ~step.terminated)
                done = step.terminated | step.truncated
                # dream: what was paid is kept for the report, as `reward` holds values too
                columns.append((obs, action, chances.log_prob(action), value, reward, done, step.reward))
                obs = step.obs
            next_value = agent(obs)[1]
        seen, actions, log_probs, values, rewards, dones, paid = (torch.stack(c) for c in zip(*columns, strict=True))
        advantages = torch.zeros_like(rewards)
        last = torch.zeros_like(next_value)
        for t in reversed(range(num_steps)):
            ahead = next_value if t == num_steps - 1 else values[t + 1]
            # dream: `dones[t]`, as a step tells its own end; it is CleanRL's `dones[t + 1]`, kept there a step later
            delta = rewards[t] + gamma * ahead * ~dones[t] - values[t]
            last = delta + gamma * gae_lambda * last * ~dones[t]
            advantages[t] = last
        flat = [x.flatten(0, 1) for x in (seen, actions, log_probs, values, advantages, advantages + values)]
        for _ in range(epochs):
            # dream: shuffled on the device, not by NumPy on the host
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
    if out is not None:  # dream: to be judged in the real game, where CleanRL's agent plays all the time
        out.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(out, agent.state_dict(), {"game": game})
    return history


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--total-steps", type=int, default=100_000)
    # dream: as large a batch as CleanRL's 8 x 128, of more and shorter rows: all dreams are one batch for the device.
    # A hundredth of its 10,000,000 steps is a first try.
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--num-steps", type=int, default=32, help="steps of each dream between updates")
    # dream: these three decide what there is to learn from; docs/results.md tells what helped in Breakout and Pong.
    parser.add_argument(
        "--contexts",
        help='where dreams begin: "coming" in Breakout and Pong (the ball is on its way to the paddle), or a .npz',
    )
    parser.add_argument("--dream-steps", type=int, default=50, help="after which a dream is cut off")
    parser.add_argument(
        "--reward-mode", choices=["sample", "mode", "mean"], help='"mean" pays expectations, with less noise'
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where to save the agent, for example runs/ppo.safetensors")
    main(**vars(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(exit_status("examples.ppo_cleanrl_style", command, sys.argv[1:]))  # dream: a mistake is told in one line
