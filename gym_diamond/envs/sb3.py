"""A vector env of dreams as a Stable-Baselines3 `VecEnv`, which does not take Gymnasium's.

    envs = DreamVecEnv(gymnasium.make_vec("DiamondDream-Breakout-v0", num_envs=8))
    PPO("CnnPolicy", envs).learn(10_000)

The only file here that knows stable_baselines3. It behaves like a `DummyVecEnv` of single dreams, at one batched step.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument, MissingExtra

try:
    from stable_baselines3.common.vec_env import VecEnv
except ModuleNotFoundError as error:
    raise MissingExtra('Stable-Baselines3 is not installed: pip install "gym-diamond[sb3]"') from error


class DreamVecEnv(VecEnv):
    """A `VecEnv` around `envs`.

    Wrap it in SB3's `VecMonitor` to have episode returns logged.

    Args:
        envs: a `DreamVectorEnv` with autoreset mode "SameStep", which is SB3's own.

    Raises:
        InvalidArgument: `envs` is something else.
    """

    def __init__(self, envs: Any) -> None:
        if not isinstance(envs, DreamVectorEnv) or envs.dream.autoreset_mode.value != "SameStep":
            raise InvalidArgument(
                f"{envs!r} cannot be adapted; give the vector env that gymnasium.make_vec makes of a DiamondDream id, "
                'with autoreset_mode="SameStep".'
            )
        self.envs = envs
        self._actions = np.zeros((envs.num_envs, *envs.dream.world.spec.choices.shape), np.int64)
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self.metadata["render_fps"] = envs.metadata["render_fps"]

    def reset(self) -> np.ndarray:
        """The observations `(N, H, W, k*C)` uint8 after a reset with the seeds and options that were set."""
        obs, _ = self.envs.reset(seed=self._seeds, options=_joined(self._options))
        self.reset_infos = [{} for _ in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return obs

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions `(N,)`, or `(N, A)`, for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Observations, rewards `(N,)` float32, dones `(N,)` and an info for each row.

        The observation of a row that is done is the first of its next dream. Its info has the last one of the old as
        `terminal_observation`; `TimeLimit.truncated` is whether the time ran out rather than the game.
        """
        obs, rewards, terminated, truncated, infos = self.envs.step(self._actions)
        dones = terminated | truncated
        split = []
        for i in range(self.num_envs):
            info = _row(infos["final_info"] if dones[i] else infos, i)
            info["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
            if dones[i]:
                info["terminal_observation"] = infos["final_obs"][i]
            split.append(info)
        return obs, rewards.astype(np.float32), dones, split

    def close(self) -> None:
        """Close the vector env."""
        self.envs.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """The current frame of each row."""
        return list(self.envs.render() or [None] * self.num_envs)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute of the vector env, once for each index: rows have none of their own."""
        return [getattr(self.envs, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the vector env, for all rows."""
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """What a method of the vector env returns, called once and given once for each index."""
        result = getattr(self.envs, method_name)(*method_args, **method_kwargs)
        return [result] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """False for each index: rows have no wrappers."""
        return [False] * len(list(self._get_indices(indices)))


def _row(infos: dict[str, Any], i: int) -> dict[str, Any]:
    names = ("end_prob", "reward_probs")
    return {name: infos[name][i] for name in names if name in infos and infos[f"_{name}"][i]}


def _joined(options: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The options of all rows as those of a vector env; only "context" exists, and either all rows have it or none."""
    if not any(options):
        return None
    if not all(set(row) == {"context"} for row in options):
        raise InvalidArgument(f"options are {list(options)!r}; give every row a context, and nothing else.")
    contexts = [row["context"] for row in options]
    if not isinstance(contexts[0], dict):
        return {"context": contexts}
    return {"context": {name: np.stack([play[name] for play in contexts]) for name in contexts[0]}}
