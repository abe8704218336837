"""A look at the real game during training: without influence on it."""

import copy

import numpy as np

from agents.real_games import Games, play_games
from gym_diamond.collection.actor import ActorPolicy
from gym_diamond.nn.actor_critic import ActorCritic


def look(games: Games, policy: ActorCritic, num_games: int, seed: int, max_steps: int | None) -> dict[str, float]:
    """What `policy` scores by now: the means `real_score` and `real_signs`, the sum of rewards' signs.

    Args:
        games: N rows.
        policy: is copied, to the CPU.
        num_games: whole games, all lives.
        seed: of the games and of the actions.
        max_steps: after which a game is cut off; None = the emulator's half an hour.
    """
    player = ActorPolicy("policy", copy.deepcopy(policy).cpu(), games.num_envs)
    played = play_games(games, player, num_games, seed, max_steps)
    score, signs = (float(np.mean([getattr(game, name) for game in played])) for name in ("score", "signs"))
    return {"real_score": score, "real_signs": signs}
