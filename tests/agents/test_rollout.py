"""A rollout: its rows line up in time, memories begin as they should, and values are those of the states meant."""

import pytest
import torch
from torch import Tensor

from agents.policy import burn_in, make_policy
from agents.rollout import Rollout, draw, first_memory, rollout
from gym_diamond.envs.dream import Dream
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.nn.lstm import LSTMState
from tests.fakes import counting_dream


def actor(dream: Dream) -> ActorCritic:
    """A small network whose values and logits depend on frame and memory."""
    policy = make_policy(dream.world.spec, channels=(4, 4), lstm_dim=8)
    with torch.no_grad():
        for head in (policy.critic_linear, policy.actor_linear):
            head.weight.copy_(torch.linspace(-1, 1, head.weight.numel()).view_as(head.weight))
    return policy


def play(dream: Dream, policy: ActorCritic, num_steps: int, seed: int = 0) -> tuple[Rollout, LSTMState]:
    dream.reset(seed=0)
    return rollout(dream, policy, first_memory(dream, policy), num_steps, torch.Generator().manual_seed(seed))


def replayed(policy: ActorCritic, dream: Dream, actions: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Values `(N,)` of the states before and after each step, told the plain way: row by row, no masks."""
    dream.reset(seed=0)
    memory = list(zip(*first_memory(dream, policy), strict=True))
    values, next_values = [], []
    for action in actions.unbind(dim=1):
        obs, step = dream.obs, dream.step(action)
        history = dream.world.history(dream.snapshot().state)
        now, ahead = [], []
        for i in range(dream.num_envs):
            _, value, (hx, cx) = policy(obs[i : i + 1], (memory[i][0][None], memory[i][1][None]))
            _, next_value, _ = policy(step.final_obs[i : i + 1], (hx, cx))
            if step.terminated[i] or step.truncated[i]:
                hx, cx = burn_in(policy, history[i : i + 1, :-1])
            memory[i] = (hx[0], cx[0])
            now.append(value)
            ahead.append(next_value)
        values.append(torch.cat(now))
        next_values.append(torch.cat(ahead))
    return values, next_values


def test_rewards_ends_and_truncations_are_those_of_the_actions() -> None:
    """Games of five steps, dreams of four: the time is always up first."""
    dream = counting_dream(3, max_episode_steps=4)
    found, _ = play(dream, actor(dream), 9)
    assert torch.equal(found.reward, (found.action - 1).float())
    assert not found.end.any()
    assert found.trunc.tolist() == [[False, False, False, True] * 2 + [False]] * 3


def test_an_end_is_not_a_truncation() -> None:
    dream = counting_dream(2)
    found, _ = play(dream, actor(dream), 6)
    assert found.end.tolist() == [[False] * 4 + [True, False]] * 2
    assert not found.trunc.any()


def test_values_are_those_of_a_plain_replay_also_where_a_dream_is_over_in_the_middle() -> None:
    """Rows of different starts end at different times, so most steps reset some rows and leave the others."""
    dream = counting_dream(4, starts=(0, 1, 2, 3), max_episode_steps=4)
    policy = actor(dream)
    found, _ = play(dream, policy, 7)
    assert 0 < int((found.end | found.trunc).any(dim=0).sum()) < 7
    values, next_values = replayed(policy, dream, found.action)
    torch.testing.assert_close(found.value, torch.stack(values, dim=1))
    torch.testing.assert_close(found.next_value, torch.stack(next_values, dim=1))


def test_where_looking_costs_a_wait_all_rows_are_computed_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, where nobody asks which rows are over."""
    dream = counting_dream(4, starts=(0, 1, 2, 3), max_episode_steps=4)
    policy = actor(dream)
    some, memory_of_some = play(dream, policy, 7)
    monkeypatch.setattr("agents.rollout._rows_to_look_at", lambda mask: torch.arange(len(mask)))
    all_rows, memory_of_all = play(dream, policy, 7)
    ended = some.end | some.trunc
    assert torch.equal(some.action, all_rows.action)
    torch.testing.assert_close(some.next_value[ended], all_rows.next_value[ended])
    torch.testing.assert_close((some.value, memory_of_some), (all_rows.value, memory_of_all))


def test_on_a_cpu_memories_are_burned_in_for_the_dreams_that_begin_anew_only(monkeypatch: pytest.MonkeyPatch) -> None:
    dream = counting_dream(4, starts=(0, 1, 2, 3), max_episode_steps=4)
    policy = actor(dream)
    sizes: list[int] = []

    def noted(policy: ActorCritic, frames: Tensor) -> LSTMState:
        sizes.append(len(frames))
        return burn_in(policy, frames)

    monkeypatch.setattr("agents.rollout.burn_in", noted)
    found, _ = play(dream, policy, 7)
    over = (found.end | found.trunc).sum(dim=0)
    assert sizes == [4, *over[over > 0].tolist()], "all at the very beginning"


def test_two_rollouts_are_one_of_twice_the_length() -> None:
    dream = counting_dream(3, max_episode_steps=4)
    policy, generator = actor(dream), torch.Generator().manual_seed(0)
    dream.reset(seed=0)
    first, memory = rollout(dream, policy, first_memory(dream, policy), 3, generator)
    second, _ = rollout(dream, policy, memory, 3, generator)
    whole, _ = play(dream, policy, 6)
    for part in ("action", "reward", "value"):
        both = torch.cat([getattr(first, part), getattr(second, part)], dim=1)
        torch.testing.assert_close(both, getattr(whole, part))


def test_gradients_flow_through_time_and_not_into_what_is_only_looked_at() -> None:
    dream = counting_dream(2, max_episode_steps=4)
    policy = actor(dream)
    found, memory = play(dream, policy, 3)
    assert found.logits.requires_grad
    assert found.value.requires_grad
    assert not found.next_value.requires_grad
    assert not any(part.requires_grad for part in memory)
    found.value[:, 2].sum().backward()
    assert policy.lstm.weight_hh.grad is not None
    assert policy.lstm.weight_hh.grad.abs().sum() > 0


def test_what_is_acted_on_counts_in_the_statistics_of_pixels_and_nothing_else_does() -> None:
    """Neither the frames before a dream, nor its last one, in which nothing is done any more."""
    dream = counting_dream(2, max_episode_steps=4)
    policy = make_policy(dream.world.spec, channels=(4, 4), lstm_dim=8, normalize=True)
    found, _ = play(dream, policy, 7)
    assert policy.pixels.num_seen == 2 * 7
    dream.reset(seed=0)
    acted_on = [dream.obs, *(dream.step(action).obs for action in found.action[:, :-1].unbind(dim=1))]
    assert torch.allclose(policy.pixels.mean, torch.cat(acted_on).mean(dim=0), atol=1e-6)


def test_actions_are_drawn_as_often_as_the_logits_say() -> None:
    logits = torch.tensor([0.7, 0.2, 0.1]).log().expand(20_000, 3)
    drawn = draw(logits, torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn, minlength=3) / 20_000
    assert torch.allclose(shares, torch.tensor([0.7, 0.2, 0.1]), atol=0.015)


def test_equal_generators_draw_equal_actions() -> None:
    dream = counting_dream(3)
    policy = actor(dream)
    assert torch.equal(play(dream, policy, 5)[0].action, play(dream, policy, 5)[0].action)
    assert not torch.equal(play(dream, policy, 5)[0].action, play(dream, policy, 5, seed=1)[0].action)
