"""A dream ends where its ball is lost: no sooner, and no other dream with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from examples.lost_ball import believed_lost, ending_without_ball, fading_ball, open_dream
from gym_diamond.envs.loading import DreamArguments
from gym_diamond.errors import InvalidArgument
from gym_diamond.frames import to_obs
from gym_diamond.world_models.protocol import Transition
from tests.atari_screens import breakout, frame, pong
from tests.tiny import write_tiny_world

SEEN = {"Breakout": frame(breakout((120, 80))), "Pong": frame(pong((120, 80)))}
LOST = {"Breakout": frame(breakout()), "Pong": frame(pong())}


def ends(game: str, rows: Sequence[str], lost_after: int, own: Sequence[bool]) -> list[bool]:
    """Whether dreams end whose last frames are, for each row, with a ball (o) or without one (-)."""
    frames = torch.stack([torch.stack([SEEN[game] if c == "o" else LOST[game] for c in row]) for row in rows])
    none = torch.zeros(len(rows))

    def step(state: Tensor, action: Any, drawn: Any) -> tuple[Tensor, Transition]:
        return state, Transition(none, none, torch.tensor(own), none, none)

    stepped = ending_without_ball(game, lambda state: state, step, lost_after)
    return stepped(to_obs(frames), none, None)[1].end.tolist()


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
def test_a_dream_ends_once_its_ball_is_not_seen_in_as_many_frames_on_end(game: str):
    """Of one that began without a ball nothing is lost."""
    rows = ["oooo", "ooo-", "oo--", "o---", "----", "--o-", "o-o-"]
    assert ends(game, rows, 1, [False] * 7) == [False, True, False, False, False, True, True]
    assert ends(game, rows, 2, [False] * 7) == [False, False, True, False, False, False, False]
    assert ends(game, rows, 3, [False] * 7) == [False, False, False, True, False, False, False]


def test_the_ends_that_the_model_dreams_are_kept():
    assert ends("Breakout", ["oooo", "oooo", "o---"], 2, [True, False, True]) == [True, False, True]


def test_a_dream_whose_ball_is_lost_goes_on_where_that_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The tiny world dreams noise; what is seen in it is told here."""
    ball = torch.tensor([[1, 0], [1, 1]]).bool()  # of two rows: there a frame ago, now
    monkeypatch.setattr(
        "examples.lost_ball.place_balls", lambda game, frames, last: ball[:, :, None, None].expand(2, 2, 64, 64)
    )
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path / "world")), end_mode="never")
    for lost_after, ended in ((0, [False, False]), (1, [True, False])):
        dream = open_dream(arguments, 2, 5, lost_after=lost_after)
        dream.reset(seed=0)
        assert dream.step(torch.tensor([0, 1])).terminated.tolist() == ended


def test_a_lost_ball_pays_what_it_is_said_to_and_no_other_loss_does():
    rows = ["oooo", "oooo", "oooo", "oo--", "oo--", "oo--"]
    rewards = torch.tensor([0.0, -1.0, 1.0, 0.0, -1.0, 1.0])
    frames = torch.stack([torch.stack([SEEN["Pong"] if c == "o" else LOST["Pong"] for c in row]) for row in rows])

    def step(state: Tensor, action: Any, drawn: Any) -> tuple[Tensor, Transition]:
        return state, Transition(rewards, rewards, torch.zeros(6, dtype=torch.bool), rewards, rewards)

    stepped = ending_without_ball("Pong", lambda state: state, step, 2, lost_pays=-1.0)
    assert stepped(to_obs(frames), rewards, None)[1].reward.tolist() == [0.0, 0.0, 1.0, -1.0, -1.0, 0.0]


@pytest.mark.parametrize(("column", "paid"), [(0, 0.0), (8, 0.0), (13, -1.0), (80, -1.0), (156, -1.0)])
def test_a_ball_that_was_last_seen_behind_the_opponent_is_not_lost(column: int, paid: float):
    """The opponent's paddle is at the emulator's columns 16 to 20; a ball is two wide."""
    seen, none = [frame(pong((120, column)))] * 2, torch.zeros(1)
    frames = torch.stack([*seen, LOST["Pong"], LOST["Pong"]])[None]

    def step(state: Tensor, action: Any, drawn: Any) -> tuple[Tensor, Transition]:
        return state, Transition(none, none, none.bool(), none, none)

    transition = ending_without_ball("Pong", lambda state: state, step, 2, lost_pays=-1.0)(to_obs(frames), none, None)[
        1
    ]
    assert (transition.reward.item(), transition.end.item()) == (paid, True)


def test_a_ball_that_comes_back_is_lost_all_the_same_where_the_judge_finds_that_likely():
    rows, chances = ["oooo", "oooo", "oo--", "oooo"], torch.tensor([0.0, 0.29, 0.9, 0.3])
    rewards = torch.tensor([1.0, 0.0, 0.0, -1.0])
    frames = torch.stack([torch.stack([SEEN["Pong"] if c == "o" else LOST["Pong"] for c in row]) for row in rows])
    probs = torch.stack([chances, 1 - chances, torch.zeros(4)], dim=1)  # (N, 3), of -1, 0 and 1

    def step(state: Tensor, action: Any, drawn: Any) -> tuple[Tensor, Transition]:
        return state, Transition(rewards, rewards, torch.zeros(4, dtype=torch.bool), probs, rewards)

    def transition(lost_pays: float | None) -> Transition:
        believed = believed_lost((-1.0, 0.0, 1.0), 0.3)
        stepped = ending_without_ball("Pong", lambda state: state, step, 2, lost_pays, believed)
        return stepped(to_obs(frames), rewards, None)[1]

    assert transition(-1.0).end.tolist() == [False, False, True, True]
    assert transition(-1.0).reward.tolist() == [1.0, 0.0, -1.0, -1.0], "once, though both say so"
    assert transition(None).reward.tolist() == rewards.tolist()


@pytest.mark.parametrize(
    ("values", "chance", "told"),
    [((-1.0, 0.0, 1.0), 0.0, "lost_chance is 0.0"), ((-1.0, 0.0), 1.5, "lost_chance is 1.5"), ((0.0, 1.0), 0.5, "0")],
)
def test_a_loss_has_a_chance_above_none_and_a_reward_below_0(values: tuple[float, ...], chance: float, told: str):
    with pytest.raises(InvalidArgument, match=told):
        believed_lost(values, chance)


def test_a_lost_ball_cannot_pay_where_none_is_looked_for(tmp_path: Path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path / "world")))
    with pytest.raises(InvalidArgument, match=r"lost_pays is -1.0, but no dream ends for want of a ball"):
        open_dream(arguments, 2, 5, lost_pays=-1.0)
    with pytest.raises(InvalidArgument, match=r"lost_chance is 0.3, but no dream ends for want of a ball"):
        open_dream(arguments, 2, 5, lost_chance=0.3)


def test_a_world_has_to_remember_the_ball_that_it_lost(tmp_path: Path):
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path / "world")))
    with pytest.raises(InvalidArgument, match=r"lost_after is 4; in this world it can be 1 to 3"):
        open_dream(arguments, 2, 5, lost_after=4)


@pytest.mark.parametrize(("game", "screen"), [("Breakout", breakout), ("Pong", pong)])
def test_a_ball_has_faded_if_it_was_far_from_the_paddle_a_frame_ago(game: str, screen: Callable[..., np.ndarray]):
    far, near = (100, 80), {"Breakout": (183, 80), "Pong": (100, 138)}[game]
    pairs = [(far, None), (near, None), (far, far), (None, None), (None, far)]
    frames = torch.stack([torch.stack([frame(screen(*[b] if b else [])) for b in pair]) for pair in pairs])
    none = torch.zeros(len(pairs))
    doubt = fading_ball(game, lambda state: state)
    found = doubt(to_obs(frames), Transition(none, none, none.bool(), none, none))
    assert found.tolist() == [True, False, False, False, False]


def test_a_brick_that_a_dream_broke_by_halves_is_no_ball_that_is_still_there():
    screens = [breakout(*place, gone=[(5, 4)]) for place in ([], [], [(120, 60)], [])]
    for screen in screens:
        screen[87:93, 40:43] = screen[87, 8]  # what is left of it
    history = to_obs(torch.stack([frame(screen) for screen in screens]))[None]
    none = torch.zeros(1)
    doubt = fading_ball("Breakout", lambda state: state)
    assert doubt(history, Transition(none, none, none.bool(), none, none)).tolist() == [True]


def test_a_dream_whose_ball_has_faded_is_cut_off_and_not_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The tiny world dreams noise; what is seen in it is told here."""
    ball = torch.tensor([[1, 1, 0], [1, 1, 1]]).bool()  # of two rows: there two frames ago, a frame ago, now
    places = ball[:, :, None, None].expand(2, 3, 64, 64)
    monkeypatch.setattr("examples.lost_ball.place_balls", lambda game, frames, last=2: places[:, -last:])
    arguments = DreamArguments(world=str(write_tiny_world(tmp_path / "world")), end_mode="never")
    dream = open_dream(arguments, 2, 5, lost_after=2, cut_faded=True)
    dream.reset(seed=0)
    step = dream.step(torch.tensor([0, 1]))
    assert (step.terminated.tolist(), step.truncated.tolist()) == ([False, False], [True, False])
    with pytest.raises(InvalidArgument, match=r"cut_faded is True, but no dream ends for want of a ball"):
        open_dream(arguments, 2, 5, cut_faded=True)
