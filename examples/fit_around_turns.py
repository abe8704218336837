"""`gym-diamond fit` of Breakout or Pong with windows around the moments in which the ball turns, or might have.

What dreams of these games get wrong is what comes of a hit: where on the paddle the ball was is a matter of a fraction
of a pixel, and hits are one frame in forty, so a fit to all play alike hardly sees them. Here the windows of
`--loss.denoiser.appearance-share` hold a moment in which the ball turns at a paddle, or comes near to it and is missed,
instead of one in which something appears. What a fit makes of both, `tests/benchmarks/hit_or_miss.py` tells. All other
options are those of `gym-diamond fit`:

    python -m examples.fit_around_turns Pong --dataset pong/mixed-v0 pong/edge-v0 --out runs/pong --max-minutes 60 \\
        --denoiser.start-from gym_diamond/worlds/Pong --reward-end.start-from gym_diamond/worlds/Pong \\
        --sampling.num-denoising-steps 1 --loss.denoiser.sigma-log-mean 1.0 --loss.denoiser.appearance-share 0.35 \\
        --loss.denoiser.num-autoregressive-steps 2 --loss.denoiser.num-sampling-steps 1

For another game write another `turns`: from all frames to those that deserve a second look.
"""

import sys
from functools import partial

import torch
from torch import Tensor

from gym_diamond.cli import exit_status
from gym_diamond.cli.fit import fit_together
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.evaluation.hits import PADDLE, REACH, TOWARDS
from gym_diamond.fitting.distributed import joined

LEAST = 1.0  # pixels a step by which a ball's way along the court changes where it turns
AT_ONCE = 2048  # frames


def turns(game: str, frames: Tensor, offsets: Tensor) -> Tensor:
    """Whether the ball turns near the transition that leaves each frame, at most two before or one after, or comes to
    a paddle in it, `REACH` pixels away or nearer: `(N,)` bool.

    It may stand still for a step in between, which is when it is hit. In Breakout only a turn at the paddle counts, for
    bricks and the ceiling turn the ball as often. Costs a minute of a core for 100,000 frames.

    Args:
        game: "Breakout" or "Pong".
        frames: `(N, C, H, W)` uint8, episodes end to end.
        offsets: `(E+1,)` int64: episode e has the frames offsets[e] .. offsets[e+1] - 1.
    """
    place = torch.full((len(frames),), torch.nan, dtype=torch.float64, device=frames.device)
    for start in range(0, len(frames), AT_ONCE):
        balls = find_balls(game, frames[start : start + AT_ONCE].movedim(1, -1))  # (T, C, H, W) -> (T, H, W, C)
        place[start : start + AT_ONCE] = torch.where(balls.num == 1, balls.centre[:, TOWARDS[game]], torch.nan)
    speed = place.diff()  # (N-1,) with the transition that leaves each frame but the last
    speed[offsets[1:-1] - 1] = torch.nan  # from one episode to the next
    found = torch.zeros(len(frames), dtype=torch.bool, device=frames.device)
    for apart in (1, 2):
        before, after = speed[:-apart], speed[apart:]
        turned = (before * after < 0) & ((before - after).abs() > LEAST)
        if game == "Breakout":
            turned &= before > 0  # it came to the paddle
        turned &= ~speed[apart - 1 : len(speed) - 1].isnan()  # seen all the way
        for t in (apart - 1, apart):
            found[t : t + len(turned)] |= turned
    found[:-1] |= (speed > LEAST) & (place[:-1] > PADDLE[game] - REACH)
    if game == "Pong":  # the opponent's paddle stands as far from its edge
        found[:-1] |= (speed < -LEAST) & (place[:-1] < frames.shape[-1] - 1 - PADDLE[game] + REACH)
    return found


def command(words: list[str]) -> None:
    """What the command line says."""
    if not words or words[0] not in TOWARDS:
        raise InvalidArgument(f"give {' or '.join(TOWARDS)} first, then what `gym-diamond fit` is given.")
    with joined() as team:
        program = ("python", "-m", "examples.fit_around_turns", words[0])
        fit_together(words[1:], team, partial(turns, words[0]), program)


if __name__ == "__main__":
    sys.exit(exit_status("examples.fit_around_turns", command, sys.argv[1:]))
