"""Many dreams as a Gymnasium vector env: the NumPy face of a `Dream`, one batched step for all rows.

Observations, infos and the three autoreset modes are to the letter those of a `gymnasium.vector.SyncVectorEnv` of
single dreams with seeds s, s+1, ...
"""

from typing import Any

import numpy as np
import torch
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from gym_diamond.envs.actions import read_actions
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import DreamStep, Snapshot
from gym_diamond.envs.pictures import (
    RENDER_MODES,
    check_render_mode,
    frame_space,
    pictures,
    to_arrays,
    to_host,
    workspace_of,
)
from gym_diamond.envs.starts import check_options, read_start
from gym_diamond.envs.streams import Seeds, row_seeds
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_frames


class DreamVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """A `gymnasium.vector.VectorEnv` around a ready `Dream`.

    Args:
        dream: what it dreams. It is the env's own from now on.
        render_mode: None or "rgb_array".

    Raises:
        InvalidArgument: the mode is unknown.
    """

    def __init__(self, dream: Dream, render_mode: str | None = None) -> None:
        spec = dream.world.spec
        self.render_mode = check_render_mode(render_mode)
        self.dream = dream
        self.num_envs = dream.num_envs
        self.metadata = {  # of its own: the class's dictionary is shared by every vector env there is
            "render_modes": RENDER_MODES,
            "render_fps": spec.fps,
            "autoreset_mode": dream.autoreset_mode,
        }
        self.single_observation_space = frame_space(dream)
        self.single_action_space = spec.choices.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._workspace = workspace_of(dream)

    def reset(
        self, *, seed: Seeds | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The observations `(N, H, W, k*C)` uint8 of all rows after a reset, and an empty info.

        Args:
            seed: s dreams row i with the stream of seed s+i; a sequence gives each row its own. None, or None in a
                row's place, goes on with the stream the row has. Of several processes with N rows each, let number r
                use s + r * N: then all rows have streams of their own.
            options: {"context": ..., "reset_mask": ...}, both optional. A context is an index (every row starts
                there), N indices, or real play {"frames": `(N, T, H, W, C)` uint8, "actions": `(N, T-1)` int}, T >= 1
                (actions of A parts: `(N, T-1, A)`). A mask `(N,)` bool says which rows are reset; contexts keep their N
                rows under it.

        Raises:
            InvalidArgument: a value has a wrong shape, dtype or range, or an option is not known.
        """
        if isinstance(seed, int):
            super().reset(seed=seed)
        given = check_options(options)
        spec, device = self.dream.world.spec, self.dream.world.device
        mask = self._read_mask(given["reset_mask"]) if "reset_mask" in given else None
        context = read_start(given.get("context"), self.num_envs, len(self.dream.contexts), spec, device, mask)
        if mask is None:
            return to_arrays(self.dream.reset(seed, context=context)), {}
        if seed is not None:  # what is given for rows that are not reset is ignored
            seed = [one if meant else None for one, meant in zip(row_seeds(seed, self.num_envs), mask, strict=True)]
        chosen = torch.from_numpy(mask.copy()).to(device)
        return to_arrays(self.dream.reset(seed, context=context, mask=chosen)), {}

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Observations `(N, H, W, k*C)` uint8, rewards `(N,)` float64, terminations, truncations and infos.

        Infos hold `end_prob` `(N,)` and `reward_probs` `(N, K)` over `spec.reward_values`, each with its mask
        (`_end_prob`, `_reward_probs`) of the rows that stepped and were not reset. In autoreset mode "SameStep" the
        rows that are over have `final_obs` (an object array) and `final_info`, which holds their probabilities.

        Args:
            actions: `(N,)` integers, or `(N, A)` of A parts. In "NextStep", rows that are over ignore theirs.

        Raises:
            InvalidArgument: the actions have a wrong shape, dtype or range.
            ResetNeeded: a row is over and was not reset (in "Disabled"), or there was no reset yet.
        """
        if self.dream.autoreset_mode is AutoresetMode.DISABLED and self.dream.snapshot().done.any():
            over = self.dream.snapshot().done.nonzero().flatten().tolist()
            raise ResetNeeded(f'Rows {over} are over; reset them first with options={{"reset_mask": mask}}.')
        world = self.dream.world
        chosen = read_actions(actions, (self.num_envs,), world.spec)
        seen = self.dream.step(torch.from_numpy(chosen).to(world.device))
        frames, reward, terminated, truncated, end_prob, reward_probs, stepped = to_host(
            to_frames(seen.obs, self._workspace),
            seen.reward,
            seen.terminated,
            seen.truncated,
            seen.end_prob,
            seen.reward_probs.float(),
            seen.stepped,
        )
        values = {"end_prob": end_prob.astype(np.float64), "reward_probs": reward_probs}
        infos = self._infos(seen, values, stepped, terminated | truncated)
        return frames, reward.astype(np.float64), terminated, truncated, infos

    def render(self) -> tuple[np.ndarray, ...] | None:
        """The current frame `(H, W, 3)` uint8 of each row; None without a render mode."""
        return None if self.render_mode is None else tuple(pictures(self.dream))

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the dreams."""
        self.dream.close()
        self._workspace = None

    def snapshot(self) -> Snapshot:
        """All that the dreams are at this moment, clocks included."""
        return self.dream.snapshot()

    def restore(self, snapshot: Snapshot, seed: int | None = None) -> np.ndarray:
        """The observations `(N, H, W, k*C)` uint8 at which the dreams go on; with a `seed` their future branches."""
        return to_arrays(self.dream.restore(snapshot, seed))

    def get_action_meanings(self) -> list[str]:
        """The names of the actions, those of several parts part by part."""
        return list(self.dream.world.spec.action_meanings)

    def _infos(
        self, seen: DreamStep, values: dict[str, np.ndarray], stepped: np.ndarray, done: np.ndarray
    ) -> dict[str, Any]:
        if self.dream.autoreset_mode is not AutoresetMode.SAME_STEP or not done.any():
            return _masked(values, stepped)
        final_obs = np.full(self.num_envs, None, dtype=object)
        over = np.flatnonzero(done)  # few, as a rule: the frames of the others need not leave the device
        last = to_arrays(seen.final_obs[torch.from_numpy(over).to(seen.final_obs.device)])
        for i, frames in zip(over, last, strict=True):
            final_obs[i] = frames.copy()
        final = {"final_obs": final_obs, "_final_obs": done, "final_info": _masked(values, done), "_final_info": done}
        return {name: value.copy() for name, value in final.items()} | _masked(values, ~done)

    def _read_mask(self, mask: Any) -> np.ndarray:
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise InvalidArgument(f"reset_mask is {mask!r}; it must be a NumPy array of {self.num_envs} booleans.")
        if not mask.any():
            raise InvalidArgument("reset_mask is False everywhere; name at least one row to reset.")
        return mask

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dream!r})"


def _masked(values: dict[str, np.ndarray], mask: np.ndarray) -> dict[str, np.ndarray]:
    """`values` with zeros outside of `mask` and the masks beside them; nothing where no row has them."""
    if not mask.any():
        return {}
    if mask.all():
        return values | {f"_{name}": mask.copy() for name in values}
    infos = {}
    for name, value in values.items():
        rows = mask.reshape(-1, *[1] * (value.ndim - 1))  # (N,) -> (N, 1, ...)
        infos |= {name: np.where(rows, value, np.zeros_like(value)), f"_{name}": mask.copy()}
    return infos
