"""What a world believes of rewards and ends, beside what was played."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.data.rewards import reward_classes
from gym_diamond.data.segments import SegmentStore
from gym_diamond.world_models.protocol import Context, Judgement, WorldModel

BURN_IN = 4  # transitions that the model is shown before those on which it is judged
JUDGED_AT_ONCE = 14  # transitions of a window that are judged: with the burn-in, as many as it is fitted on
MAX_WINDOWS = 16  # at a time; 64x64 frames at full width take 0.3 GB for each layer that is alive


class Judged(NamedTuple):
    """Consecutive transitions of one episode: what was played, and what a model believes of them."""

    reward: np.ndarray  # (T,) int64, the class of the reward
    end: np.ndarray  # (T,) bool
    reward_probs: np.ndarray  # (T, K)
    end_prob: np.ndarray  # (T,)
    earned: np.ndarray  # (T,) float32, the reward itself

    @property
    def predicted_reward(self) -> np.ndarray:
        """`(T,)` int64, the class that is likeliest."""
        return self.reward_probs.argmax(axis=1)

    @property
    def predicted_end(self) -> np.ndarray:
        """`(T,)` bool: an end is likelier than not."""
        return self.end_prob > 0.5

    def until(self, num: int) -> "Judged":
        """The first `num` of its transitions."""
        return Judged(*(leaf[:num] for leaf in self))


def judged(
    rew: Tensor, end: Tensor, reward_probs: Tensor, end_prob: Tensor, reward_values: tuple[float, ...]
) -> list[Judged]:
    """One `Judged` for each row of what was played, `(B, T)` each, and of the beliefs `(B, T, K)` and `(B, T)`."""
    leaves = (reward_classes(rew, reward_values), end, reward_probs.float().cpu(), end_prob.float().cpu(), rew)
    return [Judged(*(leaf[row].numpy() for leaf in leaves)) for row in range(len(rew))]


@torch.no_grad()
def judge_episode(world: WorldModel[Any, Any], episode: Episode) -> Judged:
    """The beliefs of `world` about every transition of `episode`, given the real frames.

    The episode is shown in windows of the length that models are fitted on; each begins with `BURN_IN` transitions that
    only remind the model of what came before, padding at the beginning of the episode.
    """
    store, num = SegmentStore.from_episodes([episode]), len(episode.actions)
    starts = torch.arange(0, num, JUDGED_AT_ONCE) - BURN_IN  # (W,)
    parts = [_judge_windows(world, store, part) for part in starts.split(MAX_WINDOWS)]
    reward_probs, end_prob = (torch.cat(leaves).flatten(0, 1)[:num] for leaves in zip(*parts, strict=True))  # W*14 >= T
    rew, end = store.rew[:num], store.end[:num]
    return judged(rew[None], end[None], reward_probs[None], end_prob[None], world.spec.reward_values)[0]


def _judge_windows(world: WorldModel[Any, Any], store: SegmentStore, starts: Tensor) -> Judgement:
    play = store.gather(torch.zeros_like(starts), starts, BURN_IN + JUDGED_AT_ONCE + 1)
    beliefs = world.judge(Context(*(leaf.to(world.device) for leaf in (play.obs, play.act, play.is_real))))
    return Judgement(*(leaf[:, BURN_IN:].cpu() for leaf in beliefs))
