"""The vector env: literal arrays for each autoreset mode, and equality with Gymnasium's own vector env of singles."""

import pickle

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument
from tests.comparing import assert_same
from tests.fakes import counting_dream, flat_frames

MODES = ["SameStep", "NextStep", "Disabled"]


def vector(num_envs=3, render_mode=None, **arguments):
    return DreamVectorEnv(counting_dream(num_envs, **arguments), render_mode)


def counts(obs):
    """The count that each row shows, None where there is no row."""
    return [None if frame is None else int(frame[0, 0, 0]) for frame in obs]


def started_at(env, *starts):
    """The observations after a reset in which row i starts at `starts[i]`."""
    play = {"frames": flat_frames(list(starts))[:, None], "actions": np.zeros((len(starts), 0), np.int64)}
    return env.reset(seed=0, options={"context": play})[0]


def test_same_step_in_literal_arrays():
    env = vector(max_episode_steps=4)
    assert counts(started_at(env, 0, 3, 4)) == [0, 3, 4]
    table = []
    for _ in range(5):
        obs, rewards, terminated, truncated, infos = env.step([0, 1, 2])
        assert rewards.tolist() == [-1, 0, 1]
        final = counts(infos["final_obs"]) if "final_obs" in infos else None
        table.append((counts(obs), terminated.tolist(), truncated.tolist(), final))
    no = [False, False, False]
    assert table == [
        ([1, 4, 0], [False, False, True], no, [None, None, 5]),
        ([2, 0, 1], [False, True, False], no, [None, 5, None]),
        ([3, 1, 2], no, no, None),
        ([0, 2, 3], no, [True, False, False], [4, None, None]),
        ([1, 3, 0], no, [False, False, True], [None, None, 4]),
    ]


def test_next_step_in_literal_arrays():
    env = vector(max_episode_steps=4, autoreset_mode="NextStep")
    started_at(env, 0, 3, 4)
    table = []
    for _ in range(6):
        obs, rewards, terminated, truncated, infos = env.step([0, 1, 2])
        assert "final_obs" not in infos
        table.append((counts(obs), rewards.tolist(), terminated.tolist(), truncated.tolist()))
    no = [False, False, False]
    assert table == [
        ([1, 4, 5], [-1, 0, 1], [False, False, True], no),
        ([2, 5, 0], [-1, 0, 0], [False, True, False], no),
        ([3, 0, 1], [-1, 0, 1], no, no),
        ([4, 1, 2], [-1, 0, 1], no, [True, False, False]),
        ([0, 2, 3], [0, 0, 1], no, no),
        ([1, 3, 4], [-1, 0, 1], no, [False, False, True]),
    ]


def test_disabled_in_literal_arrays():
    env = vector(max_episode_steps=4, autoreset_mode="Disabled")
    started_at(env, 0, 3, 4)
    obs, _, terminated, _, infos = env.step([0, 1, 2])
    assert (counts(obs), terminated.tolist()) == ([1, 4, 5], [False, False, True])
    assert "final_obs" not in infos
    with pytest.raises(ResetNeeded, match=r"Rows \[2\] are over; reset them first"):
        env.step([0, 1, 2])
    obs, _ = env.reset(options={"reset_mask": np.array([False, False, True])})
    assert counts(obs) == [1, 4, 0]
    obs, _, terminated, _, _ = env.step([0, 1, 2])
    assert (counts(obs), terminated.tolist()) == ([2, 5, 1], [False, True, False])


def test_infos_in_literal_arrays():
    env = vector(num_envs=2)
    started_at(env, 3, 4)
    infos = env.step([0, 2])[4]
    assert infos["end_prob"].tolist() == [0, 0]
    assert infos["_end_prob"].tolist() == [True, False]
    assert infos["reward_probs"].tolist() == [[1, 0, 0], [0, 0, 0]]
    assert infos["_final_info"].tolist() == infos["_final_obs"].tolist() == [False, True]
    assert infos["final_info"]["end_prob"].tolist() == [0, 1]
    assert infos["final_info"]["_end_prob"].tolist() == [False, True]
    assert infos["final_info"]["reward_probs"].tolist() == [[0, 0, 0], [0, 0, 1]]
    assert set(infos) == {
        f"{m}{key}" for key in ("end_prob", "reward_probs", "final_obs", "final_info") for m in ("", "_")
    }


STARTS = (0, 1, 60, 61, 62)


def chancy_dream(num_envs, **arguments):
    """A dream that ends at random, after a tenth of the steps."""
    return counting_dream(num_envs, STARTS, max_count=10**6, end_probability=0.1, **arguments)


def single(frame_stack):
    dream = chancy_dream(1, autoreset_mode="Disabled", frame_stack=frame_stack)
    return TimeLimit(DreamEnv(dream, "rgb_array"), 7)


@pytest.mark.parametrize("frame_stack", [1, 2])
@pytest.mark.parametrize("mode", MODES)
def test_it_equals_a_sync_vector_env_of_singles_to_the_bit(mode, frame_stack):
    singles = SyncVectorEnv([lambda: single(frame_stack)] * 4, autoreset_mode=AutoresetMode(mode))
    dream = chancy_dream(4, max_episode_steps=7, autoreset_mode=mode, frame_stack=frame_stack)
    env = DreamVectorEnv(dream, "rgb_array")
    assert env.single_observation_space == singles.single_observation_space
    assert env.observation_space == singles.observation_space
    assert env.action_space == singles.action_space
    assert env.metadata["autoreset_mode"] == singles.metadata["autoreset_mode"]
    assert_same(env.reset(seed=11), singles.reset(seed=11))
    rng, ended = np.random.default_rng(0), np.zeros(2, np.int64)
    for t in range(50):
        if mode == "Disabled" and t and (over := terminated | truncated).any():  # noqa: F821
            options = [{"reset_mask": over.copy()} for _ in range(2)]  # Gymnasium empties the one it gets
            assert_same(env.reset(options=options[0]), singles.reset(options=options[1]))
        if t == 25:
            assert_same(env.reset(seed=[5, None, 7, 5]), singles.reset(seed=[5, None, 7, 5]))
        actions = rng.integers(3, size=4)
        seen = env.step(actions)
        assert_same(seen, singles.step(actions), f"step {t}")
        assert_same(env.render(), singles.render())
        _, _, terminated, truncated, _ = seen
        ended += [terminated.sum(), truncated.sum()]
    assert ended.min() > 5, "both kinds of ending were seen"


@pytest.mark.parametrize("mode", MODES)
def test_resetting_some_rows_leaves_the_others_bitwise_alone(mode):
    envs = [vector(4, starts=(0, 80, 160), max_count=1000, max_episode_steps=6, autoreset_mode=mode) for _ in range(2)]
    for env in envs:
        started_at(env, 100, 101, 102, 103)
        env.step([0, 1, 2, 0])
    mask = np.array([True, False, True, False])
    options = {"reset_mask": mask}
    envs[0].reset(seed=99, options=options)
    assert options == {"reset_mask": mask}, "the options belong to the caller"
    for _ in range(4):
        results = [env.step([0, 1, 2, 0]) for env in envs]
        for a, b in zip(*(result[:4] for result in results), strict=True):
            np.testing.assert_array_equal(a[~mask], b[~mask])


def test_a_context_is_an_index_or_one_for_each_row():
    env = vector(starts=(10, 20, 30))
    assert counts(env.reset(options={"context": 2})[0]) == [30, 30, 30]
    assert counts(env.reset(options={"context": [2, 0, 1]})[0]) == [30, 10, 20]
    mask = np.array([False, True, False])
    assert counts(env.reset(options={"context": np.array([0, 2, 0]), "reset_mask": mask})[0]) == [30, 30, 20]


def test_real_play_of_any_length_starts_a_dream():
    env = vector(2, frame_stack=2)
    frames = np.stack([flat_frames([1, 2, 3, 4, 5]), flat_frames([11, 12, 13, 14, 15])])
    for T, oldest in ((5, [4, 14]), (2, [4, 14]), (1, [128, 128])):  # before the first frame: mid-grey
        play = {"frames": frames[:, 5 - T :], "actions": np.zeros((2, T - 1), np.int32)}
        obs, _ = env.reset(options={"context": play})
        assert obs[:, 0, 0, 0].tolist() == oldest
        assert obs[:, 0, 0, 3].tolist() == [5, 15]
    mask = np.array([False, True])
    play = {"frames": frames[:, 2:3], "actions": np.zeros((2, 0), np.int64)}
    assert env.reset(options={"context": play, "reset_mask": mask})[0][:, 0, 0, 3].tolist() == [5, 13]


ONLY_ROW_1 = np.array([False, True, False])


@pytest.mark.parametrize("context", [[-1, 2, 99], np.array([3, 2, 3])])
def test_the_index_of_a_row_that_is_not_reset_is_ignored(context):
    env = vector(starts=(10, 20, 30))
    started_at(env, 1, 2, 3)
    assert counts(env.reset(options={"context": context, "reset_mask": ONLY_ROW_1})[0]) == [1, 30, 3]
    with pytest.raises(InvalidArgument, match="is out of range; this world's start states are 0 to 2"):
        env.reset(options={"context": context, "reset_mask": ~ONLY_ROW_1})


def test_so_are_the_actions_of_real_play_in_such_a_row():
    env = vector()
    started_at(env, 1, 2, 3)
    play = {"frames": np.stack([flat_frames([1, 2, 70])] * 3), "actions": np.array([[9, 0], [2, 1], [0, -1]])}
    assert counts(env.reset(options={"context": play, "reset_mask": ONLY_ROW_1})[0]) == [1, 70, 3]
    assert play["actions"].tolist() == [[9, 0], [2, 1], [0, -1]], "they belong to the caller"
    with pytest.raises(InvalidArgument, match="context actions -1 to 9 are out of range; they must be 0 to 2"):
        env.reset(options={"context": play, "reset_mask": ~ONLY_ROW_1})


def test_so_is_its_seed():
    envs = [vector(starts=(0, 60, 120), max_count=1000) for _ in range(2)]
    for env, seed in zip(envs, ([-1, 7, -2], [None, 7, None]), strict=True):
        env.reset(seed=3)
        env.reset(seed=seed, options={"reset_mask": ONLY_ROW_1})
    for _ in range(3):
        assert_same(*(env.step([0, 1, 2]) for env in envs))
    with pytest.raises(InvalidArgument, match="seed is -1; it must be at least 0"):
        envs[0].reset(seed=[-1, 7, -2], options={"reset_mask": ~ONLY_ROW_1})


def test_observations_never_share_memory():
    env = vector(2, max_episode_steps=2)
    seen = [env.reset(seed=0)[0]] + [env.step([0, 0]) for _ in range(4)]
    arrays = [seen[0]]
    for obs, rewards, terminated, truncated, infos in seen[1:]:
        arrays += [obs, rewards, terminated, truncated, infos.get("end_prob", np.empty(0))]
        arrays += [frame for frame in infos.get("final_obs", ()) if frame is not None]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_each_env_has_metadata_of_its_own():
    a, b = vector(autoreset_mode="NextStep"), vector()
    assert a.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert b.metadata == {"render_modes": ["rgb_array"], "render_fps": 15, "autoreset_mode": AutoresetMode.SAME_STEP}
    assert "autoreset_mode" not in DreamVectorEnv.metadata


def test_rendering_gives_one_picture_a_row_and_nothing_without_a_mode():
    env = vector(2, "rgb_array", frame_stack=2, starts=(40,))
    env.reset(seed=0)
    pictures = env.render()
    assert [(p.shape, p.dtype, int(p.max())) for p in pictures] == [((4, 4, 3), np.uint8, 40)] * 2
    silent = vector()
    silent.reset()
    assert silent.render() is None


def test_a_snapshot_restores_clocks_and_all():
    env = vector(max_episode_steps=4)
    started_at(env, 0, 1, 2)
    env.step([0, 1, 2])
    moment = env.snapshot()
    futures = []
    for seed in (None, None, 50, 50):
        env.restore(moment, seed)
        futures.append([env.step([0, 1, 2]) for _ in range(6)])
    assert_same(futures[0], futures[1])
    assert_same(futures[2], futures[3])
    assert not np.array_equal(futures[0][0][0], futures[2][0][0])
    assert [seen[3].tolist() for seen in futures[2]][2] == [True, True, False]


def test_a_pickled_env_goes_on_where_it_was():
    env = vector(max_episode_steps=4)
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env))
    for _ in range(6):
        assert_same(env.step([0, 1, 2]), copy.step([0, 1, 2]))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_gymnasium_records_episode_statistics(mode):
    env = RecordEpisodeStatistics(vector(max_episode_steps=4, autoreset_mode=mode))
    env.reset(seed=0)
    finished = []
    for _ in range(10):
        infos = env.step([0, 1, 2])[4]
        if "episode" in infos:
            finished.append((infos["episode"]["r"].tolist(), infos["episode"]["l"].tolist()))
    assert finished == [([-4, 0, 4], [4, 4, 4])] * 2
