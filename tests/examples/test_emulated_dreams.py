"""Dreams of a perfect world: they are the game, but for where they begin and end."""

from typing import Any

import numpy as np
import pytest

from examples.emulated_dreams import EmulatedDreams, Emulator, Moment, moments
from gym_diamond.envs.atari import RealAtari

PONG_ACTIONS = ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"]


@pytest.fixture(scope="module")
def starts() -> list[Moment]:
    return moments("Pong", 3, frame_stack=2, seed=0)


def stepped(envs: EmulatedDreams, action: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
    envs.step_async(np.full(envs.num_envs, action))
    return envs.step_wait()


def test_it_shows_and_pays_what_the_real_game_does() -> None:
    """Without no-ops both begin alike."""
    real, one = RealAtari("Breakout", max_noops=0), Emulator("Breakout")
    real.reset(seed=0)
    one.begin(0)
    paid = 0.0
    for t in range(120):
        action = (1, 2, 2, 3)[t % 4] if t % 40 else 1
        frames, rewards, *_ = real.step(np.array([action]))
        frame, reward = one.step(action)
        assert np.array_equal(frames[0], frame)
        assert rewards[0] == reward
        paid += reward
    assert paid > 0


def test_dreams_begin_with_the_ball_on_its_way_and_go_on_as_the_game_does(starts: list[Moment]) -> None:
    envs = EmulatedDreams("Pong", 1, starts[:1], seed=0, max_steps=50)
    assert np.array_equal(envs.reset(), np.concatenate(list(starts[0].frames), axis=-1)[None])
    one = Emulator("Pong")
    one.ale.restoreState(starts[0].state)
    for action in (2, 3, 2):
        assert np.array_equal(stepped(envs, action)[0][0, :, :, -3:], one.step(action)[0])


def test_a_dream_is_cut_off_with_its_last_frames_and_begins_anew(starts: list[Moment]) -> None:
    envs = EmulatedDreams("Pong", 2, starts[:1], seed=0, max_steps=4)
    first = envs.reset()
    dones = []
    for _ in range(4):
        obs, _, done, infos = stepped(envs, 0)
        dones.append(done.tolist())
        for row in np.flatnonzero(done):
            assert np.array_equal(obs[row], first[0])
            assert not np.array_equal(infos[row]["terminal_observation"], obs[row])
            assert infos[row]["TimeLimit.truncated"]
    assert dones == [[False, False], [False, True], [False, False], [True, False]]  # clocks are spread


def test_a_single_frame_that_ends_a_dream_is_not_the_first_of_the_next(starts: list[Moment]) -> None:
    alone = [moment._replace(frames=moment.frames[-1:]) for moment in starts]
    envs = EmulatedDreams("Pong", 1, alone[:1], seed=0, max_steps=2)
    first = envs.reset()
    stepped(envs, 2)
    obs, _, done, infos = stepped(envs, 2)
    assert done.tolist() == [True]
    assert np.array_equal(obs, first)
    assert not np.array_equal(infos[0]["terminal_observation"], first[0])


def test_they_begin_elsewhere_if_they_are_seeded_otherwise(starts: list[Moment]) -> None:
    def first(seed: int) -> np.ndarray:
        envs = EmulatedDreams("Pong", 16, starts, seed=0, max_steps=50)
        envs.seed(seed)
        begun = envs.reset()
        assert not np.array_equal(envs.reset(), begun), "a second reset goes on with the same numbers"
        return begun

    assert np.array_equal(first(7), first(7))
    assert not np.array_equal(first(7), first(0))


@pytest.mark.parametrize(("lost_pays", "paid"), [(None, -1.0), (-3.0, -3.0)])
def test_a_ball_that_is_missed_ends_a_dream_and_pays_what_was_told(
    starts: list[Moment], lost_pays: float | None, paid: float
) -> None:
    envs = EmulatedDreams("Pong", 1, starts, seed=0, max_steps=500, lost_after=2, lost_pays=lost_pays)
    envs.reset()
    total, over = 0.0, False
    for _ in range(500):  # who stands still misses soon
        _, rewards, dones, infos = stepped(envs, 0)
        total += float(rewards[0])
        over = bool(dones[0]) and not infos[0]["TimeLimit.truncated"]
        if over:
            break
    assert over
    assert total == paid


def test_equal_seeds_find_equal_moments(starts: list[Moment]) -> None:
    again, others = (moments("Pong", 3, frame_stack=2, seed=seed) for seed in (0, 1))
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(starts, again, strict=True))
    assert not np.array_equal(starts[0].frames, others[0].frames)
    assert [moment.frames.shape for moment in starts] == [(2, 64, 64, 3)] * 3
