"""How much of each pixel of a frame the ball lights, in Breakout and in Pong.

What else stands on these screens is known to the pixel of the emulator's own screen, 210 by 160. It is drawn there,
shrunk by area to 64 by 64 as the frames were, and taken away; what remains and has the colour of the ball is light of
the ball. So a ball is found among bricks and beside a paddle of its own colour, and where it covers only parts of
pixels. A ball in front of a brick has the brick's colour: there it cannot be seen, by no one.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from gym_diamond.collection.scripted import COURTS

SCREEN = (210, 160)  # the emulator's
SIZE = 64  # of frames
STANDS = 0.6  # a brick stands if this share of it is lit; a ball in an empty place lights less than half of it
STAYS = 3  # light among the bricks that stays for so many frames is of a broken brick: a ball moves on
IN_COURT = 0.2  # a pixel of which less is in the court is of the wall, and says nothing
PADDLE_LENGTH = 2.6  # pixels: a longer bar at the paddle's height is the paddle (3.2 or 6.4), a shorter one a ball

BREAKOUT_COURT = (slice(32, 196), slice(8, 152))  # emulator's rows and columns in which the ball is seen
GREY, RED = (142, 142, 142), COURTS["Breakout"].paddle
WALLS = (
    (slice(17, 32), slice(0, 160), GREY),
    (slice(32, 189), slice(0, 8), GREY),
    (slice(32, 189), slice(152, 160), GREY),
    (slice(189, 196), slice(0, 8), (66, 158, 130)),
    (slice(189, 195), slice(152, 160), RED),
)
BRICK_COLOURS = (RED, (198, 108, 58), (180, 122, 48), (162, 162, 42), (72, 160, 72), (66, 72, 200))  # from above
BRICK_ROWS = tuple(slice(y, y + 6) for y in range(57, 93, 6))
BRICK_COLUMNS = tuple(slice(x, x + 8) for x in range(8, 152, 8))
BALL_COLOURS = ((slice(32, 57), GREY), *zip(BRICK_ROWS, BRICK_COLOURS, strict=True), (slice(93, 196), RED))
AMONG_BRICKS = slice(17, 29)  # rows of a frame that show a part of a brick
PADDLE_ROWS = slice(189, 193)
AT_PADDLE = slice(57, 59)  # rows of a frame that show a part of the paddle

PONG_COURT = (slice(34, 194), slice(0, 160))
WHITE, BROWN = (236, 236, 236), COURTS["Pong"].background
GREEN, ORANGE = COURTS["Pong"].paddle, (213, 130, 74)  # the right paddle and the left one
NEAR_GREEN, NEAR_ORANGE = slice(55, 59), slice(5, 9)  # columns of a frame; one more on either side than paddles touch


class Breakout(NamedTuple):
    """What a frame of Breakout is made of."""

    walls: Tensor  # (H, W, 3)
    court: Tensor  # (H, W), the share of each pixel in which a ball can be
    ball: Tensor  # (H, 1, 3), the ball's colour
    rows: Tensor  # (H, 6), the share of each row of pixels that a row of bricks covers
    columns: Tensor  # (W, 18), the same for columns
    bricks: Tensor  # (6, 3), their colours
    from_lit: Tensor  # (6, 12*3) and (18, W): from lit pixels to lit bricks, in least squares
    from_columns: Tensor


class Pong(NamedTuple):
    """What a frame of Pong is made of."""

    empty: Tensor  # (H, W, 3)
    court: Tensor  # (H, W)
    weights: Tensor  # (W, 3): times what a pixel differs from the empty court, the share of it that the ball covers


def breakout_light(frames: Tensor) -> Tensor:
    """The share `(..., T, 64, 64)` float32 of each pixel that the ball of Breakout covers.

    Args:
        frames: `(..., T, 64, 64, 3)` uint8, T one after the other. From three frames on, bricks that a dream broke by
            halves are known by their staying where they are; in fewer they look like balls.
    """
    made_of = _breakout(frames.device)
    rest = frames.float() - made_of.walls
    standing = (_brick_shares(rest, made_of) > STANDS).float()  # (..., T, 6, 18)
    for r, colour in enumerate(made_of.bricks):
        row = made_of.rows[:, r, None] * (standing[..., r, :] @ made_of.columns.T)[..., None, :]  # (..., T, H, W)
        rest -= row[..., None] * colour
    room = made_of.court - made_of.rows @ standing @ made_of.columns.T  # (..., T, H, W)
    light = (rest * made_of.ball).sum(-1) / made_of.ball.square().sum(-1).clamp(min=1)  # (..., H, W, 3) -> (..., H, W)
    light = light.minimum(room).clamp(min=0)
    light[..., AMONG_BRICKS, :] -= _staying(light[..., AMONG_BRICKS, :])
    light[..., AT_PADDLE, :] = _without_paddle(light[..., AT_PADDLE, :])
    return light


def pong_light(frames: Tensor) -> Tensor:
    """The share `(..., 64, 64)` float32 of each pixel of `frames` `(..., 64, 64, 3)` uint8 that Pong's ball covers."""
    made_of = _pong(frames.device)
    light = ((frames.float() - made_of.empty) * made_of.weights).sum(-1)  # (..., H, W, 3) -> (..., H, W)
    return light.minimum(made_of.court).clamp(min=0)


def _brick_shares(rest: Tensor, made_of: Breakout) -> Tensor:
    """How much of each brick's place is lit, `(..., T, 6, 18)`: what explains the pixels best, in least squares."""
    lit = rest[..., AMONG_BRICKS, :, :].movedim(-1, -2).flatten(-3, -2)  # (..., T, 12, W, 3) -> (..., T, 12*3, W)
    return made_of.from_lit @ lit @ made_of.from_columns.T


def _staying(light: Tensor) -> Tensor:
    """The part of `light` `(..., T, h, W)` that is there for at least `STAYS` frames in a row."""
    if light.shape[-3] < STAYS:
        return torch.zeros_like(light)
    throughout = light.unfold(-3, STAYS, 1).amin(-1)  # (..., T-2, h, W, 3) -> (..., T-2, h, W): from each frame on
    edge = torch.zeros_like(light[..., : STAYS - 1, :, :])
    return (
        torch.cat([edge, throughout, edge], dim=-3).unfold(-3, STAYS, 1).amax(-1)
    )  # (..., T+2, ...) -> (..., T, h, W)


def _without_paddle(light: Tensor) -> Tensor:
    """`light` `(..., 2, W)` of the two rows at the paddle, less what both have in its proportions and length."""
    rows = _paddle_rows(light.device)
    bar = (light / rows).amin(-2)  # (..., W)
    lit = bar > 0.1
    total = torch.where(lit, bar, 0).cumsum(-1)
    before = torch.where(lit, 0, total).cummax(-1).values  # the sum of all to the left of a run of lit pixels
    after = torch.where(lit, total[..., -1:], total).flip(-1).cummin(-1).values.flip(-1)  # and to its right end
    paddle = torch.where(after - before > PADDLE_LENGTH, bar, 0)
    return (light - paddle[..., None, :] * rows).clamp(min=0)


@cache
def _paddle_rows(device: torch.device) -> Tensor:
    """The share `(2, 1)` of the two rows of pixels at the paddle that it covers."""
    return _shrinking(SCREEN[0])[AT_PADDLE, PADDLE_ROWS].sum(1, keepdim=True).to(device)


@cache
def _breakout(device: torch.device) -> Breakout:
    seen, across = BREAKOUT_COURT
    colours = torch.zeros(SCREEN[0], 1, 3)
    for rows, colour in BALL_COLOURS:
        colours[rows] = torch.tensor(colour, dtype=torch.float32)
    down, along = _shrinking(SCREEN[0]), _shrinking(SCREEN[1])
    seen_rows = down[:, seen].sum(1).clamp(min=1e-6)  # (H,)
    rows = torch.stack([down[:, rows].sum(1) for rows in BRICK_ROWS], dim=1)
    columns = torch.stack([along[:, columns].sum(1) for columns in BRICK_COLUMNS], dim=1)
    bricks = torch.tensor(BRICK_COLOURS, dtype=torch.float32)
    by_row = torch.einsum("ir,rc->icr", rows[AMONG_BRICKS], bricks).flatten(0, 1)  # (12, 3, 6) -> (12*3, 6)
    made_of = Breakout(
        walls=_shrunk(WALLS, (0, 0, 0)),
        court=_court(seen, across),
        ball=torch.einsum("iy,yjc->ijc", down, colours) / seen_rows[:, None, None],
        rows=rows,
        columns=columns,
        bricks=bricks,
        from_lit=torch.linalg.pinv(by_row),
        from_columns=torch.linalg.pinv(columns),
    )
    return Breakout(*(part.to(device) for part in made_of))


@cache
def _pong(device: torch.device) -> Pong:
    rows, columns = PONG_COURT
    white, green, orange = (torch.tensor(colour).float() - torch.tensor(BROWN) for colour in (WHITE, GREEN, ORANGE))
    smeared = green.clamp(min=0)  # where the green paddle is in one only of the two frames of which one is the maximum
    weights = (white / white.square().sum()).repeat(SIZE, 1)  # (W, 3)
    weights[NEAR_GREEN] = torch.linalg.pinv(torch.stack([white, green, smeared], dim=1))[0]
    weights[NEAR_ORANGE] = torch.linalg.pinv(torch.stack([white, orange], dim=1))[0]
    made_of = Pong(
        empty=_shrunk(((slice(24, 34), columns, WHITE), (slice(194, 210), columns, WHITE)), BROWN),
        court=_court(rows, columns),
        weights=weights,
    )
    return Pong(*(part.to(device) for part in made_of))


def _court(rows: slice, columns: slice) -> Tensor:
    """The share `(H, W)` float32 of each pixel in which a ball can be."""
    share = torch.outer(_shrinking(SCREEN[0])[:, rows].sum(1), _shrinking(SCREEN[1])[:, columns].sum(1))
    return torch.where(share < IN_COURT, 0, share)


def _shrunk(areas: tuple[tuple[slice, slice, tuple[int, int, int]], ...], background: tuple[int, int, int]) -> Tensor:
    """The frame `(H, W, 3)` float32 of a screen with some areas in one colour each."""
    screen = torch.tensor(background, dtype=torch.float32).repeat(*SCREEN, 1)  # (210, 160, 3)
    for rows, columns, colour in areas:
        screen[rows, columns] = torch.tensor(colour, dtype=torch.float32)
    return torch.einsum("iy,yxc,jx->ijc", _shrinking(SCREEN[0]), screen, _shrinking(SCREEN[1]))


@cache
def _shrinking(length: int) -> Tensor:
    """The share `(SIZE, length)` float32 that each emulated pixel has in each pixel of a frame; a row sums to 1."""
    edges, pixels = torch.arange(SIZE + 1) * length / SIZE, torch.arange(length)
    shared = edges[1:, None].minimum(pixels + 1) - edges[:-1, None].maximum(pixels)
    return shared.clamp(min=0) * SIZE / length
