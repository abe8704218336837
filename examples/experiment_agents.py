"""The PPO of examples.ppo_in_the_dream: a new one, one that goes on, and the files it is kept in."""

from pathlib import Path
from typing import Any

from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from examples.experiment_settings import Engine, Settings, first_seed
from examples.normalized_cnn import NormalizedCNN
from gym_diamond.errors import InvalidArgument
from gym_diamond.files import replacing

SAVED = "agent.zip"  # the agent with its optimizer, as it was at its last look


def make_agent(
    envs: VecEnv, settings: Settings, seed: int, folder: Path, goes_on: bool, engine: Engine
) -> PPO | RecurrentPPO:
    """PPO with the same hyper-parameters wherever it is trained; if it goes on, as it was at its last look.

    Raises:
        InvalidArgument: it is to begin with a PPO that is not there, or that does not learn in such envs.
    """
    algorithm, policy = (RecurrentPPO, "CnnLstmPolicy") if settings.recurrent else (PPO, "CnnPolicy")
    saved = first_agent(settings, seed)
    if goes_on and (folder / SAVED).exists():
        saved = folder / SAVED
    batch_size = max(2, settings.num_envs * settings.n_steps // 4)
    if saved is not None:
        agent = loaded(algorithm, saved, envs, engine)
        if (agent.n_steps, agent.batch_size) != (settings.n_steps, batch_size):
            learns = f"{agent.n_steps} steps of each env, in batches of {agent.batch_size}"
            raise InvalidArgument(f"{saved} learns from {learns}: give --num-envs and --n-steps as it had them.")
        # Not the dreams and choices of the beginning again.
        agent.set_random_seed(first_seed(settings, seed) + agent.num_timesteps)
        return agent
    return algorithm(
        policy,
        envs,
        n_steps=settings.n_steps,
        batch_size=batch_size,
        n_epochs=4,
        learning_rate=5e-4,
        clip_range=0.1,
        ent_coef=0.01,
        gamma=0.985,
        policy_kwargs=normalizing(settings.recurrent) if settings.normalize else {},
        stats_window_size=settings.every,  # more dreams than there can be between two looks
        seed=first_seed(settings, seed),
        device=engine.device,
    )


def first_agent(settings: Settings, seed: int) -> Path | None:
    """The file of the agent that a training begins with; None = of a new one."""
    return None if settings.begin_with is None else Path(settings.begin_with.replace("{seed}", str(seed)))


def loaded(algorithm: type[PPO | RecurrentPPO], path: Path, envs: VecEnv, engine: Engine) -> PPO | RecurrentPPO:
    """The agent of a file of stable-baselines3, with what of its optimizer's state the file holds."""
    try:
        return algorithm.load(path, env=envs, device=engine.device)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} is no {algorithm.__name__} that can learn here: {error}") from error


def normalizing(recurrent: bool) -> dict[str, Any]:
    """What makes a policy of stable-baselines3 normalize pixels."""
    return {"features_extractor_class": NormalizedCNN, "features_extractor_kwargs": {"padded": recurrent}}


def keep(agent: PPO | RecurrentPPO, path: Path) -> Path:
    """`path`, where the agent is written as a player: without its optimizer's moments and what it saw last."""
    optimizer = agent.policy.optimizer
    state = optimizer.state_dict()
    optimizer.load_state_dict({**state, "state": {}})
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary:
        agent.save(temporary, exclude=["_last_obs", "_last_lstm_states", "ep_info_buffer"])
    optimizer.load_state_dict(state)
    return path


def save_agent(agent: PPO | RecurrentPPO, path: Path) -> None:
    """Write `agent` with all that it goes on from."""
    with replacing(path) as temporary:
        agent.save(temporary)
