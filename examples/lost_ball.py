"""Dreams that end where their ball is lost: pessimism about what the model cannot go on with.

A ball that was missed, or faded in mid-flight, does not come back in the dreams of some worlds, and in those of others
it always comes back in the same way, which an agent learns by heart. What is dreamt after that teaches little and costs
as much as any other step. So such a dream ends, as a lost life does, once no ball is seen in some frames on end after
one was (one that begins without a ball waits for it). That a fading ball ends it too makes all dreams look a little
worse than they are, and an agent may learn to have balls fade. So a dream can also be cut off in the frame in which a
ball fades far from the agent's paddle: who learns counts on from there by what it expects, so nothing is won or lost.

In Pong a ball that was last seen behind the opponent is not lost but won; what it pays is for the model to say.

A world may also draw a ball that comes back although it was missed. Its judge of rewards may know better, so a dream
can end as lost where that gives a lost point so much of a chance.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gym_diamond.envs.compiled import engine
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.envs.moments import Doubt, StepFunction
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import place_balls
from gym_diamond.evaluation.hits import PADDLE, TOWARDS
from gym_diamond.frames import to_frames
from gym_diamond.world_models.protocol import Transition

Belief = Callable[[Transition], Tensor]  # of rows `(N,)` bool

BEHIND = {"Breakout": 0, "Pong": 5}  # coordinates towards the paddle below this are behind an opponent
NEAR = 8  # pixels from the paddle's line, where a ball that is gone may have been missed, or be hidden by the paddle


def open_dream(
    arguments: DreamArguments,
    num_envs: int,
    max_episode_steps: int,
    *,
    stagger: bool = False,
    lost_after: int = 0,
    lost_pays: float | None = None,
    lost_chance: float | None = None,
    cut_faded: bool = False,
) -> Dream:
    """Dreams that begin anew in the step that ends them, which they also do after `lost_after` frames without a ball.

    Args:
        arguments: which world is dreamt, and how.
        num_envs: N.
        max_episode_steps: after which a dream is truncated.
        stagger: spread the clocks.
        lost_after: frames on end, after one with a ball, in which none is seen; 0 = such dreams go on.
        lost_pays: what such an end pays, other losses then paying nothing, unless its ball was last seen behind the
            opponent; None = what the model says.
        lost_chance: from above 0 to 1, how likely the model has to find a reward below 0 for the ball to be lost,
            whatever is seen; None = only what is seen counts.
        cut_faded: truncate a dream at once whose ball is gone far from the agent's paddle.

    Raises:
        InvalidArgument: the world remembers fewer frames, or an argument has a value that is not allowed.
    """
    dream = load_dream(
        arguments, num_envs, max_episode_steps=max_episode_steps, autoreset_mode="SameStep", stagger=stagger
    ).dream
    world = dream.world
    most = world.spec.context_length - 1  # of the frames that it remembers, the first has to show the ball
    if not 0 <= lost_after <= most:
        raise InvalidArgument(f"lost_after is {lost_after}; in this world it can be 1 to {most} (0 = no matter).")
    if not lost_after:
        given = {"lost_pays": lost_pays, "lost_chance": lost_chance, "cut_faded": cut_faded or None}
        if told := [f"{name} is {value}" for name, value in given.items() if value is not None]:
            raise InvalidArgument(f"{' and '.join(told)}, but no dream ends for want of a ball; give lost_after too.")
        return dream
    fast = engine(world, compile=arguments.compile)
    return Dream(
        world,
        dream.contexts,
        num_envs,
        max_episode_steps=max_episode_steps,
        autoreset_mode="SameStep",
        frame_stack=arguments.frame_stack,
        stagger=stagger,
        doubt=fading_ball(world.spec.game, world.history) if cut_faded else None,
        step=ending_without_ball(
            world.spec.game,
            world.history,
            fast.step,
            lost_after,
            lost_pays,
            None if lost_chance is None else believed_lost(world.spec.reward_values, lost_chance),
        ),
        record=fast.record,
        compiler=fast.compiler,
    )


def ending_without_ball(
    game: str,
    history: Callable[[Any], Tensor],
    step: StepFunction,
    lost_after: int,
    lost_pays: float | None = None,
    believed: Belief | None = None,
) -> StepFunction:
    """`step` of a world, which is an end too where the last `lost_after` frames show no ball and the one before did.

    Args:
        game: "Breakout" or "Pong".
        history: from a state to its frames `(N, L, C, H, W)`, oldest first, as `WorldModel.history`.
        step: of the world.
        lost_after: from 1 to L - 1.
        lost_pays: what such an end pays, other losses then paying nothing, unless its ball was last seen behind the
            opponent; None = what the model says.
        believed: rows whose ball is lost in any case, which is an end as well.
    """

    def step_or_end(state: Any, action: Tensor, drawn: Any) -> tuple[Any, Transition]:
        state, transition = step(state, action, drawn)
        places = place_balls(game, to_frames(history(state)), last=lost_after + 1)  # (N, lost_after + 1, H, W)
        gone = places[:, 0].flatten(1).any(dim=1) & ~places[:, 1:].flatten(1).any(dim=1)
        doubted = torch.zeros_like(gone) if believed is None else believed(transition)
        if lost_pays is not None:
            lost = doubted | gone & ~behind_opponent(game, places[:, 0])
            transition = transition._replace(reward=transition.reward.clamp(min=0) + lost_pays * lost)
        return state, transition._replace(end=transition.end | gone | doubted)

    return step_or_end


def believed_lost(reward_values: Sequence[float], chance: float) -> Belief:
    """Whether the model finds a reward below 0 so likely, for each row `(N,)` bool.

    Args:
        reward_values: of the world, ascending.
        chance: from above 0 to 1.

    Raises:
        InvalidArgument: the chance is out of its range, or this world knows no reward below 0.
    """
    if not 0 < chance <= 1:
        raise InvalidArgument(f"lost_chance is {chance}; it must be above 0 and at most 1.")
    if not reward_values or reward_values[0] >= 0:
        raise InvalidArgument(f"lost_chance asks for rewards below 0; those of this world are {reward_values}.")
    num_losses = sum(value < 0 for value in reward_values)

    def believed(transition: Transition) -> Tensor:
        return transition.reward_probs[:, :num_losses].float().sum(dim=1) >= chance

    return believed


def behind_opponent(game: str, places: Tensor) -> Tensor:
    """Whether balls at `places` `(..., H, W)` bool are where the opponent has missed them, `(...)` bool."""
    return places.narrow(places.ndim - 2 + TOWARDS[game], 0, BEHIND[game]).flatten(-2).any(dim=-1)


def fading_ball(game: str, history: Callable[[Any], Tensor]) -> Doubt:
    """Whether a ball is gone that was far from the agent's paddle in the frame before, for each row.

    Args:
        game: "Breakout" or "Pong".
        history: from a state to its frames `(N, L, C, H, W)`, oldest first, as `WorldModel.history`; L is 2 at least.
    """

    def doubt(state: Any, transition: Transition) -> Tensor:
        before, now = place_balls(game, to_frames(history(state)), last=2).unbind(1)  # (N, 2, H, W) -> (N, H, W) each
        far = before.narrow(1 + TOWARDS[game], 0, PADDLE[game] - NEAR)
        return far.flatten(1).any(1) & ~now.flatten(1).any(1)

    return doubt
