"""Games that others made: CarRacing, MiniGrid and Crafter can be played for a dataset."""

from typing import Any

import numpy as np
import pytest

from gym_diamond.collection.play import play
from gym_diamond.collection.policies import RandomPolicy
from gym_diamond.data.episode import Episode, digest
from gym_diamond.data.rewards import distinct
from gym_diamond.envs.own_games import PixelGames
from gym_diamond.envs.pixels import PixelConfig


def episodes(id: str, num_steps: int, **options: Any) -> list[Episode]:
    """What two random players see of `num_steps` steps."""
    games = PixelGames(id, 2, PixelConfig(**options))
    policies = [RandomPolicy(games.code.choices.limits)]
    found = list(play(games, policies, [1.0], num_steps, 0, lambda steps: True))
    games.close()
    return found


def rewards(found: list[Episode]) -> tuple[float, ...]:
    return distinct(np.concatenate([episode.rewards for episode in found]), 100)


def test_car_racing_with_binned_actions_pays_its_tenth_a_frame():
    found = episodes("CarRacing-v3", 12, bins="-1,0,1;0,0.5;0,0.8", crop=(0, 0, 84, 96))
    assert [episode.frames.shape for episode in found] == [(7, 64, 64, 3)] * 2
    assert [episode.actions.shape for episode in found] == [(6, 3)] * 2
    assert rewards(found)[0] == -0.1
    assert all(episode.truncated for episode in found)


def test_car_racing_with_its_discrete_actions_and_frame_skip():
    found = episodes("CarRacing-v3", 4, env_kwargs='{"continuous": false}', frame_skip=2, size=(32, 48))
    assert found[0].frames.shape == (3, 32, 48, 3)
    assert found[0].actions.shape == (2,)
    assert rewards(found)[0] == pytest.approx(-0.2)


def test_mini_grid_is_played_by_what_it_renders_and_equal_seeds_are_equal_games():
    id = "minigrid:MiniGrid-Empty-5x5-v0"
    one, two = (episodes(id, 20, pixels="render", max_episode_steps=7) for _ in range(2))
    assert [digest(episode) for episode in one] == [digest(episode) for episode in two]
    assert [len(episode.actions) for episode in one if not episode.terminated][:2] == [7, 7]
    assert one[0].frames.shape == (8, 64, 64, 3)
    assert one[0].frames.std() > 10


def test_crafter_is_played_through_its_wrapper():
    games = PixelGames("examples.crafter_env:Crafter-v0", 1, PixelConfig())
    (found,) = play(games, [RandomPolicy(17)], [1.0], 10, 0, lambda steps: True)
    assert found.frames.shape == (11, 64, 64, 3)
    assert found.frames[1:].std() > 10
    assert (found.terminated, found.truncated) == (False, True)
    assert games.code.meanings[:3] == ("noop", "move_left", "move_right")
    assert (games.code.choices.num_actions, games.fps) == (17, 10)
    games.close()
