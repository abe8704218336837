"""The trainings of examples.ppo_in_the_dream: PPO and the actor-critic, dreaming and playing, from look to look."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from agents import imagine_run
from agents.actor_learner import AdamConfig, update
from agents.imagine import make_start
from agents.imagine_config import ImagineConfig
from agents.imagine_run import Position
from agents.policy import save_policy
from agents.rollout import rollout
from examples.emulated_dreams import EmulatedDreams, moments
from examples.experiment_agents import SAVED, keep, make_agent, save_agent
from examples.experiment_settings import Engine, Settings, first_seed
from examples.lost_ball import open_dream
from examples.ppo_in_reality import RealVecEnv
from examples.ppo_on_the_device import Lesson, device_lesson
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loading import DreamArguments
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.errors import InvalidArgument

NUM_MOMENTS = 500  # where emulated dreams begin


class Progress(NamedTuple):
    """Where a training stands."""

    steps: int
    pays: float | None  # what a step of training pays by signs, lately
    player: Path | None  # the agent as it is, in a file or folder that `make_policy` knows; None = it plays at random
    save: Callable[[], None]  # what the training goes on from, if it is broken off: from the last that was saved


def trained(
    method: str, settings: Settings, seed: int, folder: Path, goes_on: bool, engine: Engine
) -> Iterator[Progress]:
    """The training of a method, from look to look; if it goes on, from what `folder` holds of it."""
    if method == "random":
        yield Progress(0, random_pays(settings, seed, engine), None, lambda: None)
    elif method == "actor_critic":
        yield from actor_critic(settings, seed, folder, goes_on, engine)
    elif method == "ppo_device":
        yield from ppo_on_the_device(settings, seed, folder, goes_on, engine)
    else:
        steps = settings.real_frames if method == "ppo_frames" else settings.steps
        envs = VecMonitor(envs_of(method, settings, seed, engine))
        agent = make_agent(envs, settings, seed, folder, goes_on, engine)
        yield from ppo(agent, host_lesson(agent), settings, steps, folder)
        envs.close()


def envs_of(method: str, settings: Settings, seed: int, engine: Engine) -> VecEnv:
    """Where a PPO is trained."""
    if method == "ppo_dream":
        return dream_envs(settings, engine)
    return emulated_envs(settings, seed) if method == "ppo_emulated" else real_envs(settings, seed, engine)


def dreams(settings: Settings, frame_stack: int, stagger: bool, engine: Engine) -> Dream:
    """The dreams that agents are trained in."""
    arguments = DreamArguments(
        game=settings.game,
        world=settings.world,
        contexts=settings.contexts,
        device=engine.device,
        compile=engine.compile,
        frame_stack=frame_stack,
        reward_mode=settings.reward_mode,
        end_mode=settings.end_mode,
        num_denoising_steps=settings.denoising_steps,
    )
    return open_dream(
        arguments,
        settings.num_envs,
        settings.dream_steps,
        stagger=stagger,
        lost_after=settings.lost_after,
        lost_pays=settings.lost_pays,
        lost_chance=settings.lost_chance,
        cut_faded=settings.cut_faded,
    )


def dream_envs(settings: Settings, engine: Engine) -> VecEnv:
    """Dreams for stable-baselines3."""
    stack = 1 if settings.recurrent else settings.frame_stack
    return DreamVecEnv(DreamVectorEnv(dreams(settings, stack, stagger=True, engine=engine)))


def random_pays(settings: Settings, seed: int, engine: Engine, num_dreams: int = 10) -> float:
    """What a step of a dream pays by signs to who plays at random, over so many dreams of each row."""
    envs = dream_envs(settings, engine)
    envs.seed(first_seed(settings, seed))
    envs.action_space.seed(seed)
    envs.reset()
    paid = 0.0
    for _ in range(num_dreams * settings.dream_steps):
        _, rewards, _, _ = envs.step(np.array([envs.action_space.sample() for _ in range(envs.num_envs)]))
        paid += float(rewards.mean())
    envs.close()
    return paid / (num_dreams * settings.dream_steps)


def real_envs(settings: Settings, seed: int, engine: Engine) -> VecEnv:
    """Real games for stable-baselines3, on which a lost life ends an episode and rewards are signs, as in the dream."""
    stack = 1 if settings.recurrent else settings.frame_stack
    return RealVecEnv(settings.game, settings.num_envs, stack, 100_000 + first_seed(settings, seed), engine.emulators)


def emulated_envs(settings: Settings, seed: int) -> VecEnv:
    """Dreams of a perfect world, which begin at moments that the emulator is played to first."""
    stack = 1 if settings.recurrent else settings.frame_stack
    starts = moments(settings.game, NUM_MOMENTS, stack, seed=1_000 * seed)
    return EmulatedDreams(
        settings.game,
        settings.num_envs,
        starts,
        seed=1_000 * seed,
        max_steps=settings.dream_steps,
        lost_after=settings.lost_after,
        lost_pays=settings.lost_pays,
    )


def ppo_on_the_device(settings: Settings, seed: int, folder: Path, goes_on: bool, engine: Engine) -> Iterator[Progress]:
    """PPO whose frames never leave the device."""
    if settings.recurrent:
        raise InvalidArgument("ppo_device has no memory; leave out --recurrent, or take ppo_dream.")
    dream = dreams(settings, settings.frame_stack, stagger=True, engine=engine)
    agent = make_agent(DreamVecEnv(DreamVectorEnv(dream)), settings, seed, folder, goes_on, engine)
    lesson = device_lesson(agent, dream, first_seed(settings, seed) + agent.num_timesteps)
    yield from ppo(agent, lesson, settings, settings.steps, folder)


def host_lesson(agent: PPO | RecurrentPPO) -> Lesson:
    """How `agent` learns by itself, in its own envs."""

    def lesson(steps: int) -> float | None:
        if agent.ep_info_buffer is not None:
            agent.ep_info_buffer.clear()  # what it tells then is of the dreams since the last lesson
        agent.learn(steps, reset_num_timesteps=False)
        dreamt = list(agent.ep_info_buffer or ())
        return sum(e["r"] for e in dreamt) / max(1, sum(e["l"] for e in dreamt)) if dreamt else None

    return lesson


def ppo(agent: PPO | RecurrentPPO, lesson: Lesson, settings: Settings, steps: int, folder: Path) -> Iterator[Progress]:
    """The training of `agent`, lesson by lesson, until it has had so many steps in all."""
    pays = None
    while True:
        player = keep(agent, folder / "agents" / f"{agent.num_timesteps:09}.zip")
        yield Progress(agent.num_timesteps, pays, player, partial(save_agent, agent, folder / SAVED))
        if agent.num_timesteps >= steps:
            break
        pays = lesson(min(settings.every, steps - agent.num_timesteps))


def imagine_config(settings: Settings, seed: int) -> ImagineConfig:
    """The reference's hyper-parameters but for what the settings say; the learning rate goes by the dreams at once."""
    usual = ImagineConfig()
    lr, steps, entropy = settings.actor_lr, settings.actor_steps, settings.actor_entropy
    return ImagineConfig(
        num_dreams=settings.num_envs,
        dream_steps=settings.dream_steps,
        rollout_steps=usual.rollout_steps if steps is None else steps,
        normalize=settings.normalize,
        seed=1_000 * seed,
        adam=AdamConfig(lr=usual.adam.lr * settings.num_envs / usual.num_dreams if lr is None else lr),
        loss=replace(usual.loss, entropy_weight=usual.loss.entropy_weight if entropy is None else entropy),
    )


def actor_critic(settings: Settings, seed: int, folder: Path, goes_on: bool, engine: Engine) -> Iterator[Progress]:
    """The reference's actor-critic, with its hyper-parameters but for what the settings say."""
    if settings.begin_with is not None:
        raise InvalidArgument("Only PPO begins with another run's agent; leave out --begin-with.")
    config = imagine_config(settings, seed)
    dream = dreams(settings, frame_stack=1, stagger=False, engine=engine)
    learner, play = make_start(dream, config)
    play, position = imagine_run.load(folder, learner, play) if goes_on else (play, Position())
    updates, next_look, paid = position.updates, position.updates * config.steps_per_update, []
    while True:
        steps = updates * config.steps_per_update
        if steps >= min(next_look, settings.steps):
            player = folder / "agents" / f"{steps:09}"
            player.mkdir(parents=True, exist_ok=True)
            save_policy(player, learner.policy)
            save = partial(imagine_run.save, folder, learner, play, Position(updates))
            yield Progress(steps, sum(paid) / len(paid) if paid else None, player, save)
            next_look, paid = steps + settings.every, []
            if steps >= settings.steps:
                break
        dreamt, memory = rollout(dream, learner.policy, play.memory, config.rollout_steps, play.generator)
        play = play._replace(memory=memory)
        paid.append(float(update(learner, dreamt, config.loss, updates)["reward"]))
        updates += 1
