"""The actor-critic as a policy: what it remembers, and that what was saved plays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.policy import burn_in, make_policy, save_policy
from gym_diamond.collection.roster import make_policy as find_policy
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import GAMES
from gym_diamond.world_models.protocol import WorldSpec
from tests.fakes import CountingWorld, SteeredWorld

SMALL = {"channels": (4, 4), "lstm_dim": 8}


def breakout() -> WorldSpec:
    meanings = GAMES["Breakout"].action_meanings
    return WorldSpec("Breakout", 64, 64, 3, 4, meanings, 4, (-1.0, 0.0, 1.0), 15)


def frames(num_rows: int, length: int) -> torch.Tensor:
    return torch.rand(num_rows, length, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_the_default_is_the_references_network() -> None:
    assert sum(p.numel() for p in make_policy(breakout()).parameters()) == 3_229_637


def test_equal_seeds_give_equal_weights_and_leave_the_callers_random_numbers() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a, b, c = (make_policy(CountingWorld().spec, **SMALL, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a.lstm.weight_ih, b.lstm.weight_ih)
    assert not torch.equal(a.lstm.weight_ih, c.lstm.weight_ih)


def test_a_memory_is_what_the_network_remembers_of_the_frames_one_after_the_other() -> None:
    policy, seen = make_policy(CountingWorld().spec, **SMALL), frames(2, 3)
    state = policy.initial_state(2)
    for t in range(3):
        _, _, state = policy(seen[:, t], state)
    assert all(torch.equal(a, b) for a, b in zip(burn_in(policy, seen), state, strict=True))


def test_padding_is_not_remembered() -> None:
    policy, seen = make_policy(CountingWorld().spec, **SMALL), frames(2, 3)
    padded = torch.cat([torch.zeros(2, 2, 3, 4, 4), seen], dim=1)
    assert all(torch.equal(a, b) for a, b in zip(burn_in(policy, padded), burn_in(policy, seen), strict=True))


def test_nothing_seen_is_an_empty_memory() -> None:
    assert not any(part.any() for part in burn_in(make_policy(CountingWorld().spec, **SMALL), frames(2, 0)))


def test_actions_of_several_parts_are_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidArgument, match=r"actions of 2 parts.*PPO"):
        make_policy(SteeredWorld().spec, **SMALL)


def test_frames_that_are_too_small_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="give fewer"):
        make_policy(CountingWorld().spec)


def test_a_policy_that_normalizes_pixels_answers_as_one_that_is_shown_normalized_ones() -> None:
    normalizing, plain = (
        make_policy(CountingWorld().spec, **SMALL, normalize=normalize) for normalize in (True, False)
    )
    for policy in (normalizing, plain):
        torch.nn.init.ones_(policy.critic_linear.weight)
        policy.see(frames(5, 1)[:, 0])
    shown = frames(2, 1)[:, 0]
    state = plain.initial_state(2)
    values = [policy(obs, state)[1] for policy, obs in ((normalizing, shown), (plain, normalizing.pixels(shown)))]
    assert torch.equal(*values)
    assert not torch.equal(values[1], plain(shown, state)[1])


def test_a_policy_of_many_levels_plays_too(tmp_path: Path) -> None:
    """Their names in a file are sorted as words are, in which 11 comes before 3."""
    network = make_policy(breakout(), channels=(4, 4, 8, 8, 16, 16), lstm_dim=8)
    save_policy(tmp_path, network)
    player = find_policy(str(tmp_path), breakout(), num_rows=1)
    player.begin(np.arange(1))
    assert player.act(np.arange(1), np.zeros((1, 64, 64, 3), np.uint8), np.random.default_rng(0)).shape == (1,)


@pytest.mark.parametrize("normalize", [False, True])
def test_a_saved_policy_plays_as_the_network_that_was_saved(normalize: bool, tmp_path: Path) -> None:
    network = make_policy(breakout(), channels=(4, 4, 4, 4), lstm_dim=8, normalize=normalize)
    with torch.no_grad():
        network.actor_linear.bias[2] = 50.0  # it always goes right
    save_policy(tmp_path, network)
    player = find_policy(str(tmp_path), breakout(), num_rows=3)
    rows = np.arange(3)
    player.begin(rows)
    assert player.act(rows, np.zeros((3, 64, 64, 3), np.uint8), np.random.default_rng(0)).tolist() == [2, 2, 2]
