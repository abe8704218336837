"""The detector of the ball against the emulator's memory, on 3,000 real frames of each game.

Frames come from `RealAtari`, as in every dataset; a second emulator, which draws nothing, plays the same games beside
it and shows its memory. A ball is right if it is the only one found and within 1.5 pixels. All frames count in which
memory has a ball on the court, those too in which it is in front of a brick of its colour, where nobody can see it.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from ale_py import ALEInterface, roms

from gym_diamond.collection.scripted import ScriptedPolicy
from gym_diamond.envs.atari import FRAME_SKIP, RealAtari
from gym_diamond.evaluation.ball import VALIDATED, find_balls
from gym_diamond.evaluation.estimate import row_means
from tests.atari_screens import middle

EPSILONS = (1.0, 0.02)  # a game of random play, and one of a player that gets far
NUM_STEPS = 1500
WITHIN = 1.5  # pixels


class Place(NamedTuple):
    """Where in the memory the ball is, and where on the screen: 2 pixels wide and 4 high."""

    y: int  # address; its value is 0 where there is no ball
    x: int
    top: int  # the first row of the ball is the value of y plus this
    left: int
    court: range  # rows of the screen in which a ball is seen


PLACES = {
    "Breakout": Place(y=101, x=99, top=9, left=-49, court=range(32, 196)),
    "Pong": Place(y=54, x=49, top=-14, left=-49, court=range(34, 194)),
}


def emulated_balls(name: str, memory: np.ndarray) -> np.ndarray:
    """The middles `(..., 2)` of the balls in a frame, NaN where there is none, told from memory `(..., 128)` uint8."""
    place = PLACES[name]
    y, x = memory[..., place.y].astype(int), memory[..., place.x].astype(int)
    top = y + place.top
    there = (y > 0) & (top > place.court.start - 4) & (top < place.court.stop)
    return np.where(there[..., None], np.stack(middle(top, x + place.left), axis=-1), np.nan)


def emulator(name: str, seed: int) -> ALEInterface:
    twin = ALEInterface()
    twin.setInt("random_seed", seed)
    twin.setFloat("repeat_action_probability", 0.0)
    twin.loadROM(roms.get_rom_path(name.lower()))
    return twin


def play(name: str) -> tuple[torch.Tensor, np.ndarray]:
    """Frames `(T, N, 64, 64, 3)` uint8 of N games, and the memory `(T, N, 2, 128)` behind the two screens of each."""
    num = len(EPSILONS)
    env, twins = RealAtari(name, num, max_noops=0), [emulator(name, seed) for seed in range(num)]
    actions = twins[0].getMinimalActionSet()
    rows, rng = np.arange(num), np.random.default_rng(0)
    policy = ScriptedPolicy(name, num, patience=300.0)
    policy.begin(rows)
    frames, _ = env.reset(seed=0)
    seen, memory = [], np.zeros((NUM_STEPS, num, 2, 128), np.uint8)
    for t in range(NUM_STEPS):
        chosen = policy.act(rows, frames, rng)
        chosen = np.where(rng.random(num) < EPSILONS, rng.integers(len(actions), size=num), chosen)
        frames, _, over, _, info = env.step(chosen)
        seen.append(frames.copy())
        for row, twin in enumerate(twins):
            for _ in range(FRAME_SKIP):
                twin.act(actions[chosen[row]])
                memory[t, row] = memory[t, row, 1], twin.getRAM()
            if over[row]:
                seen[-1][row] = info["final_obs"][row]
                twin.reset_game()
    return torch.from_numpy(np.stack(seen)), memory


@pytest.mark.parametrize("name", ["Breakout", "Pong"])
def test_f1_is_what_is_published_and_at_least_098(name: str):
    frames, memory = play(name)
    truth = row_means(np.moveaxis(emulated_balls(name, memory), 2, 3).reshape(-1, 2)).reshape(*memory.shape[:2], 2)
    games = [find_balls(name, frames[:, row]) for row in range(len(EPSILONS))]
    one = np.stack([balls.num.numpy() == 1 for balls in games], axis=1)  # (T, N)
    error = np.linalg.norm(np.stack([balls.centre.numpy() for balls in games], axis=1) - truth, axis=-1)
    there = ~np.isnan(truth[..., 0])
    right = one & (error <= WITHIN)  # NaN <= 1.5 is false
    measured = {
        "f1": round(float(2 * right.sum() / (one.sum() + there.sum())), 3),
        "frames": one.size,
        "position_error": round(float(np.median(error[right])), 2),
    }

    assert measured["f1"] >= 0.98
    assert measured == pytest.approx(VALIDATED[name], abs=0.002)
    assert 100 < (~there).sum() < 1500, "there is play with and without a ball"
    if name == "Breakout":
        among = there & (truth[..., 0] > 17.5) & (truth[..., 0] < 28)
        assert among.sum() > 100
        assert right[among].mean() > 0.85, "the others are in front of bricks"
