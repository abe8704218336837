"""The ball is followed, mostly: on drawn screens with literal answers, and in the real games."""

import numpy as np
import pytest
import torch

from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.collection.scripted import ScriptedPolicy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation.ball import find_balls
from gym_diamond.games import game

NOOP, FIRE, RIGHT, LEFT = range(4)
ROW = np.array([0])


def _screen(ball: tuple[int, int] | None, paddle: int = 32) -> np.ndarray:
    """A Breakout screen with a ball at (row, column) and the paddle's middle at a column."""
    frame = np.zeros((1, 64, 64, 3), np.uint8)
    frame[:, 9:, :3] = frame[:, 9:, 61:] = 142  # walls
    frame[:, 57:59, paddle - 3 : paddle + 4] = (200, 72, 72)
    if ball is not None:
        frame[:, ball[0], ball[1]] = (200, 72, 72)
    return frame


def _actions(screens: list[np.ndarray]) -> list[int]:
    policy, rng = ScriptedPolicy("Breakout", 1, patience=1e12), np.random.default_rng(0)
    policy.begin(ROW)
    return [int(policy.act(ROW, screen, rng)[0]) for screen in screens]


@pytest.mark.parametrize(("column", "action"), [(10, LEFT), (32, NOOP), (54, RIGHT)])
def test_the_paddle_moves_to_where_the_ball_is(column: int, action: int):
    assert _actions([_screen((40, column))]) == [action]


def test_a_falling_ball_is_met_where_it_will_land():
    falling = [_screen((37, 32)), _screen((39, 34))]  # lands 18 columns on, at 52
    assert _actions(falling) == [NOOP, RIGHT]


def test_a_ball_that_will_bounce_off_the_wall_is_met_after_the_bounce():
    bouncing = [_screen((34, 48), 48), _screen((37, 52), 40)]  # 27 columns on, past the wall at 60: back at 41
    assert _actions(bouncing)[1] == NOOP


def test_a_push_is_not_repeated_while_the_paddle_still_runs():
    assert _actions([_screen((40, 37)), _screen((40, 37))]) == [RIGHT, NOOP]


def test_without_a_ball_it_is_served():
    actions = _actions([_screen(None)] * 40)
    assert set(actions) == {NOOP, FIRE}


def test_a_lapse_holds_one_action_whatever_the_ball_does():
    policy, rng = ScriptedPolicy("Breakout", 1, patience=1.0), np.random.default_rng(0)
    policy.begin(ROW)
    actions = [int(policy.act(ROW, _screen((40, 10)), rng)[0]) for _ in range(200)]
    runs = np.diff(np.flatnonzero(np.diff(actions, prepend=-1, append=-1)))
    assert runs.min() >= 5
    assert set(actions) == {NOOP, FIRE, RIGHT, LEFT}


def test_a_paddle_under_the_ball_rests_to_hit_it_with_its_middle_and_moves_to_hit_it_with_an_edge():
    def moves(stroke: str) -> set[int]:
        policy, rng = ScriptedPolicy("Breakout", 1, 1e12, stroke), np.random.default_rng(0)
        policy.begin(ROW)
        return {int(policy.act(ROW, _screen((40, 32)), rng)[0]) for _ in range(400)}

    assert moves("scripted") == {NOOP}
    assert moves("edge") == {NOOP, LEFT, RIGHT}  # now one edge, now the other


def test_only_games_with_a_ball_have_a_script():
    with pytest.raises(InvalidArgument, match="Breakout and Pong, not for Alien"):
        ScriptedPolicy("Alien", 1)


def _score(name: str, num_steps: int, patience: float) -> tuple[float, int]:
    """Rewards and lost lives of four games together."""
    env, rows = RealAtari(name, 4), np.arange(4)
    policy, rng = ScriptedPolicy(name, 4, patience), np.random.default_rng(0)
    frames, _ = env.reset(seed=0)
    policy.begin(rows)
    score, lives = 0.0, 0
    for _ in range(num_steps):
        frames, rewards, terminated, _, info = env.step(policy.act(rows, frames, rng))
        score += rewards.sum()
        lives += int((info["life_lost"] | terminated).sum())
    return score, lives


def test_in_breakout_the_ball_is_kept_alive_and_lapses_lose_it():
    score, lives = _score("Breakout", 400, patience=1e12)
    assert lives <= 4  # random play loses one in 40 steps: 40 of them
    assert score >= 40
    assert _score("Breakout", 400, patience=30.0)[1] > lives


def test_in_pong_it_holds_its_own():
    score, _ = _score("Pong", 400, patience=1e12)
    assert score > -8  # random play is 28 behind by then


def _points(stroke: str, num_steps: int) -> tuple[int, int]:
    """Points won and lost in eight games of Pong without lapses."""
    env, rows = RealAtari("Pong", 8), np.arange(8)
    policy, rng = ScriptedPolicy("Pong", 8, 1e12, stroke), np.random.default_rng(0)
    frames, _ = env.reset(seed=0)
    policy.begin(rows)
    won = lost = 0
    for _ in range(num_steps):
        frames, rewards, *_ = env.step(policy.act(rows, frames, rng))
        won, lost = won + int((rewards > 0).sum()), lost + int((rewards < 0).sum())
    return won, lost


def test_pongs_opponent_misses_what_an_edge_hits_hard():
    (won, _), (won_with_the_edge, _) = _points("scripted", 600), _points("edge", 600)
    assert won_with_the_edge >= 2 * won


def test_who_grazes_misses_balls_narrowly():
    env, rows = RealAtari("Pong", 4), np.arange(4)
    missed_by = {}
    for name in ("graze", "random"):
        policy, rng = make_policy(name, atari_info(env), 4), np.random.default_rng(0)
        frames, _ = env.reset(seed=0)
        policy.begin(rows)
        seen, paid = [frames], []
        for _ in range(400):
            frames, rewards, *_ = env.step(policy.act(rows, frames, rng))
            seen, paid = [*seen, frames], [*paid, rewards]
        missed_by[name] = np.concatenate([_missed_by(np.stack(seen)[:-1, i], np.stack(paid)[:, i]) for i in rows])
    assert len(missed_by["graze"]) > 10
    assert np.median(missed_by["graze"]) < 6 < 12 < np.median(missed_by["random"])  # paddle and ball reach 3


def _missed_by(frames: np.ndarray, rewards: np.ndarray) -> list[float]:
    """How far, in rows of pixels, the middle of Pong's right paddle was from each lost ball that came to its line."""
    y, x = find_balls("Pong", torch.from_numpy(frames)).centre.numpy().T
    green = (frames[:, 11:59, 56] == (92, 186, 92)).all(axis=-1)  # (T, h, C) -> (T, h)
    paddle = green @ np.arange(11, 59) / np.maximum(green.sum(axis=1), 1)
    before = np.flatnonzero(x < 56)
    return [float(abs(y[t] - paddle[t])) for t in (before[before < lost][-1] for lost in np.flatnonzero(rewards < 0))]


def test_an_edge_holds_fire_in_pong_and_has_none_to_hold_in_breakout():
    meanings = game("Pong").action_meanings
    env, rows = RealAtari("Pong", 8), np.arange(8)
    policy, rng = ScriptedPolicy("Pong", 8, 1e12, "edge"), np.random.default_rng(0)
    frames, _ = env.reset(seed=0)
    policy.begin(rows)
    done = set()
    for _ in range(100):
        actions = policy.act(rows, frames, rng)
        done |= {meanings[action] for action in actions}
        frames, *_ = env.step(actions)
    assert done == {"NOOP", "FIRE", "LEFTFIRE", "RIGHTFIRE"}  # NOOP while there is no ball
