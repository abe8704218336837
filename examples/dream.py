"""Step through a dream of Breakout with random actions: the six lines that every Gymnasium user knows."""

import argparse

import gymnasium

import gym_diamond  # registers the ids


def main(steps: int) -> float:
    """The sum of rewards of `steps` random steps."""
    gymnasium.register_envs(gym_diamond)
    env = gymnasium.make("DiamondDream-Breakout-v0")
    env.reset(seed=0)
    env.action_space.seed(0)
    total = 0.0
    for _ in range(steps):
        _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        total += float(reward)
        if terminated or truncated:
            env.reset()
    env.close()
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    print(f"return: {main(parser.parse_args().steps):+.0f}")
