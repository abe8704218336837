"""Dreams beside what happened: open loop, from moments of real play, under the actions of that play.

A dream is never told that the real episode is over. It goes on, under no-ops, but counts no more.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import SegmentStore
from gym_diamond.evaluation.judging import Judged, judged
from gym_diamond.evaluation.starts import Start
from gym_diamond.frames import to_frames
from gym_diamond.noise import seed_key
from gym_diamond.world_models.protocol import Context, WorldModel

MAX_ROWS = 64  # dreams at a time


class Rollout(NamedTuple):
    """Some dreams and what happened instead; the last frame that was shown comes first."""

    starts: Sequence[Start]  # B
    real: Tensor  # (B, N+1, H, W, C) uint8; grey where nothing happened any more
    dreamt: Tensor  # (B, N+1, H, W, C) uint8
    valid: Tensor  # (B, N) bool: which frames after the first happened; the episode's last one did
    judged: list[Judged]  # B: what was played until the episode was over, and what the model believes of its dream
    seconds: float  # that the N steps took


@torch.no_grad()
def rollouts(
    world: WorldModel[Any, Any],
    episodes: Sequence[Episode],
    starts: Sequence[Start],
    context: int,
    horizon: int,
    seed: int,
    advance: Callable[[int], object],
) -> Iterator[Rollout]:
    """The dreams of `world` from all `starts`, at most `MAX_ROWS` at a time.

    Args:
        world: what dreams.
        episodes: real play.
        starts: moments in it.
        context: frames of play that each dream is shown.
        horizon: N frames that it dreams.
        seed: start i dreams with the noise of `seed + i`, from its first number on.
        advance: told the number of frames dreamt, after each step.
    """
    for first in range(0, len(starts), MAX_ROWS):
        part = starts[first : first + MAX_ROWS]
        keys = [seed_key(seed + first + i) for i in range(len(part))]
        yield _roll(world, episodes, part, context, horizon, torch.tensor(keys), advance)


def _roll(
    world: WorldModel[Any, Any],
    episodes: Sequence[Episode],
    starts: Sequence[Start],
    context: int,
    horizon: int,
    keys: Tensor,
    advance: Callable[[int], object],
) -> Rollout:
    chosen = sorted({start.episode for start in starts})
    store = SegmentStore.from_episodes([episodes[index] for index in chosen])
    place = torch.tensor([chosen.index(start.episode) for start in starts])
    first = torch.tensor([start.frame - context + 1 for start in starts])
    play = store.gather(place, first, context + horizon)
    on, shown, after = world.device, context - 1, slice(context - 1, None)
    state = world.reset(
        Context(play.obs[:, :context].to(on), play.act[:, :shown].to(on), play.is_real[:, :context].to(on))
    )
    keys, counter, act = keys.to(on), torch.zeros(len(starts), dtype=torch.int64, device=on), play.act[:, after].to(on)
    world.step(state, act[:, 0], world.draw(keys, counter))  # the first step on a machine is slow, and not timed
    dreamt, reward_probs, end_probs = [to_frames(play.obs[:, shown])], [], []
    begin = _now(on)
    for t in range(horizon):
        state, transition = world.step(state, act[:, t], world.draw(keys, counter + t))
        dreamt.append(to_frames(transition.obs).cpu())
        reward_probs.append(transition.reward_probs)
        end_probs.append(transition.end_prob)
        advance(len(starts))
    seconds = _now(on) - begin
    beliefs = torch.stack(reward_probs, dim=1), torch.stack(end_probs, dim=1)  # (B, N, K), (B, N)
    truths = play.rew[:, after], play.end[:, after]
    valid = play.is_real[:, context:]  # (B, N): those of each row come first
    whole = judged(*truths, *beliefs, world.spec.reward_values)
    stretches = [each.until(num) for each, num in zip(whole, valid.sum(dim=1).tolist(), strict=True)]
    return Rollout(starts, to_frames(play.obs[:, after]), torch.stack(dreamt, dim=1), valid, stretches, seconds)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
