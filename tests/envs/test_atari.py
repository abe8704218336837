"""Real games: the frames, the bookkeeping and the traps of the emulator's own vector env."""

import builtins

import gymnasium
import numpy as np
import pytest
from ale_py import ALEInterface, LoggerMode, roms
from gymnasium.error import ResetNeeded
from gymnasium.vector import VectorEnv

from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument, MissingExtra, UnknownGame


def _shrink(frame: np.ndarray) -> np.ndarray:
    """A 210x160 frame shrunk to 64x64 by area, in exact integers. 2N = 525 (2k+1) has no solution: no ties."""
    rows, columns = _overlap(210, 64), _overlap(160, 64)
    narrow = np.einsum("jkc,lk->jlc", frame.astype(np.int64), columns)
    total = np.einsum("ij,jlc->ilc", rows, narrow)
    return ((2 * total + 210 * 160) // (2 * 210 * 160)).astype(np.uint8)


def _overlap(size: int, shrunk: int) -> np.ndarray:
    """How much `(shrunk, size)` of each old cell lies in each new one, in units of 1/shrunk of an old cell."""
    new, old = np.arange(shrunk)[:, None] * size, np.arange(size)[None] * shrunk
    return np.clip(np.minimum(new + size, old + shrunk) - np.maximum(new, old), 0, None)


@pytest.mark.parametrize("name", ["breakout", "pong"])
def test_frames_are_the_area_mean_of_the_maximum_over_the_last_two_of_four_emulated_frames(name: str):
    ALEInterface.setLoggerMode(LoggerMode.Error)
    emulator = ALEInterface()
    emulator.setFloat("repeat_action_probability", 0.0)
    emulator.setInt("random_seed", 3)
    emulator.loadROM(roms.get_rom_path(name))
    emulator.reset_game()
    env = RealAtari(name.capitalize(), max_noops=0)
    frames, _ = env.reset(seed=3)
    meanings = emulator.getMinimalActionSet()
    rng = np.random.default_rng(0)
    for _ in range(100):
        action = int(rng.integers(len(meanings)))
        rewards = [emulator.act(meanings[action]) for _ in range(3)]
        before_last = emulator.getScreenRGB()
        rewards.append(emulator.act(meanings[action]))
        frames, reward, terminated, _, _ = env.step(np.array([action]))
        assert np.array_equal(frames[0], _shrink(np.maximum(before_last, emulator.getScreenRGB())))
        assert (reward[0], terminated[0]) == (sum(rewards), emulator.game_over())


def test_spaces_and_dtypes_are_gymnasiums():
    env = RealAtari("Breakout", 3)
    frames, info = env.reset(seed=0)
    assert frames in env.observation_space
    assert env.single_action_space == gymnasium.spaces.Discrete(4)
    assert info["lives"].tolist() == [5, 5, 5]
    frames, rewards, terminated, truncated, _ = env.step(env.action_space.sample())
    assert frames in env.observation_space
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)


def test_a_lost_life_is_told_from_a_lost_game_and_the_last_frame_is_kept():
    env = RealAtari("Breakout", 4)
    env.reset(seed=0)
    lost, over = np.zeros(4, int), 0
    frames = env.reset(seed=0)[0]
    for _ in range(400):
        before = frames
        frames, _, terminated, truncated, info = env.step(np.full(4, 1))  # FIRE only: every ball is lost
        lost += info["life_lost"]
        done = terminated | truncated
        assert not (info["life_lost"] & done).any()
        assert ("final_obs" in info) == done.any()
        for row in np.flatnonzero(done):
            over += 1
            assert lost[row] == 4  # the fifth is the game
            assert info["lives"][row] == 5  # already those of the next game
            lost[row] = 0
            final = info["final_obs"][row]
            assert np.abs(final.astype(int) - before[row]).mean() < 5  # it follows the frame before
            assert not np.array_equal(final, frames[row])
        if done.any():
            assert [last is not None for last in info["final_obs"]] == info["_final_obs"].tolist() == done.tolist()
    assert over > 0


def test_equal_seeds_play_equal_games_and_row_i_is_seeded_with_seed_plus_i():
    def start(num_envs: int, seed: int) -> np.ndarray:
        env = RealAtari("Pong", num_envs)
        frames = [env.reset(seed=seed)[0]]
        for _ in range(20):
            frames.append(env.step(np.zeros(num_envs, int))[0])
        return np.stack(frames)

    three = start(3, 10)
    assert np.array_equal(three, start(3, 10))
    assert np.array_equal(three[:, 2], start(1, 12)[:, 0])
    assert not np.array_equal(three[:, 0], three[:, 1])  # other numbers of no-ops


def _play(env: RealAtari, num_steps: int) -> np.ndarray:
    """What all rows see while the same random actions are taken in each, `(steps, N, 64, 64, 3)`."""
    rng = np.random.default_rng(0)
    return np.stack([env.step(np.full(env.num_envs, rng.integers(4)))[0] for _ in range(num_steps)])


def test_rows_of_equal_seeds_are_equal_as_long_as_their_actions_are():
    env = RealAtari("Breakout", 3)
    env.reset(seed=[7, 7, 9])
    seen = _play(env, 250)  # through lost lives, and a lost game
    assert np.array_equal(seen[:, 0], seen[:, 1])
    assert not np.array_equal(seen[:, 0], seen[:, 2]), "other numbers of no-ops"
    env.step(np.array([2, 3, 3]))
    frames, *_ = env.step(np.array([2, 3, 3]))
    assert not np.array_equal(frames[0], frames[1])


def test_the_kth_games_of_equally_seeded_rows_are_equal_whatever_was_played_before():
    env = RealAtari("Breakout", 2)
    env.reset(seed=[2, 2])
    for _ in range(5):
        env.step(np.array([2, 3]))
    env.reset(options={"reset_mask": np.array([True, False])})
    env.reset()
    unequal = _play(env, 20)  # the third game beside the second
    assert not np.array_equal(unequal[:, 0], unequal[:, 1])
    env.reset(options={"reset_mask": np.array([False, True])})
    env.reset()
    equal = _play(env, 20)  # the fourth
    assert np.array_equal(equal[:, 0], equal[:, 1])


def test_a_mask_begins_some_games_anew_with_their_own_seeds_and_leaves_the_others():
    env, alone = RealAtari("Pong", 3), RealAtari("Pong", 1)
    env.reset(seed=0)
    before = _play(env, 5)[-1]
    first, _ = alone.reset(seed=12)
    for seed in (11, [0, 12, 0]):  # row 1 of seed 11, or the second seed given
        frames, _ = env.reset(seed=seed, options={"reset_mask": np.array([False, True, False])})
        assert np.array_equal(frames[1], first[0])
        assert np.array_equal(frames[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize(
    "seed", [-1, 2**31 - 2, [1, 2], [1, 2, -3], 1.5, [1.0, 2.0, 3.0], [0.5, 1, 2], ["1", "2", "3"], [True, False, True]]
)
def test_seeds_out_of_range_or_number_or_that_are_no_integers_are_named(seed: int | list[int]):
    with pytest.raises(InvalidArgument, match=r"one for each of the 3 rows.*from 0 to 2147483647"):
        RealAtari("Pong", 3).reset(seed=seed)


@pytest.mark.parametrize("name", ["context", "reset_masks"])
def test_an_option_that_is_not_known_is_named(name: str):
    env = RealAtari("Pong", 2)
    env.reset(seed=0)
    for options in ({name: 3}, {name: 3, "reset_mask": np.array([True, False])}):
        with pytest.raises(InvalidArgument, match=f"reset has no options but 'reset_mask', and is given {name}"):
            env.reset(options=options)
    assert env.reset(options={})[0].shape == (2, 64, 64, 3)


def test_nothing_can_be_played_before_the_first_reset():
    env = RealAtari("Breakout", 2)
    with pytest.raises(ResetNeeded, match=r"There is no game yet: call reset\(\) first"):
        env.step(np.array([0, 1]))
    env.reset(seed=0)
    assert env.step(np.array([0, 1]))[0].shape == (2, 64, 64, 3)


@pytest.mark.parametrize("actions", [[0.9, 2.7], [0], [0, 4], [-1, 0], "ab"])
def test_what_are_no_actions_is_named(actions: object):
    env = RealAtari("Breakout", 2)
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match="they must be 2 integers, 0 to 3"):
        env.step(actions)  # pyright: ignore[reportArgumentType]


def test_a_seed_may_be_a_number_of_numpys():
    assert np.array_equal(RealAtari("Pong").reset(seed=np.int64(5))[0], RealAtari("Pong").reset(seed=5)[0])


def test_what_was_handed_out_is_never_overwritten_and_overwriting_it_changes_nothing():
    env = RealAtari("Breakout", 2)
    first, info = env.reset(seed=0)
    kept = first.copy()
    for _ in range(30):
        info["lives"][:] = 100
        last, _, _, _, info = env.step(np.full(2, 2))  # RIGHT: the paddle moves, and no ball is served
        assert not info["life_lost"].any()
    assert not np.array_equal(last, kept)
    assert np.array_equal(first, kept)


def test_other_vector_envs_keep_their_metadata():
    before = dict(VectorEnv.metadata)
    RealAtari("Breakout")
    assert VectorEnv.metadata == before


def test_bad_arguments_are_named():
    with pytest.raises(UnknownGame, match="Breakout"):
        RealAtari("Brakout")
    with pytest.raises(InvalidArgument, match="num_envs is 0"):
        RealAtari("Breakout", 0)
    with pytest.raises(InvalidArgument, match=r"repeat_action_probability is 1\.5"):
        RealAtari("Breakout", repeat_action_probability=1.5)


def test_a_missing_emulator_is_answered_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    importer = builtins.__import__

    def without_emulator(name: str, *args, **kwargs):
        if name.startswith("ale_py"):
            raise ImportError(name)
        return importer(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_emulator)
    with pytest.raises(MissingExtra, match=r"gym-diamond\[atari\]"):
        RealAtari("Breakout")
