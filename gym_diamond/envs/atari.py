"""Reality: many copies of one Atari game in the emulator, prepared as the reference prepares them.

Frames are 64x64 RGB, each the maximum over the last two of four emulated frames, shrunk by area. Rewards are unclipped,
there is no automatic FIRE, and a game begins after 0 to 30 no-ops (the reference's after 1 to 30). The only file that
knows the emulator (`ale_py`), and the only one that has to know what it does its own way: see `RealAtari.step`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from gym_diamond.choices import Choices
from gym_diamond.errors import InvalidArgument, MissingExtra
from gym_diamond.games import ATARI_FPS, game, snake

FRAME_SIZE = 64
FRAME_SKIP = 4
MAX_NOOPS = 30
MAX_EMULATED_FRAMES = 108_000  # half an hour of play, ALE's own limit
MAX_SEED = 2**31 - 1


class RealAtari(VectorEnv):
    """`num_envs` copies of one real game, as a vector env with SAME_STEP autoreset.

    A step's info holds `lives` (N,) and `life_lost` (N,) bool: a life was lost and the game goes on. Where a game is
    over, `final_obs` (an object array, with its mask `_final_obs`) holds its last frame, and the obs is the first of
    the next game.
    """

    metadata: ClassVar[dict[str, Any]] = {  # pyright: ignore[reportIncompatibleVariableOverride]
        "autoreset_mode": AutoresetMode.SAME_STEP,
        "render_fps": ATARI_FPS,
        "render_modes": [],
    }

    def __init__(
        self,
        name: str,
        num_envs: int = 1,
        *,
        repeat_action_probability: float = 0.0,
        max_noops: int = MAX_NOOPS,
        num_threads: int = 1,
    ) -> None:
        """N games; `reset` begins them.

        Args:
            name: the game, "Breakout".
            num_envs: N.
            repeat_action_probability: of ignoring the new action for one emulated frame; 0 as in the reference, 0.25
                in ALE's own `-v5` ids ("sticky actions").
            max_noops: a game begins after 0 to `max_noops` no-ops.
            num_threads: that emulate in parallel; 0 = as many as there are processors.

        Raises:
            UnknownGame: ALE has no such game.
            InvalidArgument: `num_envs` or `repeat_action_probability` is out of range.
            MissingExtra: the emulator is not installed.
        """
        self.game = game(name)
        if num_envs < 1:
            raise InvalidArgument(f"num_envs is {num_envs}; it must be at least 1.")
        if not 0 <= repeat_action_probability < 1:
            raise InvalidArgument(f"repeat_action_probability is {repeat_action_probability}; it must be in [0, 1).")
        native = _native_class()
        self._native = native(
            snake(name),
            num_envs,
            num_threads=num_threads,
            max_num_frames_per_episode=MAX_EMULATED_FRAMES,
            repeat_action_probability=repeat_action_probability,
            full_action_space=False,
            autoreset_mode=AutoresetMode.SAME_STEP,
            img_height=FRAME_SIZE,
            img_width=FRAME_SIZE,
            grayscale=False,
            stack_num=1,
            frameskip=FRAME_SKIP,
            maxpool=True,
            noop_max=max_noops + 1,  # the emulator draws from 0 .. noop_max - 1
            episodic_life=False,
            life_loss_info=False,  # it would make a lost life and a lost game look alike
            reward_clipping=False,
            use_fire_reset=False,
        )
        self.num_envs = num_envs
        self.frame_shape = (FRAME_SIZE, FRAME_SIZE, 3)
        self.single_observation_space = Box(0, np.iinfo(np.uint8).max, self.frame_shape, np.uint8)
        self.single_action_space = Discrete(len(self.game.action_meanings))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._choices = Choices(len(self.game.action_meanings))
        self._lives = np.zeros(num_envs, np.int64)
        self._has_begun = False

    def reset(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, *, seed: int | Sequence[int] | np.ndarray | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The frames `(N, 64, 64, 3)` uint8 of all games, after those that are to began anew, and their lives.

        Games that were given equal seeds stay equal as long as their actions do, and the k-th game that such rows begin
        is the same whatever was played before it.

        Args:
            seed: s gives row i the seed s+i; N seeds give each row its own, from 0 to 2**31 - 1. None goes on with the
                stream of random no-ops that a row has, which takes a tenth of the time.
            options: {"reset_mask": `(N,)` bool} leaves the other rows where they are; not at the very first reset.

        Raises:
            InvalidArgument: a seed is out of range, there is another number of seeds than of rows, or an option is
                not known.
        """
        if set(options or ()) - {"reset_mask"}:
            raise InvalidArgument(f"reset has no options but 'reset_mask', and is given {', '.join(options or ())}.")
        seeds = None if seed is None else self._seeds(seed)
        if seeds is not None and options is not None and "reset_mask" in options:
            seeds = seeds[options["reset_mask"]]  # the emulator wants those of the rows that begin only
        obs, info = self._native.reset(seed=seeds, options=options)
        self._has_begun = True
        self._lives = info["lives"].astype(np.int64)
        return obs[:, 0], {"lives": self._lives.copy()}  # (N, 1, H, W, C) -> (N, H, W, C)

    def step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Frames, rewards (float64), terminated (game over), truncated (half an hour) and info after N actions.

        The emulator itself gives integer rewards, `final_obs` as one array whose rows mean nothing where no game is
        over, no mask for it, and the lives of the *next* game beside the end of the last.

        Raises:
            InvalidArgument: the actions are not N integers in range.
            ResetNeeded: there was no reset yet.
        """
        if not self._has_begun:
            raise ResetNeeded("There is no game yet: call reset() first.")
        chosen = np.asarray(actions)
        if chosen.shape != (self.num_envs,) or chosen.dtype.kind not in "iu" or not self._choices.contains(chosen):
            raise InvalidArgument(
                f"actions are {chosen.tolist()}; they must be {self.num_envs} integers, {self._choices.range}."
            )
        obs, rewards, terminated, truncated, native_info = self._native.step(chosen.astype(np.int64))
        done = terminated | truncated
        lives = native_info["lives"].astype(np.int64)
        info: dict[str, Any] = {"lives": lives, "life_lost": ~done & (lives < self._lives)}
        self._lives = lives.copy()
        if done.any():
            final_obs = np.full(self.num_envs, None, dtype=object)
            for row in np.flatnonzero(done):
                final_obs[row] = native_info["final_obs"][row, 0]
            info |= {"final_obs": final_obs, "_final_obs": done}
        return obs[:, 0], rewards.astype(np.float64), terminated, truncated, info  # (N, 1, H, W, C) -> (N, H, W, C)

    def _seeds(self, seed: int | Sequence[int] | np.ndarray) -> np.ndarray:
        seeds = np.arange(seed, seed + self.num_envs) if isinstance(seed, int | np.integer) else np.asarray(seed)
        if (
            seeds.shape != (self.num_envs,)
            or seeds.dtype.kind not in "iu"
            or not ((seeds >= 0) & (seeds <= MAX_SEED)).all()
        ):
            raise InvalidArgument(
                f"seed is {seed}; it must be one seed, or one for each of the {self.num_envs} rows, and those of all "
                f"rows (one seed s gives row i the seed s + i) from 0 to {MAX_SEED}."
            )
        return seeds.astype(np.int64)


def _native_class() -> type:
    try:
        from ale_py import ALEInterface, LoggerMode
        from ale_py.vector_env import AtariVectorEnv
    except ImportError as error:
        raise MissingExtra(
            'Real Atari games need the emulator: pip install "gym-diamond[atari]". (Dreams do not.)'
        ) from error
    ALEInterface.setLoggerMode(LoggerMode.Error)

    class NativeAtari(AtariVectorEnv):
        # Without its own dictionary, it would write its autoreset mode into the one that all vector envs share.
        metadata: ClassVar[dict[str, Any]] = {}  # pyright: ignore[reportIncompatibleVariableOverride]

    return NativeAtari
