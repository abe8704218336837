"""One dream as a Gymnasium env: the checkers' demands, the clock, starts, snapshots and keys."""

import pickle

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import PassiveEnvChecker, TimeLimit

from gym_diamond.envs.actions import keys_to_action
from gym_diamond.envs.single import DreamEnv
from gym_diamond.games import GAMES
from tests.comparing import assert_same
from tests.fakes import counting_dream, flat_frames


def single(render_mode=None, **arguments):
    return DreamEnv(counting_dream(1, autoreset_mode="Disabled", **arguments), render_mode)


def count(obs):
    return int(obs[0, 0, 0])


def test_gymnasiums_checker_has_nothing_to_say():
    check_env(single("rgb_array", starts=(0, 1, 2)), skip_render_check=True)  # the rest needs an id: test_loading.py


def test_a_game_in_literal_values():
    env = PassiveEnvChecker(single(starts=(2,)))
    obs, info = env.reset(seed=0)
    assert (obs.shape, obs.dtype, count(obs), info) == ((4, 4, 3), np.uint8, 2, {})
    game = [env.step(action) for action in (0, 1, 2)]
    assert [(count(obs), *rest) for obs, *rest, _ in game] == [
        (3, -1.0, False, False),
        (4, 0.0, False, False),
        (5, 1.0, True, False),
    ]
    assert [info["end_prob"] for *_, info in game] == [0.0, 0.0, 1.0]
    assert [info["reward_probs"].tolist() for *_, info in game] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_scalars_are_pythons_own():
    env = single()
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(np.int64(1))
    assert [type(value) for value in (reward, terminated, truncated, info["end_prob"])] == [float, bool, bool, float]


def test_its_only_clock_is_gymnasiums():
    env = TimeLimit(single(), 2)
    env.reset(seed=0)
    assert [env.step(0)[2:4] for _ in range(2)] == [(False, False), (False, True)]


def test_a_seed_decides_everything_that_follows():
    env = single(starts=(0, 40, 80, 120))
    futures = []
    for seed in (1, 1, 2):
        futures.append([env.reset(seed=seed), *(env.step(1) for _ in range(3)), env.reset(), env.step(0)])
    assert_same(futures[0], futures[1])
    assert not np.array_equal(futures[0][1][0], futures[2][1][0])


def test_a_dream_starts_at_an_index_or_from_real_play():
    env = single(starts=(10, 20, 30), frame_stack=2)
    assert env.reset(options={"context": 1})[0][0, 0].tolist() == [9, 9, 9, 20, 20, 20]
    play = {"frames": flat_frames([1, 2, 3]), "actions": np.array([0, 1])}
    assert env.reset(options={"context": play})[0][0, 0].tolist() == [2, 2, 2, 3, 3, 3]
    play = {"frames": flat_frames([7]), "actions": []}
    assert env.reset(options={"context": play})[0][0, 0].tolist() == [128, 128, 128, 7, 7, 7]


def test_restoring_a_snapshot_replays_and_a_seed_branches():
    env = single(max_count=100)
    env.reset(seed=0)
    env.step(0)
    moment, obs = env.snapshot(), env.render()
    futures = []
    for seed in (None, None, 8, 8):
        env.restore(moment, seed)
        futures.append([env.step(2) for _ in range(3)])
    assert obs is None, "no render mode, no picture"
    assert_same(futures[0], futures[1])
    assert_same(futures[2], futures[3])
    assert not np.array_equal(futures[0][0][0], futures[2][0][0])


def test_rendering_shows_the_newest_frame():
    env = single("rgb_array", starts=(6,), frame_stack=2)
    env.reset(seed=0)
    picture = env.render()
    assert (picture.shape, picture.dtype, picture.min(), picture.max()) == ((4, 4, 3), np.uint8, 6, 6)


def test_observations_never_share_memory():
    env = single("rgb_array")
    arrays = [env.reset(seed=0)[0], env.render()]
    for _ in range(3):
        obs, *_, info = env.step(0)
        arrays += [obs, info["reward_probs"], env.render()]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_a_pickled_env_goes_on_where_it_was():
    env = single()
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env))
    assert_same(env.step(1), copy.step(1))


def test_it_names_its_actions_and_their_keys():
    env = single()
    assert env.get_action_meanings() == ["NOOP", "FIRE", "RIGHT"]
    assert env.get_keys_to_action() == {("e",): 0, (" ",): 1, ("d",): 2}


def test_atari_is_played_with_wasd_and_the_space_bar():
    assert keys_to_action(("NOOP", "UPRIGHTFIRE", "DOWNLEFT")) == {("e",): 0, (" ", "d", "w"): 1, ("a", "s"): 2}
    for game in GAMES.values():
        table = keys_to_action(game.action_meanings)
        assert sorted(table.values()) == list(range(len(game.action_meanings))), game.name


def test_other_games_are_played_with_digits():
    assert keys_to_action(("wait", "UP", "jump")) == {("0",): 0, ("w",): 1, ("2",): 2}
    assert len(keys_to_action(tuple(f"do {i}" for i in range(12)))) == 10


@pytest.mark.parametrize("mode", [None, "rgb_array"])
def test_repr_says_what_is_dreamt(mode):
    assert (
        repr(single(mode))
        == str(single(mode))
        == (
            "<DreamEnv Dream(game=Counting, num_envs=1, device=cpu, max_episode_steps=None, autoreset_mode=Disabled, "
            "frame_stack=1, stagger=False)>"
        )
    )
