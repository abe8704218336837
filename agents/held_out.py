"""What a world model's losses are on play that it was never fitted to: told in TensorBoard beside those of the fit."""

import copy
from collections.abc import Sequence

import torch

from gym_diamond.collection.actor import ActorPolicy
from gym_diamond.collection.play import Games, play
from gym_diamond.data.segments import SegmentStore
from gym_diamond.fitting.learner import Learner, stream_seed
from gym_diamond.hardware import ComputePrecision
from gym_diamond.nn.actor_critic import ActorCritic

NUM_BATCHES = 8


@torch.no_grad()
def held_out_losses(
    learners: Sequence[Learner],
    games: Games,
    policy: ActorCritic,
    num_steps: int,
    seed: int,
    precision: ComputePrecision,
) -> dict[str, float]:
    """The mean loss of each learner's network on fresh play, named like `denoiser/test_loss`.

    Args:
        learners: of a world model.
        games: N rows of the real game.
        policy: who plays, with the weights that it has by now; is copied, to the CPU.
        num_steps: real steps, of all rows together.
        seed: of games, actions, batches and noise.
        precision: what the networks compute in.
    """
    player = ActorPolicy("agent", copy.deepcopy(policy).cpu(), games.num_envs)
    episodes = list(play(games, [player], [1.0], num_steps, seed, lambda steps: True))
    device = next(policy.parameters()).device
    store = SegmentStore.from_episodes(episodes, device)
    losses = {}
    for learner in learners:
        objective, total = learner.objective, 0.0
        for batch in range(NUM_BATCHES):
            generator = torch.Generator(device).manual_seed(stream_seed(seed, f"test/{objective.name}", batch))
            segment = store.sample(objective.window, num := learner.config.batch_size, generator)
            noise, counts = objective.draw(num, generator, slice(num)), objective.counts(segment.is_real)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
                total += float(objective.loss(segment, noise, counts)[0])
        losses[f"{objective.name}/test_loss"] = total / NUM_BATCHES
    return losses
