"""One dream as a Gymnasium env: row 0 of a `Dream` of one row.

Its only clock is Gymnasium's TimeLimit, which `gymnasium.make` wraps around it.
"""

from typing import Any

import gymnasium
import numpy as np
import torch

from gym_diamond.envs.actions import keys_to_action, read_actions
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.moments import Snapshot
from gym_diamond.envs.pictures import RENDER_MODES, check_render_mode, frame_space, pictures, to_arrays, to_host
from gym_diamond.envs.starts import check_options, read_play_of_one, read_start
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_frames
from gym_diamond.games import ATARI_FPS


class DreamEnv(gymnasium.Env[np.ndarray, Any]):
    """A `gymnasium.Env` around a ready `Dream` of one row, without a limit and with autoreset "Disabled".

    Args:
        dream: what it dreams. It is the env's own from now on.
        render_mode: None or "rgb_array".

    Raises:
        InvalidArgument: the dream has several rows, a clock or an autoreset of its own, or the mode is unknown.
    """

    metadata: dict[str, Any] = {"render_modes": RENDER_MODES, "render_fps": ATARI_FPS}  # noqa: RUF012 (as in Env)

    def __init__(self, dream: Dream, render_mode: str | None = None) -> None:
        if dream.num_envs != 1 or dream.max_episode_steps is not None or dream.autoreset_mode.value != "Disabled":
            raise InvalidArgument(
                f'{dream!r} does not fit a single env; make it with num_envs=1, autoreset_mode="Disabled" and no limit '
                "(the clock of a single env is Gymnasium's TimeLimit)."
            )
        self.render_mode = check_render_mode(render_mode)
        self.dream = dream
        self.metadata = {"render_modes": RENDER_MODES, "render_fps": dream.world.spec.fps}
        self.observation_space = frame_space(dream)
        self.action_space = dream.world.spec.choices.space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The first frame `(H, W, k*C)` uint8 of a new dream, and an empty info.

        Args:
            seed: s dreams as row i of a vector env seeded s-i does. None goes on with the stream it has.
            options: {"context": ...} says where to start: an index, or real play {"frames": `(T, H, W, C)` uint8,
                "actions": `(T-1,)` int, or `(T-1, A)`} with T >= 1.
        """
        super().reset(seed=seed)
        value = read_play_of_one(check_options(options, ("context",)).get("context"))
        world = self.dream.world
        context = read_start(value, 1, len(self.dream.contexts), world.spec, world.device)
        return to_arrays(self.dream.reset(seed, context=context))[0], {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The next frame `(H, W, k*C)` uint8, the reward, whether the game ended, False, and the info.

        The info holds `end_prob`, a float, and `reward_probs` `(K,)` float32 over `spec.reward_values`.
        """
        world = self.dream.world
        actions = read_actions(action, (), world.spec)[None]  # () -> (1,), or (A,) -> (1, A)
        seen = self.dream.step(torch.from_numpy(actions).to(world.device))
        frame, reward, terminated, end_prob, reward_probs = to_host(
            to_frames(seen.obs[0]),
            seen.reward[0],
            seen.terminated[0],
            seen.end_prob[0],
            seen.reward_probs[0].float(),
        )
        info = {"end_prob": float(end_prob), "reward_probs": reward_probs}
        return frame, float(reward), bool(terminated), False, info

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The current frame `(H, W, 3)` uint8; None without a render mode."""
        return None if self.render_mode is None else pictures(self.dream)[0]

    def close(self) -> None:
        """Let go of the dream."""
        self.dream.close()

    def snapshot(self) -> Snapshot:
        """All that the dream is at this moment. The clock of a TimeLimit is not part of it."""
        return self.dream.snapshot()

    def restore(self, snapshot: Snapshot, seed: int | None = None) -> np.ndarray:
        """The frame `(H, W, k*C)` uint8 at which the dream goes on; with a `seed` its future branches."""
        return to_arrays(self.dream.restore(snapshot, seed))[0]

    def get_action_meanings(self) -> list[str]:
        """The names of the actions, those of several parts part by part."""
        return list(self.dream.world.spec.action_meanings)

    def get_keys_to_action(self) -> dict[tuple[str, ...], Any]:
        """The action of each combination of keys, for `gymnasium.utils.play`. For actions of several parts give it
        `noop=table[()]` of this table as well: its own is 0."""
        spec = self.dream.world.spec
        return keys_to_action(spec.action_meanings, spec.action_sizes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.dream!r}>"

    __str__ = __repr__
