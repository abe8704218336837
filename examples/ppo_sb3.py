"""Train stable-baselines3's PPO inside dreams of Breakout. Needs `pip install "gym-diamond[sb3]"`."""

import argparse

import gymnasium
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor

import gym_diamond  # registers the ids
from gym_diamond.envs.sb3 import DreamVecEnv


def main(total_timesteps: int, num_envs: int, n_steps: int, out: str | None) -> PPO:
    """The trained agent, also saved to `out` where one is given."""
    gymnasium.register_envs(gym_diamond)
    envs = gymnasium.make_vec(
        "DiamondDream-Breakout-v0",
        num_envs=num_envs,
        contexts="coming",  # begun with the ball on its way to the paddle
        frame_stack=4,  # the dream's real history: no zero frames after a reset
        stagger=True,  # not all dreams run out of time in the same step
    )
    agent = PPO("CnnPolicy", VecMonitor(DreamVecEnv(envs)), n_steps=n_steps, batch_size=num_envs * n_steps, seed=0)
    agent.learn(total_timesteps)
    if out is not None:
        agent.save(out)
    return agent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--total-timesteps", type=int, default=20_000)
    parser.add_argument("--num-envs", type=int, default=16)
    parser.add_argument("--n-steps", type=int, default=32, help="steps of each dream between updates")
    parser.add_argument("--out", help="where to save the agent, for example runs/ppo.zip")
    arguments = parser.parse_args()
    main(arguments.total_timesteps, arguments.num_envs, arguments.n_steps, arguments.out)
