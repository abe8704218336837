"""Who plays: the distributions of simple policies, and trained ones fed as they were trained."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO

from gym_diamond.collection.actor import POLICY
from gym_diamond.collection.policies import EpsilonPolicy, RandomPolicy, SB3Policy, StickyPolicy
from gym_diamond.collection.roster import make_policy
from gym_diamond.data.dataset import DatasetInfo
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.games import game
from gym_diamond.nn.actor_critic import ActorCritic

SHAPE = (64, 64, 3)
BREAKOUT = DatasetInfo("Breakout", 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 15, *SHAPE)
ROWS = np.arange(2)


def _black(n: int) -> np.ndarray:
    return np.zeros((n, *SHAPE), np.uint8)


class _Constant:
    """Always action 3."""

    name = "constant"

    def begin(self, rows: np.ndarray) -> None: ...

    def act(self, rows: np.ndarray, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.full(len(rows), 3)


def _play(policy, num_steps: int, num_rows: int = 1) -> np.ndarray:
    rng, rows = np.random.default_rng(0), np.arange(num_rows)
    policy.begin(rows)
    return np.stack([policy.act(rows, _black(num_rows), rng) for _ in range(num_steps)])


def test_random_play_is_uniform():
    counts = np.bincount(_play(RandomPolicy(4), 4000)[:, 0])
    assert np.abs(counts / 1000 - 1).max() < 0.15


def test_sticky_play_holds_an_action_for_mean_hold_steps():
    actions = _play(StickyPolicy(6, 1, mean_hold=8.0), 8000)[:, 0]
    changes = np.count_nonzero(np.diff(actions))
    assert changes == pytest.approx(8000 / 8 * 5 / 6, rel=0.15)  # one renewal in six draws the same action
    assert sorted(set(actions.tolist())) == [0, 1, 2, 3, 4, 5]


def test_random_play_draws_each_part_of_an_action():
    actions = _play(RandomPolicy((3, 2)), 3000, num_rows=2)
    assert actions.shape == (3000, 2, 2)
    for part, size in enumerate((3, 2)):
        counts = np.bincount(actions[..., part].ravel(), minlength=size)
        assert np.abs(counts * size / 6000 - 1).max() < 0.15


def test_sticky_play_holds_each_part_of_an_action_for_a_while_of_its_own():
    actions = _play(StickyPolicy((3, 2), 1, mean_hold=8.0), 8000)[:, 0]
    changed = np.diff(actions, axis=0) != 0
    assert changed[:, 0].sum() == pytest.approx(8000 / 8 * 2 / 3, rel=0.15)
    assert changed[:, 1].sum() == pytest.approx(8000 / 8 * 1 / 2, rel=0.15)
    assert changed.all(axis=1).mean() == pytest.approx(changed[:, 0].mean() * changed[:, 1].mean(), abs=0.01)


def test_epsilon_replaces_all_parts_of_an_action_or_none():
    held = StickyPolicy((1000, 1000), 1, mean_hold=1e12)
    actions = _play(EpsilonPolicy(held, (1000, 1000), 0.3), 4000)[:, 0]
    usual = np.median(actions, axis=0)
    replaced = actions != usual
    assert replaced[:, 0].mean() == pytest.approx(0.3, abs=0.03)
    assert (replaced[:, 0] != replaced[:, 1]).mean() < 0.01


def test_a_new_episode_lets_go_of_the_held_action_in_its_row_only():
    policy = StickyPolicy(1000, 2, mean_hold=1e12)
    rng = np.random.default_rng(0)
    first = policy.act(ROWS, _black(2), rng).copy()
    policy.begin(np.array([1]))
    second = policy.act(ROWS, _black(2), rng)
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_epsilon_is_the_share_of_actions_that_are_drawn():
    actions = _play(EpsilonPolicy(_Constant(), 4, 0.4), 5000)[:, 0]
    assert np.mean(actions != 3) == pytest.approx(0.4 * 3 / 4, abs=0.03)
    assert (_play(EpsilonPolicy(_Constant(), 4, 0.0), 50) == 3).all()
    assert EpsilonPolicy(_Constant(), 4, 0.4).name == "constant"
    with pytest.raises(InvalidArgument, match=r"epsilon is 1\.5"):
        EpsilonPolicy(_Constant(), 4, 1.5)


class _Screen(gymnasium.Env):
    """An env of `num_stacked` frames, only to train policies for."""

    action_space = gymnasium.spaces.Discrete(4)

    def __init__(self, num_stacked: int) -> None:
        self.observation_space = gymnasium.spaces.Box(0, 255, (64, 64, 3 * num_stacked), np.uint8)

    def reset(self, *, seed=None, options=None):
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


@pytest.mark.parametrize(("algorithm", "settings"), [(PPO, {}), (A2C, {}), (DQN, {"buffer_size": 10})])
def test_what_stable_baselines3_saved_plays_as_it_does_there(tmp_path: Path, algorithm, settings: dict):
    torch.manual_seed(0)
    model = algorithm("CnnPolicy", _Screen(2), **settings)
    model.save(tmp_path / "trained.zip")
    policy = make_policy(str(tmp_path / "trained.zip"), BREAKOUT, 2)
    assert policy.name == "trained"
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 256, (5, 2, *SHAPE), np.uint8)
    stacks = [np.concatenate([seen[max(t - 1, 0)], seen[t]], axis=-1) for t in range(5)]  # oldest first
    mine, theirs = np.random.default_rng(1), np.random.default_rng(1)
    policy.begin(ROWS)
    for frames, stack in zip(seen, stacks, strict=True):
        torch.manual_seed(int(theirs.integers(2**63)))
        expected, _ = model.predict(stack, deterministic=algorithm is DQN)
        assert policy.act(ROWS, frames, mine).tolist() == expected.tolist()


def test_a_trained_policy_leaves_the_global_random_streams_alone(tmp_path: Path):
    """Who looks at the real game in the midst of a training loads one, and plays it."""
    PPO("CnnPolicy", _Screen(1), seed=0).save(tmp_path / "trained.zip")
    expected = _next_of_the_global_streams(lambda: None)
    assert expected == _next_of_the_global_streams(
        lambda: SB3Policy(tmp_path / "trained.zip", 4, 2, SHAPE).act(ROWS, _black(2), np.random.default_rng(0))
    )


def _next_of_the_global_streams(meanwhile: Callable[[], object]) -> tuple[float, ...]:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    meanwhile()
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002


def test_a_recurrent_policy_remembers_by_row_until_its_episode_ends(tmp_path: Path):
    RecurrentPPO("CnnLstmPolicy", _Screen(1), policy_kwargs={"lstm_hidden_size": 8}).save(tmp_path / "trained.zip")
    policy = SB3Policy(tmp_path / "trained.zip", 4, 2, SHAPE)
    rng = np.random.default_rng(0)
    policy.begin(ROWS)
    policy.act(ROWS, _black(2), rng)
    policy.act(np.array([1]), _black(1), rng)
    memory = policy._memory
    assert memory is not None
    once, twice = memory[0][0].copy()
    assert not np.allclose(once, twice)
    policy.begin(np.array([1]))
    policy.act(np.array([1]), _black(1), rng)
    assert np.allclose(memory[0][0, 1], once, atol=1e-6)


class _Driving(_Screen):
    """The same with actions of two parts."""

    action_space = gymnasium.spaces.MultiDiscrete([3, 2])


def test_a_trained_policy_plays_actions_of_several_parts(tmp_path: Path):
    PPO("CnnPolicy", _Driving(1)).save(tmp_path / "trained.zip")
    policy = SB3Policy(tmp_path / "trained.zip", (3, 2), 2, SHAPE)
    assert policy.act(ROWS, _black(2), np.random.default_rng(0)).shape == (2, 2)
    with pytest.raises(InvalidArgument, match=r"have \(2, 3\) actions"):
        SB3Policy(tmp_path / "trained.zip", (2, 3), 2, SHAPE)


def test_a_policy_for_other_frames_or_actions_is_refused(tmp_path: Path):
    PPO("CnnPolicy", _Screen(1)).save(tmp_path / "trained.zip")
    with pytest.raises(InvalidArgument, match="6 actions"):
        make_policy(str(tmp_path / "trained.zip"), DatasetInfo("Pong", 6, game("Pong").action_meanings, 15, *SHAPE), 2)
    with pytest.raises(InvalidArgument, match=r"\(84, 84, 3\)"):
        make_policy(str(tmp_path / "trained.zip"), replace(BREAKOUT, height=84, width=84), 2)


def test_a_zip_of_something_else_is_named(tmp_path: Path):
    (tmp_path / "notes.zip").write_bytes(b"no zip at all")
    with pytest.raises(InvalidArgument, match=r"notes\.zip is not a \.zip that stable-baselines3 saved"):
        make_policy(str(tmp_path / "notes.zip"), BREAKOUT, 2)


def _network(num_actions: int = 4) -> ActorCritic:
    torch.manual_seed(0)
    return ActorCritic(num_actions, 3, (64, 64), (4, 4, 8, 8), 16)


def test_a_worlds_own_policy_draws_from_its_distribution(tmp_path: Path):
    network = _network()
    torch.nn.init.constant_(network.actor_linear.bias[:1], 2.0)
    save_file(network.state_dict(), tmp_path / POLICY)
    policy = make_policy(str(tmp_path), BREAKOUT, 50)
    assert policy.name == tmp_path.name
    logits, _, _ = network(torch.full((1, 3, 64, 64), -1.0), network.initial_state(1))
    expected = logits.softmax(1)[0, 0].item()
    rng, rows = np.random.default_rng(0), np.arange(50)
    drawn = []
    for _ in range(20):
        policy.begin(rows)
        drawn.append(policy.act(rows, _black(50), rng))
    assert np.mean(np.stack(drawn) == 0) == pytest.approx(expected, abs=0.04)
    assert 0.5 < expected < 0.9


def test_a_world_without_a_policy_or_with_one_for_another_game_is_refused(tmp_path: Path):
    with pytest.raises(InvalidWorld, match="no policy was trained"):
        make_policy(str(tmp_path), BREAKOUT, 2)
    save_file(_network(6).state_dict(), tmp_path / POLICY)
    with pytest.raises(InvalidWorld, match="6 actions; there are 4"):
        make_policy(str(tmp_path), BREAKOUT, 2)
    save_file({"something": torch.zeros(2)}, tmp_path / POLICY)
    with pytest.raises(InvalidWorld, match="not an actor-critic"):
        make_policy(str(tmp_path), BREAKOUT, 2)


def test_an_unknown_policy_is_answered_with_those_there_are():
    with pytest.raises(InvalidArgument, match=r"'expert'.*random, sticky, scripted"):
        make_policy("expert", BREAKOUT, 2)


@pytest.mark.parametrize(
    "name",
    ["random", "sticky", "scripted", "scripted:20", "edge", "edge:20", "graze", "always:LEFT", "always:NOOP@0.1"],
)
def test_a_policy_is_called_what_it_was_asked_for_as(name: str):
    assert make_policy(name, BREAKOUT, 2).name == name


def test_always_is_one_action_by_its_meaning():
    policy = make_policy("always:LEFT", BREAKOUT, 3)
    assert policy.act(np.arange(3), _black(3), np.random.default_rng(0)).tolist() == [3, 3, 3]


def test_a_share_after_the_name_is_replaced_by_random_actions_whatever_holds_for_the_others():
    mixed = _play(make_policy("always:LEFT@0.4", BREAKOUT, 1, epsilon=0.0), 5000)
    assert np.mean(mixed != 3) == pytest.approx(0.4 * 3 / 4, abs=0.03)
    others = make_policy("always:LEFT", BREAKOUT, 1, epsilon=0.4)
    assert np.mean(_play(others, 5000) != 3) == pytest.approx(0.4 * 3 / 4, abs=0.03)
    assert others.name == "always:LEFT"


def test_less_patience_is_more_lapses():
    """Before an empty screen a lapse shows where it moves the paddle, which nobody who pays attention does."""

    def moves(name: str) -> float:
        return float(np.mean(_play(make_policy(name, BREAKOUT, 1), 1200) > 1))

    assert moves("scripted:5") == pytest.approx(12.5 / 17.5 / 2, abs=0.07)
    assert moves("scripted:1e9") == 0


def test_a_share_can_follow_a_path_and_an_at_sign_can_be_in_one(tmp_path: Path):
    folder = tmp_path / "by@0.5"
    folder.mkdir()
    save_file(_network().state_dict(), folder / POLICY)
    assert make_policy(str(folder), BREAKOUT, 2).name == "by@0.5"
    assert make_policy(f"{folder}@0.25", BREAKOUT, 2).name == "by@0.5@0.25"
    with pytest.raises(InvalidArgument, match=r"nobody@home"):
        make_policy("nobody@home", BREAKOUT, 2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("scripted:fast", "patience 'fast'.*scripted:20"),
        ("scripted:0", "0 steps; it must be at least 1"),
        ("scripted:nan", "nan steps; it must be at least 1"),
        ("always:JUMP", "'JUMP'; Breakout has NOOP, FIRE, RIGHT, LEFT"),
        ("random@1.5", r"epsilon is 1\.5"),
    ],
)
def test_a_name_that_makes_no_sense_is_answered_with_one_that_does(name: str, reason: str):
    with pytest.raises(InvalidArgument, match=reason):
        make_policy(name, BREAKOUT, 2)
