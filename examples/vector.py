"""Dream many games in one batch, start them from chosen moments, and branch the future from a snapshot."""

import argparse

import gymnasium
import numpy as np

import gym_diamond  # registers the ids


def main(num_envs: int, steps: int) -> float:
    """The share of pixels in which two futures of the same moment differ after `steps` steps."""
    gymnasium.register_envs(gym_diamond)
    envs = gymnasium.make_vec("DiamondDream-Breakout-v0", num_envs=num_envs, max_episode_steps=-1)
    envs.reset(seed=0, options={"context": np.arange(num_envs)})  # row i starts at moment i of the bundled bank
    moment = envs.snapshot()
    actions = np.zeros(num_envs, np.int64)  # NOOP

    def future(seed: int | None) -> np.ndarray:
        observations = envs.restore(moment, seed)
        for _ in range(steps):
            observations, *_ = envs.step(actions)
        return observations

    once, again, other = future(None), future(None), future(seed=1)
    assert np.array_equal(once, again), "the same streams dream the same future, to the bit"
    envs.close()
    return float((once != other).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-envs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    print(f"two futures differ in {main(arguments.num_envs, arguments.steps):.1%} of their pixels")
