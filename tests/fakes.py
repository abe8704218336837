"""Fakes in place of weights: a world so simple that a test can state what it dreams as literal arrays."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from gym_diamond import noise as streams
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.dream import Dream
from gym_diamond.frames import frames_chw_to_obs
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.world_models.protocol import Context, Judgement, Transition, WorldSpec

MEANINGS = ("NOOP", "FIRE", "RIGHT", "LEFT", "UP", "DOWN")


class CountingState(NamedTuple):
    frames: Tensor  # (B, L, C, H, W)
    count: Tensor  # (B,) int64


class CountingNoise(NamedTuple):
    shade: Tensor  # (B,) int64 in [0, 256)
    luck: Tensor  # (B, 1) float32 in [0, 1)


class CountingWorld:
    """A world that counts.

    A context whose last frame has level n in channel 0 starts it at n. A step counts one further and paints a frame of
    one colour: (the count, the action, a random shade). The reward is the action's place in (-1, 0, 1): 0, 1, 2 give
    -1, 0, 1. It ends when the count reaches `max_count`, and at random with `end_probability`.
    """

    def __init__(
        self,
        height: int = 4,
        width: int = 4,
        context_length: int = 2,
        max_count: int = 5,
        end_probability: float = 0.0,
    ) -> None:
        self.max_count = max_count
        self.end_probability = end_probability
        self.spec = WorldSpec(
            game="Counting",
            height=height,
            width=width,
            channels=3,
            num_actions=3,
            action_meanings=MEANINGS[:3],
            context_length=context_length,
            reward_values=(-1.0, 0.0, 1.0),
            fps=15,
        )

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def reset(self, context: Context) -> CountingState:
        frames = context.obs[:, -self.spec.context_length :].clone()
        count = ((context.obs[:, -1, 0, 0, 0] + 1) * 127.5).round().long()
        return CountingState(frames, count)

    def draw(self, keys: Tensor, counter: Tensor) -> CountingNoise:
        shade = streams.integers(keys, counter, streams.FRAME, 256)
        return CountingNoise(shade, streams.uniform(keys, counter, streams.REWARD_END, 1))

    def step(self, state: CountingState, action: Tensor, noise: CountingNoise) -> tuple[CountingState, Transition]:
        count = state.count + 1
        colour = torch.stack([count % 256, action, noise.shade], dim=1)  # (B, C)
        size = (self.spec.height, self.spec.width)
        obs = frames_chw_to_obs(colour.to(torch.uint8)[:, :, None, None]).expand(-1, -1, *size).contiguous()
        end_prob = torch.where(count >= self.max_count, 1.0, self.end_probability)
        reward_probs = (action[:, None] == torch.arange(3)).float()  # (B, 3); `one_hot` would look at the actions
        transition = Transition(
            obs=obs,
            reward=(action - 1).float(),
            end=noise.luck[:, 0] < end_prob,
            reward_probs=reward_probs,
            end_prob=end_prob,
        )
        frames = torch.cat([state.frames[:, 1:], obs[:, None]], dim=1)
        return CountingState(frames, count), transition

    def judge(self, context: Context) -> Judgement:
        count = ((context.obs[:, 1:, 0, 0, 0] + 1) * 127.5).round().long()  # (B, T-1)
        end_prob = torch.where(count >= self.max_count, 1.0, self.end_probability)
        return Judgement(torch.nn.functional.one_hot(context.act, 3).float(), end_prob)

    def history(self, state: CountingState) -> Tensor:
        return state.frames


class CountingGames:
    """The real game that `CountingWorld` dreams of, as N rows with the interface of `RealAtari`.

    Its frames have the colour (count, action, 0), its k-th game begins at 10 k, and its rewards are three times the
    dreamt ones, so that their signs have to be taken. A life is lost where the count reaches `max_count`, and the next
    begins at 0; where `over`, that is the end of the game.
    """

    def __init__(self, num_envs: int, max_count: int = 200, *, over: bool = False) -> None:
        self.num_envs = num_envs
        self.max_count = max_count
        self.over = over
        self.seeds: list[int] = []
        self._games = np.zeros(num_envs, np.int64)
        self._count = np.zeros(num_envs, np.int64)

    def reset(self, *, seed: list[int] | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        self.seeds += seed or []
        self._begin(np.ones(self.num_envs, np.bool_) if options is None else options["reset_mask"])
        return self._frames(np.zeros(self.num_envs)), {}

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict]:
        self._count += 1
        lost = self._count == self.max_count
        if self.over:
            self._begin(lost)
        else:
            self._count[lost] = 0
        none = np.zeros(self.num_envs, np.bool_)
        info = {"life_lost": none if self.over else lost}
        return self._frames(actions), 3.0 * (actions - 1), lost if self.over else none, none, info

    def _begin(self, rows: np.ndarray) -> None:
        self._games[rows] += 1
        self._count[rows] = 10 * self._games[rows]

    def _frames(self, actions: np.ndarray) -> np.ndarray:
        colour = np.stack([self._count, actions, np.zeros_like(actions)], axis=1).astype(np.uint8)
        return np.broadcast_to(colour[:, None, None], (self.num_envs, 4, 4, 3)).copy()


def always_right() -> ActorCritic:
    """An actor-critic for the counting games that plays action 2, which pays 3 a step, whatever it sees."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ActorCritic(3, 3, (4, 4), (4, 4), 8)
    network.actor_linear.bias.data[2] = 50.0
    return network


class DeafWorld(CountingWorld):
    """A `CountingWorld` in which every action is NOOP."""

    def step(self, state: CountingState, action: Tensor, noise: CountingNoise) -> tuple[CountingState, Transition]:
        return super().step(state, torch.zeros_like(action), noise)


class AskingWorld(CountingWorld):
    """A `CountingWorld` that asks for an action with the shade of a frame, dark 0, medium 1 or bright 2, and pays for
    it one step later: 1 for the action that was asked for, 0 for the others. Random play gets a third.
    """

    def step(self, state: CountingState, action: Tensor, noise: CountingNoise) -> tuple[CountingState, Transition]:
        shade = ((state.frames[:, -2, 2, 0, 0] + 1) * 127.5).round().long()
        state, transition = super().step(state, action, noise)
        return state, transition._replace(reward=(action == shade * 3 // 256).float())


class SteeredWorld(CountingWorld):
    """A `CountingWorld` of MultiDiscrete([3, 2]): it obeys the first part, and counts two further for a second of 1."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        meanings = (*MEANINGS[:3], "WALK", "RUN")
        self.spec = replace(self.spec, num_actions=5, action_meanings=meanings, action_sizes=(3, 2))

    def step(self, state: CountingState, action: Tensor, noise: CountingNoise) -> tuple[CountingState, Transition]:
        return super().step(state._replace(count=state.count + action[:, 1]), action[:, 0], noise)

    def judge(self, context: Context) -> Judgement:
        return super().judge(context._replace(act=context.act[..., 0]))


def flat_frames(levels: list[int], height: int = 4, width: int = 4) -> np.ndarray:
    """Frames `(T, H, W, 3)` uint8 of one grey level each."""
    return np.ascontiguousarray(np.broadcast_to(np.uint8(levels)[:, None, None, None], (len(levels), height, width, 3)))


def counting_context(world: CountingWorld, num: int) -> Context:
    """A context of `num` rows: row i starts at count i, after frames of other levels, half of them with padding."""
    L, T = world.spec.context_length, world.spec.context_length + 1
    levels = torch.arange(num)[:, None] + torch.arange(T).flip(0) * 50  # (B, T), the last one is i
    frames = levels[:, :, None, None, None].expand(num, T, 3, world.spec.height, world.spec.width)
    is_real = torch.ones(num, T, dtype=torch.bool)
    is_real[1::2, : T - L] = False
    obs = frames_chw_to_obs(frames.to(torch.uint8)) * is_real[:, :, None, None, None]
    act = torch.arange(num)[:, None].expand(num, T - 1) % 3 * is_real[:, :-1]
    return Context(obs, act, is_real)


def steered_context(world: SteeredWorld, num: int) -> Context:
    """A `counting_context` with a second part for each action."""
    context = counting_context(world, num)
    return context._replace(act=torch.stack([context.act, context.act % 2], dim=2))


def counting_bank(
    starts: tuple[int, ...] = (0, 100, 200), height: int = 4, width: int = 4, length: int = 3
) -> ContextBank:
    """A bank with one context for each start; its frames, oldest first, have the levels 9, 9, ..., start."""
    frames = np.stack([flat_frames([9] * (length - 1) + [start], height, width) for start in starts])
    actions = np.zeros((len(starts), length - 1), np.int64)
    return ContextBank(frames, actions, np.ones((len(starts), length), np.bool_))


def counting_dream(
    num_envs: int = 3,
    starts: tuple[int, ...] = (0,),
    max_count: int = 5,
    end_probability: float = 0.0,
    size: int = 4,
    **arguments: Any,
) -> Dream:
    """A dream of a `CountingWorld`, whose games last five steps from a start at 0."""
    world = CountingWorld(size, size, max_count=max_count, end_probability=end_probability)
    return Dream(world, counting_bank(starts, size, size), num_envs, **arguments)


def steered_dream(num_envs: int = 3, starts: tuple[int, ...] = (0,), max_count: int = 9, **arguments: Any) -> Dream:
    """A dream of a `SteeredWorld`."""
    bank = counting_bank(starts)
    bank = replace(bank, actions=np.zeros((*bank.actions.shape, 2), np.int64))
    return Dream(SteeredWorld(max_count=max_count), bank, num_envs, **arguments)
