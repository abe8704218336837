"""Players for Breakout and Pong that follow the ball, and sometimes forget to.

They look at the 64x64 frames that the networks see, because the emulator's fast vector interface does not show its
memory; so they play in a dream as they play in reality. A lapse of attention is what lets a ball be missed: without
lapses there would be no lost lives to learn from, without following there would be no long ones.

Who hits the ball near the middle of the paddle sends it off flat, and Pong's opponent hardly ever misses it. Who hits
it with an edge sends it off steeply, and in Pong faster while FIRE is held: so points are won, and more are lost. Who
just meets a ball or just misses it shows what a world has to tell apart.
"""

from dataclasses import dataclass

import numpy as np

from gym_diamond.errors import InvalidArgument
from gym_diamond.games import game


@dataclass(frozen=True)
class Court:
    """Where ball and paddle move on the 64x64 screen, and which actions move the paddle.

    `axis` is the axis of the frame along which the paddle moves: 1 = x (Breakout), 0 = y (Pong). `to_paddle` is the
    other axis, on which the ball comes closer as its coordinate grows.
    """

    ball_rows: slice
    ball_columns: slice
    paddle_rows: slice
    paddle_columns: slice
    background: tuple[int, int, int]
    paddle: tuple[int, int, int]
    axis: int
    goal: float  # coordinate of the paddle's face on the other axis
    walls: tuple[float, float]  # the coordinates on `axis` between which the ball bounces
    reach: float  # half the paddle's length
    coast: float  # how far the paddle still runs after a step in which it was pushed
    slack: float  # how far off is near enough: half of what one push moves
    forward: str  # the action that increases the paddle's coordinate
    backward: str
    serve: str  # the action that brings a ball when there is none
    hard: tuple[str, str, str]  # in the place of NOOP, `forward`, `backward`: those that hit the ball hardest


@dataclass(frozen=True)
class Stroke:
    """How a ball is hit: where on the paddle, as shares of its reach to either side, how exactly, and how hard."""

    aim: tuple[float, float]
    slack: float  # as a share of the court's
    hard: bool


STROKES = {  # with the points of 12,000 steps of Pong without lapses
    "scripted": Stroke(aim=(0.0, 0.4), slack=1.0, hard=False),  # 14 won, 1 lost
    "edge": Stroke(aim=(0.7, 1.1), slack=0.6, hard=True),  # 50 won, 67 lost
    "graze": Stroke(aim=(1.0, 2.4), slack=0.6, hard=False),  # 22 won, 141 lost
}
PATIENCE = 100.0  # mean steps between two lapses

COURTS = {
    "Breakout": Court(
        ball_rows=slice(29, 57),
        ball_columns=slice(4, 60),
        paddle_rows=slice(57, 60),
        paddle_columns=slice(4, 60),
        background=(0, 0, 0),
        paddle=(200, 72, 72),
        axis=1,
        goal=57.0,
        walls=(3.7, 60.0),
        reach=3.0,
        coast=4.8,
        slack=3.0,
        forward="RIGHT",
        backward="LEFT",
        serve="FIRE",
        hard=("NOOP", "RIGHT", "LEFT"),
    ),
    "Pong": Court(
        ball_rows=slice(11, 59),
        ball_columns=slice(8, 56),
        paddle_rows=slice(11, 59),
        paddle_columns=slice(56, 57),
        background=(144, 72, 17),
        paddle=(92, 186, 92),
        axis=0,
        goal=56.0,
        walls=(10.5, 58.5),
        reach=2.2,
        coast=3.0,
        slack=2.0,
        forward="LEFT",
        backward="RIGHT",
        serve="FIRE",
        hard=("FIRE", "LEFTFIRE", "RIGHTFIRE"),
    ),
}


class ScriptedPolicy:
    """Moves the paddle to where the ball will come down, to hit it with the right part of it, and lapses now and then.

    `patience` is the mean number of steps between two lapses; a lapse holds a random action for 5 to 20 steps. `stroke`
    is one of `STROKES`.
    """

    def __init__(self, name: str, num_rows: int, patience: float = PATIENCE, stroke: str = "scripted") -> None:
        if name not in COURTS:
            raise InvalidArgument(f"There is a scripted policy for {' and '.join(COURTS)}, not for {name}.")
        if not patience >= 1:
            raise InvalidArgument(f"The patience of a scripted policy is {patience:g} steps; it must be at least 1.")
        self.name = stroke if patience == PATIENCE else f"{stroke}:{patience:g}"
        self._court, self._stroke = COURTS[name], STROKES[stroke]
        meanings = game(name).action_meanings
        self._num_actions = len(meanings)
        moves = self._court.hard if self._stroke.hard else ("NOOP", self._court.forward, self._court.backward)
        self._stay, self._forward, self._backward = (meanings.index(move) for move in moves)
        self._noop, self._serve = meanings.index("NOOP"), meanings.index(self._court.serve)
        self._lapse_probability = 1 / patience
        self._ball = np.full((num_rows, 2), np.nan)  # (y, x) a step ago, NaN = not seen
        self._aim = np.zeros(num_rows)  # where on the paddle the ball is to land, as a share of its reach
        self._push = np.zeros(num_rows)  # the direction of the last push
        self._lapse_left = np.zeros(num_rows, np.int64)
        self._lapse_action = np.zeros(num_rows, np.int64)

    def begin(self, rows: np.ndarray) -> None:
        """Forget the ball and wake up."""
        self._ball[rows] = np.nan
        self._push[rows] = 0
        self._lapse_left[rows] = 0

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Moves towards the ball; a held random action during a lapse."""
        court, n = self._court, len(rows)
        ball = _centre(frames, court.ball_rows, court.ball_columns, court.background)
        paddle = _centre(frames, court.paddle_rows, court.paddle_columns, court.background)[:, court.axis]
        velocity = np.nan_to_num(ball - self._ball[rows])
        self._ball[rows] = ball

        renew = rng.random(n) < 0.05
        self._aim[rows] = np.where(renew, self._new_aim(n, rng), self._aim[rows])
        target = _landing(court, ball, velocity) + self._aim[rows] * court.reach
        slack = court.slack * self._stroke.slack
        ahead = target - (paddle + self._push[rows] * court.coast)
        chosen = np.select(
            [np.isnan(target), ahead > slack, ahead < -slack],
            [np.where(rng.random(n) < 0.5, self._serve, self._noop), self._forward, self._backward],
            self._stay,
        )
        chosen = self._lapse(rows, chosen, rng)
        self._push[rows] = (chosen == self._forward).astype(float) - (chosen == self._backward)
        return chosen

    def _new_aim(self, num: int, rng: np.random.Generator) -> np.ndarray:
        near, far = self._stroke.aim
        side = rng.uniform(-1, 1, num)
        return np.sign(side) * (near + np.abs(side) * (far - near))

    def _lapse(self, rows: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n = len(rows)
        left = np.maximum(self._lapse_left[rows] - 1, 0)
        starts = (left == 0) & (rng.random(n) < self._lapse_probability)
        self._lapse_left[rows] = np.where(starts, rng.integers(5, 21, n), left)
        self._lapse_action[rows] = np.where(starts, rng.integers(0, self._num_actions, n), self._lapse_action[rows])
        return np.where(self._lapse_left[rows] > 0, self._lapse_action[rows], chosen)


def _centre(frames: np.ndarray, rows: slice, columns: slice, background: tuple[int, int, int]) -> np.ndarray:
    """The centres of mass `(n, 2)` (y, x) of what differs from the background in a region; NaN where nothing does."""
    region = frames[:, rows, columns].astype(np.int32)
    mass = np.abs(region - background).sum(axis=-1)  # (n, h, w, 3) -> (n, h, w)
    mass[mass < 48] = 0
    ys, xs = np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)
    total = mass.sum(axis=(1, 2)).astype(np.float64)  # (n,)
    total[total == 0] = np.nan
    return np.stack([mass.sum(axis=2) @ ys / total, mass.sum(axis=1) @ xs / total], axis=1)


def _landing(court: Court, ball: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Where `(n,)` the ball will meet the paddle's line, walls included; where it is, while it flies away."""
    along, towards = court.axis, 1 - court.axis
    comes = velocity[:, towards] > 0.3
    steps = np.where(comes, (court.goal - ball[:, towards]) / np.where(comes, velocity[:, towards], 1.0), 0.0)
    low, high = court.walls
    span = high - low
    unfolded = (ball[:, along] + velocity[:, along] * steps - low) % (2 * span)
    return low + span - np.abs(unfolded - span)
