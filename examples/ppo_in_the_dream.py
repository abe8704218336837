"""Does learning in the dream pay in reality? Needs `pip install "gym-diamond[atari,sb3]"`, and hours for an answer.

Agents are trained in a world's dreams or in the real game, and judged in whole real games every so many steps:

    random        plays at random
    ppo_dream     stable-baselines3's PPO, trained in the dream only
    ppo_frames    the same PPO in the real game, with as many steps as the world was fitted to
    actor_critic  agents.imagine's actor-critic, trained in the dream only
    ppo_steps     the same PPO in the real game, with as many steps as ppo_dream dreams

Each run, a method with a seed, writes OUT/GAME-METHOD-SEED.json: at each look the steps so far, the score and the sum
of signs of whole real games, what a step pays in training and in the real game by signs, the difference of these two
(the exploitation gap: how much more the agent believes to get), and the seconds of training. Dreams begin where there
is something to win more often than a game does, so they pay more to anyone: the gap of `random`, which plays dreams
too, is that of nobody's exploitation. The same command goes on after a stop: runs that are done are skipped, and one
that was broken off goes on from its last look, the actor-critic in its dreams, PPO in new ones. From a checkout:

    python -m examples.ppo_in_the_dream --game Breakout --seeds 0 1 2 --steps 300000 --denoising-steps 1

and `python -m examples.experiment_report runs/experiment` makes a table and curves of what there is so far.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from agents import imagine_run
from agents.actor_learner import update
from agents.imagine import make_start
from agents.imagine_config import ImagineConfig
from agents.imagine_run import Position
from agents.policy import save_policy
from agents.real_games import play_games
from agents.rollout import rollout
from agents.scores import human_normalized
from agents.statistics import summarize
from examples.ppo_in_reality import RealVecEnv
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.loading import DreamArguments, load_dream
from gym_diamond.envs.sb3 import DreamVecEnv
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_json, replacing, write_json
from gym_diamond.hub import find_world

METHODS = ("random", "ppo_dream", "ppo_frames", "actor_critic", "ppo_steps")


@dataclass(frozen=True)
class Settings:
    """What is the same for all runs of the experiment."""

    game: str
    world: str | None  # None = the bundled one
    steps: int  # that ppo_dream and actor_critic dream
    real_frames: int  # agent steps that the world was fitted to
    every: int  # steps of training between two looks
    episodes: int  # whole real games at a look
    final_episodes: int  # at the last
    max_game_steps: int | None  # a real game is cut off after so many
    num_envs: int
    n_steps: int  # of each env between two updates of PPO
    dream_steps: int  # after which a dream is cut off
    denoising_steps: int | None  # of each dreamt frame; None = as many as the world says
    reward_mode: str
    end_mode: str
    frame_stack: int
    recurrent: bool  # RecurrentPPO, with one frame at a time, instead of PPO


class Progress(NamedTuple):
    """Where a training stands."""

    steps: int
    pays: float | None  # what a step of training pays by signs, lately
    player: str  # as `make_policy` knows it


def trained(method: str, settings: Settings, seed: int, folder: Path, goes_on: bool) -> Iterator[Progress]:
    """The training of a method, from look to look; if it goes on, from what `folder` holds of it."""
    if method == "random":
        yield Progress(0, random_pays(settings, seed), "random")
    elif method == "actor_critic":
        yield from actor_critic(settings, seed, folder, goes_on)
    else:
        steps = settings.real_frames if method == "ppo_frames" else settings.steps
        envs = dream_envs(settings) if method == "ppo_dream" else real_envs(settings, seed)
        yield from ppo(VecMonitor(envs), settings, steps, seed, folder, goes_on)


def dream_envs(settings: Settings) -> VecEnv:
    """Dreams for stable-baselines3."""
    return DreamVecEnv(
        gymnasium.make_vec(
            f"gym_diamond:DiamondDream-{settings.game}-v0",
            num_envs=settings.num_envs,
            world=settings.world,
            max_episode_steps=settings.dream_steps,
            frame_stack=1 if settings.recurrent else settings.frame_stack,
            stagger=True,
            reward_mode=settings.reward_mode,
            end_mode=settings.end_mode,
            num_denoising_steps=settings.denoising_steps,
        )
    )


def random_pays(settings: Settings, seed: int, num_dreams: int = 10) -> float:
    """What a step of a dream pays by signs to who plays at random, over so many dreams of each row."""
    envs = dream_envs(settings)
    envs.seed(1_000 * seed)
    envs.action_space.seed(seed)
    envs.reset()
    paid = 0.0
    for _ in range(num_dreams * settings.dream_steps):
        _, rewards, _, _ = envs.step(np.array([envs.action_space.sample() for _ in range(envs.num_envs)]))
        paid += float(rewards.mean())
    envs.close()
    return paid / (num_dreams * settings.dream_steps)


def real_envs(settings: Settings, seed: int) -> VecEnv:
    """Real games for stable-baselines3, on which a lost life ends an episode and rewards are signs, as in the dream."""
    stack = 1 if settings.recurrent else settings.frame_stack
    return RealVecEnv(settings.game, settings.num_envs, stack, seed=100_000 + 1_000 * seed)


def ppo(envs: VecMonitor, settings: Settings, steps: int, seed: int, folder: Path, goes_on: bool) -> Iterator[Progress]:
    """PPO with the same hyper-parameters wherever it is trained."""
    algorithm, policy = (RecurrentPPO, "CnnLstmPolicy") if settings.recurrent else (PPO, "CnnPolicy")
    saved = folder / "agent.zip"
    if goes_on:
        agent = algorithm.load(saved, env=envs, device="cpu")
        agent.set_random_seed(1_000 * seed + agent.num_timesteps)  # not the dreams and choices of the beginning again
    else:
        agent = algorithm(
            policy,
            envs,
            n_steps=settings.n_steps,
            batch_size=max(2, settings.num_envs * settings.n_steps // 4),
            n_epochs=4,
            learning_rate=5e-4,
            clip_range=0.1,
            ent_coef=0.01,
            gamma=0.985,
            stats_window_size=max(100, settings.every // settings.dream_steps),  # of dreams: those since the last look
            seed=1_000 * seed,  # rows are seeded from it upwards: seeds share no dream
            device="cpu",
        )
    while True:
        pays = sum(e["r"] for e in agent.ep_info_buffer or ()) / max(1, sum(e["l"] for e in agent.ep_info_buffer or ()))
        with replacing(saved) as temporary:
            agent.save(temporary)
        yield Progress(agent.num_timesteps, pays if agent.ep_info_buffer else None, str(saved))
        if agent.num_timesteps >= steps:
            break
        agent.learn(min(settings.every, steps - agent.num_timesteps), reset_num_timesteps=False)
    envs.close()


def actor_critic(settings: Settings, seed: int, folder: Path, goes_on: bool) -> Iterator[Progress]:
    """The reference's actor-critic, with its hyper-parameters."""
    arguments = DreamArguments(
        game=settings.game,
        world=settings.world,
        reward_mode=settings.reward_mode,
        end_mode=settings.end_mode,
        num_denoising_steps=settings.denoising_steps,
    )
    config = ImagineConfig(
        num_dreams=settings.num_envs, dream_steps=settings.dream_steps, seed=1_000 * seed, dream=arguments
    )
    dream = load_dream(
        arguments, config.num_dreams, max_episode_steps=config.dream_steps, autoreset_mode="SameStep"
    ).dream
    learner, play = make_start(dream, config)
    play, position = imagine_run.load(folder, learner, play) if goes_on else (play, Position())
    updates, next_look, paid = position.updates, position.updates * config.steps_per_update, []
    while True:
        steps = updates * config.steps_per_update
        if steps >= min(next_look, settings.steps):
            save_policy(folder, learner.policy)
            yield Progress(steps, sum(paid) / len(paid) if paid else None, str(folder))
            imagine_run.save(folder, learner, play, Position(updates))  # after the look: it goes on from the last one
            next_look, paid = steps + settings.every, []
            if steps >= settings.steps:
                break
        dreamt, memory = rollout(dream, learner.policy, play.memory, config.rollout_steps, play.generator)
        play = play._replace(memory=memory)
        paid.append(float(update(learner, dreamt, config.loss, updates)["reward"]))
        updates += 1


def look(progress: Progress, settings: Settings, episodes: int) -> dict[str, Any]:
    """What an agent gets in whole real games, always the same games."""
    envs = RealAtari(settings.game, min(10, episodes))
    player = make_policy(progress.player, atari_info(envs), envs.num_envs)
    games = play_games(envs, player, episodes, seed=0, max_steps=settings.max_game_steps)
    envs.close()
    per_step = sum(game.signs for game in games) / sum(game.steps for game in games)
    score = summarize([game.score for game in games])
    return {
        "steps": progress.steps,
        "training_pays": progress.pays,
        "game_pays": per_step,
        "exploitation_gap": None if progress.pays is None else progress.pays - per_step,
        "score": score,
        "signs": summarize([game.signs for game in games]),
        "human_normalized": human_normalized(settings.game, score["mean"]["value"] or 0.0),
        "games": [game._asdict() for game in games],
    }


def run(method: str, settings: Settings, seed: int, out: Path) -> dict[str, Any]:
    """The finished run, as its file holds it; it is trained only if the file does not."""
    name = f"{settings.game}-{method}-{seed}"
    with (find_world(settings.world, settings.game) / "model.safetensors").open("rb") as weights:
        world = hashlib.file_digest(weights, "sha256").hexdigest()
    about = {"method": method, "seed": seed, "settings": vars(settings), "world_sha256": world}
    looks: list[dict[str, Any]] = []
    seconds = 0.0
    if (out / f"{name}.json").exists():
        record = read_json(out / f"{name}.json", InvalidRun)
        if {key: record.get(key) for key in about} != json.loads(json.dumps(about)):
            raise InvalidRun(
                f"{out / name}.json is a run with other settings or another world; give --out another folder."
            )
        if record["done"]:
            return record
        looks, seconds = record["looks"], record["seconds"]
    (out / name / "imagine").mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    progress = Progress(0, None, "random")
    for progress in trained(method, settings, seed, out / name, goes_on=bool(looks)):
        if looks and progress.steps <= looks[-1]["steps"]:  # where it was broken off
            began = time.perf_counter()
            continue
        seconds += time.perf_counter() - began
        write_json(out / f"{name}.json", {**about, "done": False, "looks": looks, "seconds": seconds})
        found = {**look(progress, settings, settings.episodes), "seconds": seconds}
        looks.append(found)
        write_json(out / f"{name}.json", {**about, "done": False, "looks": looks, "seconds": seconds})
        print(f"{name}: {progress.steps:>9,} steps, {seconds:7.0f} s, score {found['score']['mean']['value']:.1f}")
        began = time.perf_counter()
    final = {**look(progress, settings, settings.final_episodes), "seconds": seconds}
    record = {**about, "done": True, "looks": looks, "final": final}
    write_json(out / f"{name}.json", record)
    mean = final["score"]["mean"]
    print(f"{name}: at the end {mean['value']:.1f} [{mean['low'] or 0:.1f}, {mean['high'] or 0:.1f}]")
    return record


def main(methods: list[str], seeds: list[int], settings: Settings, out: Path) -> list[dict[str, Any]]:
    """All runs, one after the other: every method with the first seed, then with the second."""
    return [run(method, settings, seed, out) for seed in seeds for method in methods]


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--world", help="a world directory; the bundled one by default")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=300_000, help="that are dreamt, and that ppo_steps plays")
    parser.add_argument("--real-frames", type=int, default=120_000, help="steps the world was fitted to (its card)")
    parser.add_argument("--every", type=int, default=30_000, help="steps of training between two looks")
    parser.add_argument("--episodes", type=int, default=20, help="whole real games at each look")
    parser.add_argument("--final-episodes", type=int, default=100, help="at the last")
    parser.add_argument("--max-game-steps", type=int, default=5_000, help="at which a real game is cut off, unfinished")
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--n-steps", type=int, default=32, help="of each env between two updates of PPO")
    parser.add_argument("--dream-steps", type=int, default=15, help="after which a dream is cut off")
    parser.add_argument("--denoising-steps", type=int, help="of each dreamt frame; by default what the world says")
    parser.add_argument("--reward-mode", default="sample", choices=["sample", "mode", "mean"])
    parser.add_argument("--end-mode", default="sample", choices=["sample", "mode", "never"])
    parser.add_argument("--frame-stack", type=int, default=4)
    parser.add_argument("--recurrent", action="store_true", help="RecurrentPPO instead of PPO")
    parser.add_argument("--out", type=Path, default=Path("runs/experiment"))
    given = vars(parser.parse_args(words))
    chosen = {name: given.pop(name) for name in ("methods", "seeds", "out")}
    main(chosen["methods"], chosen["seeds"], Settings(**given), chosen["out"])


if __name__ == "__main__":
    sys.exit(exit_status("examples.ppo_in_the_dream", command, sys.argv[1:]))
