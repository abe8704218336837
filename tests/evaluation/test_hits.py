"""Hits are found where a paddle turns a ball, and dreams that lose or misdirect it there are told from others."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from gym_diamond.data.episode import Episode
from gym_diamond.evaluation.hits import after_hits, hit_starts, last_before_hits
from gym_diamond.evaluation.starts import Start
from gym_diamond.frames import frames_chw_to_obs, to_frames
from gym_diamond.world_models.protocol import Context, Judgement, Transition, WorldSpec
from tests.atari_screens import breakout, frame, pong

HIT = 26  # the last frame before the hit


def rally(game: str = "Pong", hit: int = HIT, num: int = 60) -> Tensor:
    """Frames `(num, 64, 64, 3)`: a ball comes to the agent's paddle up to frame `hit` and goes, 1.6 pixels a frame."""
    frames = []
    for t in range(num):
        away = 4 * abs(t - hit)
        frames.append(frame(pong((40 + 2 * t, 132 - away)) if game == "Pong" else breakout((184 - away, 20 + 2 * t))))
    return torch.stack(frames)


def played(frames: Tensor) -> Episode:
    num = len(frames) - 1
    return Episode(
        frames.numpy(), np.zeros(num, np.int64), np.zeros(num, np.float32), False, True, True, policy="scripted"
    )


class Place(NamedTuple):
    frame: Tensor  # (B,) int64


class FilmWorld:
    """A world that knows which frame of a film it is shown, and dreams the frames of another that follow."""

    device = torch.device("cpu")

    def __init__(self, shown: Tensor, dreamt: Tensor, game: str = "Pong") -> None:
        self.shown, self.dreamt = shown, frames_chw_to_obs(dreamt.movedim(-1, 1))
        meanings = ("NOOP", "FIRE")
        self.spec = WorldSpec(game, 64, 64, 3, len(meanings), meanings, 2, (-1.0, 0.0, 1.0), 15)

    def reset(self, context: Context) -> Place:
        last = to_frames(context.obs[:, -1])  # (B, H, W, C)
        same = (last[:, None] == self.shown).flatten(2).all(dim=2)  # (B, T)
        return Place(same.long().argmax(dim=1))

    def draw(self, keys: Tensor, counter: Tensor) -> Tensor:
        return counter

    def step(self, state: Place, action: Tensor, noise: Tensor) -> tuple[Place, Transition]:
        following, num = state.frame + 1, len(action)
        nothing = torch.zeros(num)
        probs = torch.tensor([0.0, 1.0, 0.0]).expand(num, -1)
        return Place(following), Transition(self.dreamt[following], nothing, nothing > 0, probs, nothing)

    def judge(self, context: Context) -> Judgement:
        num, transitions = len(context.obs), context.obs.shape[1] - 1
        return Judgement(torch.full((num, transitions, 3), 1 / 3), torch.zeros(num, transitions))

    def history(self, state: Place) -> Tensor:
        return self.dreamt[state.frame][:, None]


def shares(dreamt: Tensor) -> tuple[list[float], list[float]]:
    """Of the dream `dreamt` of one rally: is a ball there, is it near, at the marks -7, -1, 1, 3, 5, 9, 13 and 20."""
    real = rally()
    found = after_hits(FilmWorld(real, dreamt), [played(real)], [Start(0, HIT - 8)], 2, 0, lambda num: None)
    assert list(found["recall"]) == ["-7", "-1", "1", "3", "5", "9", "13", "20"]
    return tuple([share["mean"] for share in found[name].values()] for name in ("recall", "near"))


@pytest.mark.parametrize("game", ["Breakout", "Pong"])
def test_a_hit_is_where_a_ball_that_came_to_the_paddle_goes(game: str):
    assert last_before_hits(game, played(rally(game))) == [HIT]


def test_what_the_opponent_hits_is_none():
    assert last_before_hits("Pong", played(rally().flip(0))) == [59 - HIT], "backwards the same paddle hits it"
    mirrored = torch.stack([frame(pong((40 + 2 * t, 24 + 4 * abs(t - HIT)))) for t in range(60)])
    assert last_before_hits("Pong", played(mirrored)) == []


def test_a_hit_needs_all_frames_of_a_dream_around_it():
    assert last_before_hits("Pong", played(rally(hit=8, num=29))) == [8]
    assert last_before_hits("Pong", played(rally(hit=7, num=29))) == []
    assert last_before_hits("Pong", played(rally(hit=8, num=28))) == []


def test_a_ball_that_is_gone_for_a_while_was_not_in_play():
    frames = rally()
    frames[HIT + 10 : HIT + 12] = frame(pong())
    assert last_before_hits("Pong", played(frames)) == [HIT], "it may be hidden for two of 29 frames"
    frames[HIT + 12] = frame(pong())
    assert last_before_hits("Pong", played(frames)) == []


def test_dreams_begin_8_frames_before_with_the_whole_context_to_see():
    rng, seen = np.random.default_rng(0), []
    episodes = [played(rally()), played(rally(hit=9)), played(rally()[:20])]
    found = hit_starts("Pong", episodes, 3, 10, rng, seen.append)
    assert sorted(found) == [Start(0, HIT - 8)], "of the second only two frames would be shown"
    assert seen == [1, 1, 1]


def test_no_more_hits_are_looked_for_than_are_wanted():
    seen: list[int] = []
    found = hit_starts("Pong", [played(rally())] * 5, 2, 2, np.random.default_rng(0), seen.append)
    assert len(found) == len({start.episode for start in found}) == len(seen) == 2


def test_one_long_rally_is_not_all_there_is():
    whole = torch.cat([rally(num=52)] * 9)
    assert len(last_before_hits("Pong", played(whole))) == 9
    assert len(hit_starts("Pong", [played(whole)], 2, 9, np.random.default_rng(0), lambda num: None)) == 6


def test_a_perfect_dream_is_right_before_and_after():
    assert shares(rally()) == ([1.0] * 8, [1.0] * 8)


def test_a_dream_that_loses_the_ball_at_the_paddle_is_right_before_only():
    dreamt = rally()
    dreamt[HIT + 1 :] = frame(pong())
    assert shares(dreamt) == ([1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0])


def test_a_dream_that_sends_the_ball_elsewhere_has_it_and_not_near():
    dreamt = rally()
    for t in range(HIT + 1, len(dreamt)):
        dreamt[t] = frame(pong((40 + 2 * HIT - 2 * (t - HIT), 132 - 4 * (t - HIT))))  # up and not down
    there, near = shares(dreamt)
    assert there == [1.0] * 8
    assert near == [1, 1, 1, 0, 0, 0, 0, 0], "4 emulated rows a frame apart, 1.2 pixels"


def test_where_the_real_ball_is_hidden_no_dream_is_asked_for_it():
    real = rally()
    real[HIT + 9] = frame(pong())
    found = after_hits(FilmWorld(real, real), [played(real)], [Start(0, HIT - 8)], 2, 0, lambda num: None)
    assert found["near"]["9"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert (found["starts"], found["episodes"], found["near"]["13"]["n"]) == (1, 1, 1)


def test_hits_of_one_episode_tell_no_interval():
    real, starts = rally(), [Start(0, HIT - 8)] * 2
    found = after_hits(FilmWorld(real, real), [played(real)], starts, 2, 0, lambda num: None)
    assert found["near"]["9"] == {"mean": 1.0, "low": None, "high": None, "n": 2}
