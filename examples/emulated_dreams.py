"""Perfect dreams: the emulator itself begins where dreams begin, and ends where they end. For Breakout and Pong.

What an agent does not learn in a dream may be the world's fault. It may also be that of the moments where dreams begin,
of their length, or of who learns. Here the world is right, so what is not learned here is none of its fault, and how
many steps it takes here is the least that a world can hope for.
"""

from collections import deque
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium.spaces import Box

from examples.begin_in_play import ball_comes
from examples.lost_ball import behind_opponent
from examples.ppo_in_reality import PlainVecEnv
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import FRAME_SIZE, FRAME_SKIP, MAX_NOOPS, RealAtari
from gym_diamond.evaluation.ball import place_balls
from gym_diamond.games import snake

PLAYERS = ("random", "sticky")  # take turns, a game each
LOOK_EVERY = 8  # steps: neighbouring moments are nearly the same
SCREEN = (210, 160, 3)


def shares(num: int, size: int) -> np.ndarray:
    """How much of each of `num` pixels lies in each of `size` equal parts of a line, of the part: `(size, num)`."""
    edges, places = np.linspace(0, num, size + 1), np.arange(num)
    overlap = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    return (overlap.clip(min=0) * size / num).astype(np.float32)


ROWS, COLUMNS = (shares(side, FRAME_SIZE) for side in SCREEN[:2])  # a frame is its screen, averaged by area


class Moment(NamedTuple):
    """Where a dream begins."""

    frames: np.ndarray  # (k, H, W, C) uint8, the last k, oldest first
    state: Any  # of the emulator
    lives: int


class Emulator:
    """One game that can be set back, prepared as `RealAtari` prepares it."""

    def __init__(self, game: str) -> None:
        from ale_py import ALEInterface, LoggerMode, roms  # an extra: whoever asks for other methods may lack it

        ALEInterface.setLoggerMode(LoggerMode.Error)  # it would greet each game
        self.ale = ALEInterface()
        self.ale.setFloat("repeat_action_probability", 0.0)
        self.ale.loadROM(roms.get_rom_path(snake(game)))
        self.actions = self.ale.getMinimalActionSet()
        self._screens = np.empty((2, *SCREEN), np.uint8)

    def begin(self, num_noops: int) -> None:
        """A new game, after so many emulated frames without an action."""
        self.ale.reset_game()
        for _ in range(num_noops):
            self.ale.act(self.actions[0])

    def step(self, action: int) -> tuple[np.ndarray, float]:
        """The frame `(64, 64, 3)` uint8 and the reward after an action that is held for four emulated frames."""
        reward = 0.0
        for i in range(FRAME_SKIP):
            reward += self.ale.act(self.actions[action])
            self.ale.getScreenRGB(self._screens[i % 2])
        screen = self._screens.max(axis=0).astype(np.float32)
        frame = np.einsum("ih,hwc,jw->ijc", ROWS, screen, COLUMNS, optimize=True)  # (210, 160, 3) -> (64, 64, 3)
        return np.rint(frame).astype(np.uint8), reward


def moments(game: str, num: int, frame_stack: int, seed: int) -> list[Moment]:
    """Moments of play of chance in which the ball is on its way to the agent's paddle; 500 take some twenty seconds.

    Args:
        game: "Breakout" or "Pong".
        num: how many.
        frame_stack: k, the frames that come with each.
        seed: of the play.
    """
    info = atari_info(RealAtari(game))  # says what is to be installed, if the emulator is not
    emulator, rng, found = Emulator(game), np.random.default_rng(seed), []
    players = [make_policy(name, info, 1) for name in PLAYERS]
    row = np.zeros(1, np.int64)
    for number in count():
        player, frames = players[number % len(players)], deque[np.ndarray](maxlen=max(2, frame_stack))
        player.begin(row)
        emulator.begin(int(rng.integers(MAX_NOOPS + 1)))
        frames.append(emulator.step(0)[0])
        for step in count(1):
            if emulator.ale.game_over():
                break
            frames.append(emulator.step(int(player.act(row, frames[-1][None], rng)[0]))[0])
            if step % LOOK_EVERY == 0 and len(frames) == frames.maxlen and _ball_comes(game, frames):
                found.append(Moment(np.stack(frames)[-frame_stack:], emulator.ale.cloneState(), emulator.ale.lives()))
                if len(found) == num:
                    return found
    raise AssertionError("games are counted without an end")


def _ball_comes(game: str, frames: deque[np.ndarray]) -> bool:
    before, last = (torch.from_numpy(frames[t])[None] for t in (-2, -1))
    return bool(ball_comes(game, before, last))


class EmulatedDreams(PlainVecEnv):
    """Dreams of a perfect world for stable-baselines3: k frames stacked, rewards are signs, a lost life is an end.

    Args:
        game: "Breakout" or "Pong".
        num_envs: N.
        starts: of `moments`; k is that of their frames.
        seed: of where dreams begin, together with that which `VecEnv.seed` gives.
        max_steps: after which a dream is cut off; at first the rows are spread over them.
        lost_after: frames on end without a ball that end a dream; 0 = it goes on.
        lost_pays: what such an end pays, other losses then paying nothing, unless its ball was last seen behind the
            opponent; None = what the game says.
    """

    def __init__(
        self,
        game: str,
        num_envs: int,
        starts: list[Moment],
        seed: int,
        max_steps: int,
        lost_after: int = 0,
        lost_pays: float | None = None,
    ) -> None:
        k, height, width, channels = starts[0].frames.shape
        self.game, self.starts, self.max_steps = game, starts, max_steps
        self.lost_after, self.lost_pays = lost_after, lost_pays
        self.emulators = [Emulator(game) for _ in range(num_envs)]
        self.first_seed, self.rng = seed, np.random.default_rng(seed)
        self.frames = np.zeros((num_envs, k, height, width, channels), np.uint8)
        self.elapsed, self.lives, self.without_ball = np.zeros((3, num_envs), np.int64)
        self.behind = np.zeros(num_envs, np.bool_)  # where the ball was last seen: behind the opponent?
        space = Box(0, 255, (height, width, k * channels), np.uint8)
        super().__init__(num_envs, space, RealAtari(game).single_action_space)

    def reset(self) -> np.ndarray:
        if self._seeds[0] is not None:
            self.rng = np.random.default_rng((self.first_seed, self._seeds[0]))
            self._reset_seeds()
        for row in range(self.num_envs):
            self._begin(row)
        self.elapsed = np.arange(self.num_envs) * self.max_steps // self.num_envs
        return self._obs()

    def step_async(self, actions: np.ndarray) -> None:
        self.actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        played = [one.step(int(action)) for one, action in zip(self.emulators, self.actions, strict=True)]
        self.frames = np.concatenate([self.frames[:, 1:], np.stack([frame for frame, _ in played])[:, None]], axis=1)
        self.elapsed += 1
        rewards, terminated = self._judged(np.sign([reward for _, reward in played]))
        dones = terminated | (self.elapsed >= self.max_steps)
        infos: list[dict[str, Any]] = [{} for _ in dones]
        last = self._obs()
        for row in np.flatnonzero(dones):
            infos[row] = {"terminal_observation": last[row], "TimeLimit.truncated": not terminated[row]}
            self._begin(int(row))
        return self._obs(), rewards.astype(np.float32), dones, infos

    def _judged(self, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rewards and ends `(N,)`, as `lost_ball.ending_without_ball` has them."""
        places = place_balls(self.game, torch.from_numpy(self.frames[:, -1:]))[:, 0]  # (N, H, W), each frame on its own
        seen = places.flatten(1).any(1).numpy()
        self.without_ball = np.where(seen, 0, self.without_ball + 1)
        self.behind = np.where(seen, behind_opponent(self.game, places).numpy(), self.behind)
        gone = (self.without_ball >= self.lost_after) & (self.lost_after > 0)
        lives = np.array([one.ale.lives() for one in self.emulators])
        over = np.array([one.ale.game_over() for one in self.emulators])
        rewards = signs if self.lost_pays is None else signs.clip(min=0) + self.lost_pays * (gone & ~self.behind)
        return rewards, over | (lives < self.lives) | gone

    def _begin(self, row: int) -> None:
        start = self.starts[self.rng.integers(len(self.starts))]
        self.emulators[row].ale.restoreState(start.state)
        self.frames[row], self.lives[row] = start.frames, start.lives
        self.elapsed[row] = self.without_ball[row] = 0
        self.behind[row] = False

    def _obs(self) -> np.ndarray:
        """Frames of their own: `frames` is written to where dreams begin anew."""
        return np.concatenate(list(self.frames.swapaxes(0, 1)), axis=-1)  # (N, k, H, W, C) -> (N, H, W, k*C)
