"""What becomes of a ball that the agent's paddle hits, in dreams of Breakout and Pong.

A ball flies on as it flew, and a dream that knows this looks right for most frames. What an agent is paid for is where
it hits the ball, and that a fraction of a pixel decides. So dreams begin here shortly before hits of held-out play,
under the actions played, and are asked for the ball in the frames before and after the hit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.evaluation.ball_scores import compare, find_all
from gym_diamond.evaluation.estimate import estimate
from gym_diamond.evaluation.rollout import rollouts
from gym_diamond.evaluation.starts import Start
from gym_diamond.world_models.protocol import WorldModel

TOWARDS = {"Breakout": 0, "Pong": 1}  # the coordinate of (y, x) that grows as the ball comes to the agent's paddle
PADDLE = {"Breakout": 57, "Pong": 56}  # where along it the paddle moves
BEFORE, AFTER = 8, 20  # frames of a dream, to the last one before the hit and beyond it
MARKS = (-7, -1, 1, 3, 5, 9, 13, 20)  # frames after the last one before the hit
WHERE = 9  # the mark at which the verdict asks where the ball is
REACH = 9  # pixels from the paddle's line in which a ball that turns was hit by the paddle
LEAST = 0.5  # pixels a frame that a ball comes, and goes
IN_PLAY = 0.9  # of the frames of the dream that show one real ball
PER_EPISODE = 6  # hits, so that one long rally is not all there is


def hit_starts(
    game: str,
    episodes: Sequence[Episode],
    context: int,
    num: int,
    rng: np.random.Generator,
    advance: Callable[[int], object],
) -> list[Start]:
    """At most `num` moments `BEFORE` frames before a hit, from episodes in a random order until there are enough.

    Args:
        game: "Breakout" or "Pong".
        episodes: real play, frames `(T, 64, 64, 3)`.
        context: frames of play that a dream is shown, which must all be there.
        num: how many.
        rng: decides on the order.
        advance: told the number of episodes looked at.

    Raises:
        InvalidArgument: there is no detector of the ball for that game or such frames.
    """
    found: list[Start] = []
    for index in rng.permutation(len(episodes)).tolist():
        last = last_before_hits(game, episodes[index])
        moments = [t - BEFORE for t in last if t - BEFORE >= context - 1]
        found += [Start(index, frame) for frame in moments[:PER_EPISODE]]
        advance(1)
        if len(found) >= num:
            break
    return found[:num]


def last_before_hits(game: str, episode: Episode) -> list[int]:
    """The frames in which a ball comes to the paddle for the last time before it goes, with a dream's frames around."""
    balls = find_balls(game, torch.from_numpy(episode.frames))
    there, place = balls.num == 1, balls.centre[:, TOWARDS[game]]
    speed = place.diff()
    found = []
    for t in range(BEFORE, len(there) - AFTER):
        turns = bool(there[t - 1 : t + 2].all()) and speed[t - 1] > LEAST and speed[t] < -LEAST
        in_play = there[t - BEFORE : t + AFTER + 1].double().mean() >= IN_PLAY
        if turns and place[t] > PADDLE[game] - REACH and in_play:
            found.append(t)
    return found


def after_hits(
    world: WorldModel[Any, Any],
    episodes: Sequence[Episode],
    starts: Sequence[Start],
    context: int,
    seed: int,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    """The section "hits" of metrics.json: of the dreams whose real ball is there, by frames after the hit, the share
    that has exactly one ball (`recall`) and the share that has it within `ball_scores.NEAR` pixels (`near`).

    Args:
        world: what dreams, of Breakout or Pong.
        episodes: real play.
        starts: as `hit_starts` gives them; at least one.
        context: frames of play that each dream is shown.
        seed: start i dreams with the noise of `seed + i`.
        advance: told the number of frames dreamt, after each step.
    """
    parts = []
    for dreams in rollouts(world, episodes, starts, context, BEFORE + AFTER, seed, advance):
        truth, guess = (
            find_all(world.spec.game, list(frames), BEFORE + AFTER + 1) for frames in (dreams.real, dreams.dreamt)
        )
        parts.append(compare(truth, guess, dreams.valid.numpy()))
    shares = {name: np.concatenate([part[name] for part in parts]) for name in ("recall", "near")}  # (S, N) each
    owners = np.array([start.episode for start in starts])
    at = {mark: BEFORE + mark - 1 for mark in MARKS}
    return {
        "starts": len(starts),
        "episodes": len({start.episode for start in starts}),
        **{
            name: {str(mark): estimate(values[:, column], owners) for mark, column in at.items()}
            for name, values in shares.items()
        },
    }
