"""A world's own policy remembers what its network would."""

import numpy as np
import torch

from gym_diamond.collection.actor import ActorPolicy
from gym_diamond.frames import to_obs
from gym_diamond.nn.actor_critic import ActorCritic


def test_it_remembers_by_row_until_an_episode_begins_there():
    """Before the third of three frames half of the rows begin anew."""
    torch.manual_seed(0)
    network, rows = ActorCritic(4, 3, (64, 64), (4, 4, 8, 8), 16), np.arange(50)
    torch.nn.init.normal_(network.actor_linear.weight, std=9.0)  # so that what is remembered decides
    policy, state = ActorPolicy("own", network, 50), network.initial_state(50)
    frames = np.random.default_rng(0).integers(256, size=(3, 50, 64, 64, 3), dtype=np.uint8)
    for t in range(3):
        if t == 2:
            policy.begin(rows[:25])
            state = tuple(part * (torch.arange(50) >= 25)[:, None] for part in state)
        with torch.no_grad():
            logits, _, state = network(to_obs(torch.from_numpy(frames[t])), state)
        expected = (logits.numpy() + np.random.default_rng(t).gumbel(size=(50, 4))).argmax(axis=1)
        assert policy.act(rows, frames[t], np.random.default_rng(t)).tolist() == expected.tolist()
