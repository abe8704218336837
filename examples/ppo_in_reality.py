"""Train stable-baselines3's PPO in the real game and keep checkpoints of every skill. Needs `gym-diamond[atari,sb3]`.

A world dreams well only what it has seen, and chance alone sees little of a game. So let an agent learn it, and let its
checkpoints play when data is collected, the early ones for the mistakes, the late ones for the long rallies:

    python examples/ppo_in_reality.py --game Breakout --total-timesteps 300000 --out runs/ppo
    gym-diamond collect Breakout --steps 40000 --dataset breakout/ppo-v0 --epsilon 0.05 --policy runs/ppo/Breakout_*.zip
"""

import argparse
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import CheckpointCallback
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from gym_diamond.envs.atari import RealAtari


class PlainVecEnv(VecEnv):
    """What SB3 may ask of envs that are no Python objects of their own: nothing."""

    def close(self) -> None: ...

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None for _ in self._get_indices(indices)]  # asked for render_mode: there is nothing to render

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]


class RealVecEnv(PlainVecEnv):
    """Real games as SB3 wants them: k frames stacked, an episode ends with a life, rewards are signs."""

    def __init__(self, game: str, num_envs: int, frame_stack: int, seed: int, num_threads: int = 1) -> None:
        from gymnasium.spaces import Box

        self.envs = RealAtari(game, num_envs, num_threads=num_threads)
        height, width, channels = self.envs.frame_shape
        self.frames: deque[np.ndarray] = deque(maxlen=frame_stack)  # each (N, H, W, C), oldest first
        self.first_seed = seed
        space = Box(0, 255, (height, width, channels * frame_stack), np.uint8)
        super().__init__(num_envs, space, self.envs.single_action_space)

    def reset(self) -> np.ndarray:
        frames, _ = self.envs.reset(seed=self.first_seed + (self._seeds[0] or 0))
        self._reset_seeds()
        self.frames.extend([frames] * (self.frames.maxlen or 1))
        return self._obs()

    def step_async(self, actions: np.ndarray) -> None:
        self.actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        frames, rewards, terminated, truncated, info = self.envs.step(self.actions)
        dones = terminated | truncated | info["life_lost"]
        self.frames.append(frames)
        infos: list[dict[str, Any]] = [{} for _ in dones]
        if dones.any():
            last = self._obs()
            for row in np.flatnonzero(terminated | truncated):  # there the newest frame is the first of the next game
                last[row, :, :, -frames.shape[-1] :] = info["final_obs"][row]
            for row in np.flatnonzero(dones):
                infos[row] = {
                    "terminal_observation": last[row],
                    "TimeLimit.truncated": bool(truncated[row] & ~terminated[row]),
                }
                for seen in self.frames:  # the next life begins with nothing behind it
                    seen[row] = frames[row]
        return self._obs(), np.sign(rewards).astype(np.float32), dones, infos

    def _obs(self) -> np.ndarray:
        return np.concatenate(list(self.frames), axis=-1)  # k x (N, H, W, C) -> (N, H, W, k*C)

    def close(self) -> None:
        self.envs.close()


def main(
    game: str, total_timesteps: int, num_checkpoints: int, num_envs: int, n_steps: int, seed: int, out: str
) -> PPO:
    """The trained agent; its checkpoints are `out`/GAME_STEPS_steps.zip."""
    envs = VecMonitor(RealVecEnv(game, num_envs, frame_stack=2, seed=seed))
    agent = PPO(
        "CnnPolicy",
        envs,
        n_steps=n_steps,
        batch_size=max(32, num_envs * n_steps // 4),
        n_epochs=3,
        learning_rate=lambda left: 5e-4 * left,
        clip_range=0.1,
        ent_coef=0.01,
        gamma=0.99,
        policy_kwargs={"features_extractor_kwargs": {"features_dim": 256}},
        seed=seed,
        device="cpu",
        verbose=1,
    )
    every = max(1, total_timesteps // num_checkpoints // num_envs)
    agent.learn(total_timesteps, callback=CheckpointCallback(every, str(Path(out)), name_prefix=game))
    envs.close()
    return agent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--total-timesteps", type=int, default=300_000)
    parser.add_argument("--num-checkpoints", type=int, default=6)
    parser.add_argument("--num-envs", type=int, default=16)
    parser.add_argument("--n-steps", type=int, default=64, help="steps of each game between updates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="runs/ppo")
    arguments = parser.parse_args()
    main(**vars(arguments))
