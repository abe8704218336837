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
from pathlib import Path
from typing import Any

from agents.real_games import play_games
from agents.scores import human_normalized
from agents.statistics import summarize
from examples.experiment_training import Progress, Settings, trained
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_json, write_json
from gym_diamond.hub import find_world

METHODS = ("random", "ppo_dream", "ppo_frames", "actor_critic", "ppo_steps")


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
    parser.add_argument("--real-frames", type=int, default=120_000, help="that ppo_frames plays")
    parser.add_argument("--every", type=int, default=30_000, help="steps of training between two looks")
    parser.add_argument("--episodes", type=int, default=20, help="whole real games at each look")
    parser.add_argument("--final-episodes", type=int, default=100, help="at the last")
    parser.add_argument("--max-game-steps", type=int, default=5_000, help="at which a real game is cut off, unfinished")
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--n-steps", type=int, default=32, help="of each env between two updates of PPO")
    parser.add_argument("--dream-steps", type=int, default=15, help="after which a dream is cut off")
    parser.add_argument("--lost-after", type=int, default=0, help="frames without a ball that end a dream; 0 = none do")
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
