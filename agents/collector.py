"""The agent's own steps in the real game, as the play that its world model is fitted to."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from agents.rollout import draw
from agents.seeded_games import SeededGames
from gym_diamond.data.growing import Played
from gym_diamond.frames import to_obs
from gym_diamond.nn.actor_critic import ActorCritic


class Collector:
    """One real game after the other, played by a network whose memory begins empty with each episode.

    An episode ends with a lost life, as in the reference, though the game goes on.

    Args:
        games: one row.
        policy: who plays, with the weights that it has by then.
        epsilon: the share of its actions that random ones replace.
        seed: of the actions.
    """

    def __init__(self, games: SeededGames, policy: ActorCritic, epsilon: float, seed: int) -> None:
        self._games, self._policy, self._epsilon = games, policy, epsilon
        self._generator = torch.Generator().manual_seed(seed)
        self._memory = policy.initial_state(1)
        self._begins = True  # the current frame is the first of an episode

    def collect(self, num_steps: int) -> Played:
        """The next `num_steps` steps, at least one; a running episode goes on where the last call left it."""
        frames, is_first, actions, rewards, ended, over = [], [], [], [], [], []

        def see(frame: np.ndarray, first: bool, action: int, reward: float, end: bool, game_over: bool) -> None:
            lists = (frames, is_first, actions, rewards, ended, over)
            for values, value in zip(lists, (frame, first, action, reward, end, game_over), strict=True):
                values.append(value)

        for _ in range(num_steps):
            if self._begins:
                see(self._games.frames[0], True, 0, 0.0, False, False)
            action = self._choose()
            step = self._games.step(np.array([action]))
            end = bool(step.life_lost[0] or step.terminated[0])
            see(step.led_to[0], False, action, float(step.rewards[0]), end, bool(step.terminated[0]))
            self._begins = end or bool(step.truncated[0])
            if self._begins:
                self._memory = self._policy.initial_state(1)
        return Played(
            np.stack(frames),
            np.array(is_first, np.bool_),
            np.array(actions, np.int64),
            np.array(rewards, np.float32),
            np.array(ended, np.bool_),
            np.array(over, np.bool_),
        )

    def tensors(self) -> dict[str, Tensor]:
        """All that an exact continuation needs, by name; the network is saved by whoever trains it."""
        own = {"hx": self._memory[0], "cx": self._memory[1], "begins": torch.tensor([self._begins])}
        return own | {"generator": self._generator.get_state()} | self._games.tensors()

    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors()` gave.

        Raises:
            KeyError: a tensor is missing.
            InvalidRun: the game cannot be brought back.
        """
        self._games.load_tensors(tensors)
        self._generator.set_state(tensors["generator"])
        device = self._memory[0].device
        self._memory = tensors["hx"].to(device), tensors["cx"].to(device)
        self._begins = bool(tensors["begins"])

    @torch.no_grad()
    def _choose(self) -> int:
        """The next action, drawn on the host: numbers that were drawn are the same whatever the network's device."""
        obs = to_obs(torch.from_numpy(self._games.frames).to(self._memory[0].device))
        logits, _, self._memory = self._policy(obs, self._memory)
        chosen = draw(logits.cpu(), self._generator)
        drawn = torch.randint(logits.shape[1], (1,), generator=self._generator)
        explores = torch.rand((), generator=self._generator) < self._epsilon
        return int(drawn if explores else chosen)
