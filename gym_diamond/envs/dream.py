"""Many dreams at once, on the device: the one place where anything changes.

World models are pure functions. `Dream` is the shell that makes an environment of one: it holds each row's state,
random stream and clock, and resets the rows that are over. It does no maths of its own. A step never waits for a GPU:
rows are chosen by masks, and no tensor is asked for its value. (On a CPU, where looking costs nothing, some are.) All
that can change is one value, a `Snapshot`, which is replaced whole: what was handed out is never overwritten.
"""

import secrets
from typing import Any

import torch
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode
from torch import Tensor

from gym_diamond import noise
from gym_diamond.data.contexts import ContextBank
from gym_diamond.envs.burn_in import BurnedIn
from gym_diamond.envs.checks import check_rows, check_sizes, read_autoreset_mode
from gym_diamond.envs.moments import Compiler, Doubt, DreamStep, Snapshot, State, StepFunction
from gym_diamond.envs.starts import check_context
from gym_diamond.envs.streams import Seeds, row_keys, row_seeds
from gym_diamond.errors import InvalidArgument
from gym_diamond.hardware import without_autocast
from gym_diamond.world_models import rows
from gym_diamond.world_models.protocol import Context, Transition, WorldModel

CLOSED = "This dream was closed; make a new one."


class Dream:
    """N dreams of one world. Row i of a dream seeded s has the random stream of a single dream seeded s+i.

    Args:
        world: the world model; its device is where everything lives.
        contexts: the moments from which dreams start, burned in when first wanted; on a GPU all at once.
        num_envs: N.
        max_episode_steps: a dream is truncated after so many steps; None = never.
        autoreset_mode: what happens to a row that is over: "SameStep" (reset in the same step), "NextStep" (the next
            step resets it and ignores the action) or "Disabled" (nothing; reset it with a mask).
        frame_stack: k, how many of the last frames an obs holds, oldest first; at most the world's context length.
            They are the dream's real history; frames from before the game began are mid-grey.
        stagger: spread the clocks evenly at a full reset, so that rows are not all truncated in the same step.
        doubt: pessimism: rows that are not to be believed any further after a step, which are truncated then. Learners
            count on from there by what they expect, so nothing is won or lost by it. A pure function.
        step: stands in for `world.step`, for example `torch.compile(world.step)`.
        record: gives an equal of the pure function that a whole step is, noise and autoreset included, for example one
            that replays it (`gym_diamond/replay.py`). It never looks at a value then. None takes it as it is.
        compiler: gives a faster equal of what draws random numbers, many small operations. None takes it as it is.

    Raises:
        InvalidArgument: an argument is out of its range.
    """

    def __init__(
        self,
        world: WorldModel[Any, Any],
        contexts: ContextBank,
        num_envs: int = 1,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: str = "SameStep",
        frame_stack: int = 1,
        stagger: bool = False,
        doubt: Doubt | None = None,
        step: StepFunction | None = None,
        record: Compiler | None = None,
        compiler: Compiler | None = None,
    ) -> None:
        check_sizes(num_envs, max_episode_steps, frame_stack, stagger, world.spec.context_length)
        self.autoreset_mode = read_autoreset_mode(autoreset_mode)
        self.world = world
        self.contexts = contexts
        self.num_envs = num_envs
        self.max_episode_steps = max_episode_steps
        self.frame_stack = frame_stack
        self.stagger = stagger
        self._doubt = doubt
        self._step = step if step is not None else world.step
        self._draw = compiler(world.draw) if compiler else world.draw
        self._integers = compiler(noise.integers) if compiler else noise.integers
        self._advance = record(self._next) if record is not None else self._next
        self._may_look = record is None and world.device.type == "cpu"  # at which rows are over
        self._starts = BurnedIn(world, contexts, lazily=self._may_look)
        self._now: Snapshot | None = None

    def __repr__(self) -> str:
        return (
            f"Dream(game={self.world.spec.game}, num_envs={self.num_envs}, device={self.world.device}, "
            f"max_episode_steps={self.max_episode_steps}, autoreset_mode={self.autoreset_mode.value}, "
            f"frame_stack={self.frame_stack}, stagger={self.stagger})"
        )

    @torch.no_grad()
    def reset(
        self,
        seed: Seeds | None = None,
        *,
        context: Tensor | Context | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """The obs `(N, k*C, H, W)` of all rows, after those under `mask` began anew.

        Args:
            seed: s gives row i the stream of seed s+i, from its beginning; a sequence gives each row its own. None, or
                None in a row's place, goes on with the stream the row has.
            context: where to start: `(N,)` int64 indices into `contexts`, or a `Context` of N rows. None = at random.
            mask: `(N,)` bool; None = all rows.

        Raises:
            InvalidArgument: an argument has a wrong shape, dtype or value.
            ResetNeeded: a mask was given at the very first reset.
        """
        now = self._now
        if mask is not None and now is None:
            raise ResetNeeded("The first reset is one of all rows: call reset() without a mask once.")
        chosen = self._row_mask(mask)
        keys, counter = self._seeded(seed, chosen)
        with without_autocast(self.world.device):
            state = self._draw_start(keys, counter) if context is None else self._given_start(context)
        counter = counter + chosen
        done = torch.zeros_like(chosen)
        elapsed = torch.zeros_like(counter)
        if now is None or mask is None:
            if self.stagger and self.max_episode_steps is not None:
                elapsed = torch.arange(self.num_envs, device=chosen.device) * self.max_episode_steps // self.num_envs
        else:
            state = rows.where(chosen, state, now.state)
            elapsed = torch.where(chosen, elapsed, now.elapsed)
            done = now.done & ~chosen
        self._now = Snapshot(state, keys, counter, elapsed, done)
        return self._obs(state)

    @torch.no_grad()
    def step(self, action: Tensor) -> DreamStep:
        """What `action` brought in every row.

        Args:
            action: `(N,)` int64, in [0, num_actions), or `(N, A)` for actions of A parts. The range is checked on the
                CPU only: elsewhere it would cost a wait for the device.

        Raises:
            InvalidArgument: the shape, dtype or range of the actions is wrong.
            ResetNeeded: there was no reset yet.
        """
        now = self.snapshot()
        chosen = self._check_action(action)
        with without_autocast(self.world.device):
            self._now, seen = self._advance(now, chosen)
        return seen

    @property
    def obs(self) -> Tensor:
        """The current obs `(N, k*C, H, W)`."""
        return self._obs(self.snapshot().state)

    @property
    def has_begun(self) -> bool:
        """Whether there was a reset yet."""
        return self._now is not None

    def snapshot(self) -> Snapshot:
        """All that the dreams are at this moment. It costs nothing: what it holds is never overwritten.

        Raises:
            ResetNeeded: there was no reset yet.
            ClosedEnvironmentError: it was closed.
        """
        if self._now is None and self._advance is _closed:
            raise ClosedEnvironmentError(CLOSED)
        if self._now is None:
            raise ResetNeeded("There is no dream yet: call reset() first.")
        return self._now

    def restore(self, snapshot: Snapshot, seed: int | None = None) -> Tensor:
        """The obs `(N, k*C, H, W)` of the dreams in `snapshot`, which now go on from there.

        Args:
            snapshot: from a dream of the same world with as many rows.
            seed: None to go on exactly as then; s to give row i the stream of seed s+i, so that the future branches.

        Raises:
            InvalidArgument: the snapshot has another number of rows.
        """
        if snapshot.done.shape[0] != self.num_envs:
            raise InvalidArgument(f"The snapshot has {snapshot.done.shape[0]} rows; this dream has {self.num_envs}.")
        if seed is not None:
            snapshot = snapshot._replace(keys=row_keys(row_seeds(seed, self.num_envs), self.world.device))
        self._now = snapshot
        return self._obs(snapshot.state)

    def close(self) -> None:
        """Let go of what only further steps would need: once the dream is dropped as well, its memory is free at once.

        It holds itself by its step, so without this Python frees it at its next collection of garbage, sooner or later.
        """
        self._now = None
        self._advance = _closed

    def _next(self, now: Snapshot, action: Tensor) -> tuple[Snapshot, DreamStep]:
        state, transition = self._step(now.state, action, self._draw(now.keys, now.counter))
        counter, elapsed = now.counter + 1, now.elapsed + 1
        stepped = torch.ones_like(now.done)
        if self.autoreset_mode is AutoresetMode.NEXT_STEP:  # rows that were over spend the step on their reset
            stepped = ~now.done
            state = self._restart(now.done, state, now.keys, now.counter)
            elapsed = elapsed * stepped
        terminated = transition.end & stepped
        truncated = self._is_over(elapsed, state, transition) & stepped
        done = terminated | truncated
        final_obs = obs = self._obs(state)
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            over, state = state, self._restart(done, state, now.keys, counter)
            counter, elapsed, done = counter + done, elapsed * ~done, torch.zeros_like(done)
            obs = final_obs if state is over else self._obs(state)
        reward = transition.reward * stepped
        return Snapshot(state, now.keys, counter, elapsed, done), DreamStep(
            obs, reward, terminated, truncated, final_obs, transition.reward_probs, transition.end_prob, stepped
        )

    def _seeded(self, seed: Seeds | None, chosen: Tensor) -> tuple[Tensor, Tensor]:
        seeds, device = row_seeds(seed, self.num_envs), self.world.device
        if self._now is None:  # never seeded: fresh entropy
            keys = row_keys([secrets.randbits(64) if s is None else s for s in seeds], device)
            return keys, torch.zeros(self.num_envs, dtype=torch.int64, device=device)
        given = torch.tensor([s is not None for s in seeds], device=device) & chosen
        return torch.where(given[:, None], row_keys(seeds, device), self._now.keys), self._now.counter * ~given

    def _restart(self, mask: Tensor, state: State, keys: Tensor, counter: Tensor) -> State:
        if not self._may_look:  # a GPU would have to be waited for, and a graph would keep the first answer
            return rows.where(mask, self._draw_start(keys, counter), state)
        over = mask.nonzero().flatten()  # looking costs nothing here, and copying does
        if len(over) == 0:
            return state
        return rows.put(state, over, self._starts.at(self._draw_index(keys, counter)[over]))

    def _draw_start(self, keys: Tensor, counter: Tensor) -> State:
        """Burned-in contexts `(N, ...)`, drawn for every row; the caller keeps those it wants."""
        return self._starts.at(self._draw_index(keys, counter))

    def _draw_index(self, keys: Tensor, counter: Tensor) -> Tensor:
        """Which context is drawn, for every row `(N,)` int64."""
        return self._integers(keys, counter, noise.CONTEXT, len(self.contexts))

    def _given_start(self, context: Tensor | Context) -> State:
        if isinstance(context, Context):
            fitting = check_context(context, self.num_envs, self.world.spec)
            return self.world.reset(Context(*(leaf.to(self.world.device) for leaf in fitting)))
        index = self._rows(context, "context", (torch.int64, torch.int32))
        if context.device.type == "cpu" and not ((context >= 0) & (context < len(self.contexts))).all():
            told = context.tolist()
            raise InvalidArgument(f"context {told} is out of range; there are {len(self.contexts)} contexts.")
        return self._starts.at(index)

    def _obs(self, state: State) -> Tensor:
        frames = self.world.history(state)[:, -self.frame_stack :]
        return frames.flatten(1, 2).clone()  # (N, k, C, H, W) -> (N, k*C, H, W), sharing nothing with the state

    def _is_over(self, elapsed: Tensor, state: State, transition: Transition) -> Tensor:
        """Which rows are cut off, by their clock or for doubt."""
        limit = self.max_episode_steps
        late = torch.zeros_like(elapsed, dtype=torch.bool) if limit is None else elapsed >= limit
        return late if self._doubt is None else late | self._doubt(state, transition)

    def _row_mask(self, mask: Tensor | None) -> Tensor:
        if mask is None:
            return torch.ones(self.num_envs, dtype=torch.bool, device=self.world.device)
        return self._rows(mask, "mask", (torch.bool,))

    def _check_action(self, action: Tensor) -> Tensor:
        choices = self.world.spec.choices
        moved = self._rows(action, "action", (torch.int64,), choices.shape)
        if action.device.type == "cpu" and not choices.contains(action.numpy()):
            raise InvalidArgument(f"actions {action.tolist()} are out of range; they must be {choices.range}.")
        return moved

    def _rows(
        self, value: Tensor, name: str, dtypes: tuple[torch.dtype, ...], row_shape: tuple[int, ...] = ()
    ) -> Tensor:
        return check_rows(value, name, dtypes, (self.num_envs, *row_shape)).to(self.world.device)


def _closed(now: Snapshot, action: Tensor) -> tuple[Snapshot, DreamStep]:
    raise ClosedEnvironmentError(CLOSED)
