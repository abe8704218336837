"""Starts are of every kind, spread over episodes and players, and have the frames that they are measured on."""

from collections import Counter

import numpy as np
import pytest

from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.evaluation.starts import Kind, Start, pick_starts

CONTEXT = 4


def episode(steps: int, policy: str = "random", rewarded: tuple[int, ...] = (), terminated: bool = True) -> Episode:
    rewards = np.zeros(steps, np.float32)
    rewards[list(rewarded)] = 7
    frames = np.zeros((steps + 1, 2, 2, 3), np.uint8)
    return Episode(frames, np.zeros(steps, np.int64), rewards, terminated, not terminated, False, policy)


def pick(episodes: list[Episode], num: int, horizon: int = 50, min_steps: int = 80, seed: int = 0) -> list[Start]:
    return pick_starts(episodes, num, CONTEXT, horizon, min_steps, np.random.default_rng(seed))


def of_kind(starts: list[Start], kind: Kind) -> list[Start]:
    return [start for start in starts if start.kind == kind]


def frames(starts: list[Start], kind: Kind) -> set[int]:
    return {start.frame for start in of_kind(starts, kind)}


def test_the_kinds_take_turns_and_starts_before_an_end_come_on_top():
    kinds = [start.kind for start in pick([episode(100, rewarded=(40,))], 6)]
    lasting = ["anywhere", "reset", "anywhere", "before_reward"]
    assert kinds == [*lasting, "anywhere", "reset", "before_end", "before_end"]


def test_64_starts_are_16_32_and_16_and_16_more():
    starts = pick([episode(100, rewarded=(40,))], 64)
    counts = Counter(start.kind for start in starts)
    assert counts == {"reset": 16, "anywhere": 32, "before_reward": 16, "before_end": 16}
    assert starts[64:] == of_kind(starts, "before_end")


def test_every_kind_is_where_its_name_says():
    starts = pick([episode(100, rewarded=(40,))], 1000)
    assert frames(starts, "reset") == {0, 1, 2}, "a context of four frames would reach back before the episode"
    assert frames(starts, "anywhere") == set(range(3, 51)), "from the first to the last that fits"
    assert frames(starts, "before_reward") == set(range(31, 41)), "action 40 is rewarded, 1 to 10 steps later"
    assert frames(starts, "before_end") == set(range(90, 100)), "frame 100 is the last, 1 to 10 steps later"


def test_a_reward_too_late_for_the_horizon_is_no_start():
    assert frames(pick([episode(100, rewarded=(55,))], 400), "before_reward") == set(range(46, 51))


def test_play_without_rewards_starts_anywhere_instead():
    starts = pick([episode(100)], 64)
    counts = Counter(start.kind for start in starts)
    assert counts == {"reset": 16, "anywhere": 48, "before_end": 16}


def test_play_that_was_only_cut_has_no_ends_to_start_before():
    assert of_kind(pick([episode(100, terminated=False)], 64), "before_end") == []
    starts = pick([episode(100, terminated=False), episode(90)], 64)
    assert {start.episode for start in of_kind(starts, "before_end")} == {1}


def test_a_world_that_is_shown_one_frame_starts_a_reset_at_the_first():
    starts = pick_starts([episode(100)], 64, 1, 50, 80, np.random.default_rng(0))
    assert frames(starts, "reset") == {0}


def test_short_episodes_are_left_out_of_all_kinds():
    episodes = [episode(79, rewarded=(20,)), episode(80, rewarded=(20,)), episode(30, rewarded=(20,))]
    assert {start.episode for start in pick(episodes, 20)} == {1}


def test_an_episode_must_hold_the_horizon_whatever_its_least_length():
    starts = pick([episode(52), episode(53)], 40, min_steps=10)
    assert {start.episode for start in of_kind(starts, "anywhere")} == {1}
    assert {start.episode for start in of_kind(starts, "reset")} == {0, 1}, "from an early frame it is long enough"


def test_policies_take_turns_within_each_kind():
    episodes = [episode(90, policy, rewarded=(30,)) for policy in ("a",) * 20 + ("b",) * 8 + ("c",) * 8]
    starts = pick(episodes, 48)
    for kind, num in (("anywhere", 24), ("reset", 12), ("before_reward", 12), ("before_end", 12)):
        assert [episodes[start.episode].policy for start in of_kind(starts, kind)] == ["a", "b", "c"] * (num // 3)


def test_no_episode_serves_twice_before_all_have_served_once():
    episodes = [episode(90, policy, rewarded=(30,)) for policy in ("a",) * 6 + ("b",) * 2]
    for kind, num in (("anywhere", 64), ("reset", 64), ("before_reward", 64), ("before_end", 64)):
        served = [start.episode for start in of_kind(pick(episodes, num), kind)]
        assert Counter(served[:8]) == Counter(range(8))
        assert Counter(served[:16]) == Counter({index: 2 for index in range(8)})


def test_the_kinds_share_the_episodes_among_them():
    episodes = [episode(90, rewarded=(30,)) for _ in range(20)]
    assert Counter(start.episode for start in pick(episodes, 16)) == Counter(range(20))


def test_a_long_horizon_takes_the_episodes_that_have_it_as_often_as_it_goes_into_them_and_then_others():
    starts = of_kind(pick([episode(120), episode(703), episode(210)], 12, horizon=200), "anywhere")
    assert [start.episode for start in starts[:4]] in ([1, 2, 1, 1], [2, 1, 1, 1])
    assert all(start.frame + 200 <= (703 if start.episode == 1 else 210) for start in starts if start.episode)
    later = [start for start in starts if start.episode == 0]
    assert later
    assert all(start.frame + 50 <= 120 for start in later), "and those have the 50 frames"


def test_equal_seeds_pick_equal_starts():
    episodes = [episode(200) for _ in range(9)]
    assert pick(episodes, 9, seed=1) == pick(episodes, 9, seed=1) != pick(episodes, 9, seed=2)


def test_without_a_long_episode_the_error_says_how_long_they_are():
    with pytest.raises(InvalidDataset, match=r"80 steps.*the longest has 40.*--min-episode-steps"):
        pick([episode(40), episode(30)], 4)
    with pytest.raises(InvalidDataset, match=r"53 steps that dreams of 50 frames.*the longest has 52"):
        pick([episode(52)], 4, horizon=200, min_steps=1)


@pytest.mark.parametrize("longest", [0, 1, 3])
def test_episodes_shorter_than_what_a_world_is_shown_ask_for_a_shorter_context_or_longer_play(longest: int):
    """No horizon and no least length would let a dream begin in them."""
    complaint = (
        rf"after 4 real frames, which take 3 steps, .* longest .* has {longest}\..*fit a world with .*--context-length"
    )
    for horizon, min_steps in ((50, 80), (1, 1)):
        with pytest.raises(InvalidDataset, match=complaint):
            pick([episode(longest), episode(0)], 4, horizon, min_steps)
    assert len(pick([episode(4, terminated=False)], 4, horizon=1, min_steps=1)) == 4


@pytest.mark.parametrize(("num", "horizon", "name"), [(0, 5, "num_starts"), (3, 0, "horizon")])
def test_counts_below_one_are_refused(num: int, horizon: int, name: str):
    with pytest.raises(InvalidArgument, match=f"{name} is 0"):
        pick([episode(100)], num, horizon)
