"""Does learning in the dream pay in reality? Needs `pip install "gym-diamond[atari,sb3]"`, and hours for an answer.

Agents are trained in a world's dreams or in the real game, and judged in whole real games every so many steps:

    random        plays at random
    ppo_dream     stable-baselines3's PPO, trained in the dream only
    ppo_frames    the same PPO in the real game, with as many steps as the world was fitted to
    actor_critic  agents.imagine's actor-critic, trained in the dream only
    ppo_steps     the same PPO in the real game, with as many steps as ppo_dream dreams
    ppo_emulated  the same PPO, with as many steps, in dreams of a perfect world: the emulator begins and ends them as
                  dreams begin and end (`examples/emulated_dreams.py`); Breakout and Pong only, and only if named
    ppo_device    ppo_dream with frames that never leave the GPU (`examples/ppo_on_the_device.py`); only if named

Each run, a method with a seed, writes OUT/GAME-METHOD-SEED.json: at each look the steps so far, the score and the sum
of signs of whole real games, what a step pays in training and in the real game by signs, the difference of these two
(the exploitation gap: how much more the agent believes to get), and the seconds of training. Dreams begin where there
is something to win more often than a game does, so they pay more to anyone: the gap of `random`, which plays dreams
too, is that of nobody's exploitation. The agent of each look is kept in OUT/GAME-METHOD-SEED/agents: with --judge-later
a GPU only trains, and another machine plays the games, all of them or, with --judge-at, those of some looks. The same
command goes on after a stop: runs that are done are skipped, and one that was broken off, or is given more
--max-minutes, goes on from its last look, the actor-critic in its dreams, PPO in new ones. From a checkout:

    python -m examples.ppo_in_the_dream --game Breakout --contexts coming --seeds 0 1 2 --steps 300000 \\
        --dream-steps 100 --lost-after 2 --reward-mode mean --normalize --num-envs 64 --n-steps 16

To go on in other dreams, say those of a world that has the agent's own games, give --begin-with and another --out.
`python -m examples.experiment_report runs/experiment` makes a table and curves of what there is so far.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agents.real_games import play_games
from agents.scores import has_human_score, human_normalized
from agents.statistics import summarize
from examples.experiment_settings import Engine, Settings, completed
from examples.experiment_training import trained
from gym_diamond.banks import contexts_path
from gym_diamond.checkpoint import WEIGHTS
from gym_diamond.cli import exit_status
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_json, sha256, write_json
from gym_diamond.hardware import describe, resolve_device
from gym_diamond.hub import find_world

Look = dict[str, Any]  # JSON, as are whole records

ON_WHAT_THERE_IS = Engine()
METHODS = ("random", "ppo_dream", "ppo_frames", "actor_critic", "ppo_steps", "ppo_emulated", "ppo_device")


def judged(look: Look, settings: Settings, out: Path, num_games: int) -> Look:
    """A look with what its agent gets in whole real games, always the same games."""
    envs = RealAtari(settings.game, min(10, num_games))
    name = "random" if look["player"] is None else str(out / look["player"])
    player = make_policy(name, atari_info(envs), envs.num_envs)
    games = play_games(envs, player, num_games, seed=0, max_steps=settings.max_game_steps)
    envs.close()
    per_step = sum(game.signs for game in games) / sum(game.steps for game in games)
    score = summarize([game.score for game in games])
    mean = score["mean"]["value"] or 0.0
    return {
        **look,
        "game_pays": per_step,
        "exploitation_gap": None if look["training_pays"] is None else look["training_pays"] - per_step,
        "score": score,
        "signs": summarize([game.signs for game in games]),
        "human_normalized": human_normalized(settings.game, mean) if has_human_score(settings.game) else None,
        "games": [game._asdict() for game in games],
    }


def begun(method: str, settings: Settings, seed: int, out: Path) -> Look:
    """The record of a run as its file holds it, or of one without looks yet; it may be given other minutes.

    Raises:
        InvalidRun: the file is of a run with other settings or another world.
    """
    directory = find_world(settings.world, settings.game)
    world = sha256(directory / WEIGHTS)
    about = {"method": method, "seed": seed, "settings": vars(settings), "world_sha256": world}
    if settings.contexts is not None:
        about["contexts_sha256"] = sha256(contexts_path(directory, settings.contexts))
    path = out / f"{settings.game}-{method}-{seed}.json"
    if not path.exists():
        return {**about, "hardware": None, "done": False, "trained": False, "looks": [], "seconds": 0.0}
    record = read_json(path, InvalidRun)
    record["settings"] = completed(record.get("settings") or {})
    minutes = record["settings"].get("max_minutes")
    about["settings"] = vars(settings) | {"max_minutes": minutes}
    if {key: record.get(key) for key in about} != json.loads(json.dumps(about)):
        raise InvalidRun(f"{path} is a run with other settings or another world; give --out another folder.")
    if minutes != settings.max_minutes and minutes_are_left(settings, record):
        record |= {"trained": False, "done": False}
        record.pop("final", None)
    return record | {"settings": vars(settings)}


def minutes_are_left(settings: Settings, record: Look) -> bool:
    """Whether a run may be trained any longer."""
    return settings.max_minutes is None or record["seconds"] < 60 * settings.max_minutes


def run(
    method: str, settings: Settings, seed: int, out: Path, engine: Engine = ON_WHAT_THERE_IS, judge: bool = True
) -> Look:
    """The record of a run, as its file holds it; it is trained, and its looks are judged, as far as they were not.

    Raises:
        InvalidRun: its file is of a run with other settings or another world.
    """
    name = f"{settings.game}-{method}-{seed}"
    record = begun(method, settings, seed, out)
    if record["done"]:
        return record
    if not record["trained"]:
        record["hardware"] = describe(resolve_device(engine.device))
        for look in trained_looks(method, settings, seed, out, engine, record):
            record["looks"].append(judged(look, settings, out, settings.episodes) if judge else look)
            write_json(out / f"{name}.json", record)
            tell(name, record["looks"][-1])
        record["trained"] = True
        write_json(out / f"{name}.json", record)
    if judge:
        for place, look in enumerate(record["looks"]):
            if "score" not in look:
                record["looks"][place] = judged(look, settings, out, settings.episodes)
                write_json(out / f"{name}.json", record)
                tell(name, record["looks"][place])
        record["final"] = judged(record["looks"][-1], settings, out, settings.final_episodes)
        record["done"] = True
        write_json(out / f"{name}.json", record)
        mean = record["final"]["score"]["mean"]
        print(f"{name}: at the end {mean['value']:.1f} [{mean['low'] or 0:.1f}, {mean['high'] or 0:.1f}]")
    return record


def judged_at(method: str, settings: Settings, seed: int, out: Path, steps: Sequence[int]) -> Look:
    """The record of a run, as its file holds it, whose looks after so many steps are judged as the last one is.

    Nothing is trained; what stopped its training does not matter. Looks that were judged in as many games are kept.

    Raises:
        InvalidRun: there is no such run, or it was not looked at after one of these steps.
    """
    name = f"{settings.game}-{method}-{seed}"
    record = begun(method, settings, seed, out)
    there = [look["steps"] for look in record["looks"]]
    if missing := sorted(set(steps) - set(there)):
        raise InvalidRun(f"{out / name}.json has looks after {there or 'no'} steps; --judge-at asks for {missing}.")
    for place, look in enumerate(record["looks"]):
        if look["steps"] in steps and len(look.get("games", ())) < settings.final_episodes:
            record["looks"][place] = judged(look, settings, out, settings.final_episodes)
            write_json(out / f"{name}.json", record)
            tell(name, record["looks"][place])
    return record


def trained_looks(
    method: str, settings: Settings, seed: int, out: Path, engine: Engine, record: Look
) -> Iterator[Look]:
    """The looks at a training from where `record` ends, not judged yet; its seconds are kept in `record`."""
    folder = out / f"{settings.game}-{method}-{seed}"
    (folder / "imagine").mkdir(parents=True, exist_ok=True)
    last = record["looks"][-1]["steps"] if record["looks"] else -1
    began = time.perf_counter()
    for progress in trained(method, settings, seed, folder, bool(record["looks"]), engine):
        if progress.steps < last:  # broken off after the record was written and before the agent was
            record["looks"][:] = [look for look in record["looks"] if look["steps"] <= progress.steps]
            last, record["seconds"] = progress.steps, record["looks"][-1]["seconds"]
        if progress.steps > last:  # not where it was broken off
            record["seconds"] += time.perf_counter() - began
            player = None if progress.player is None else progress.player.relative_to(out).as_posix()
            seconds, pays = record["seconds"], progress.pays
            yield {"steps": progress.steps, "seconds": seconds, "training_pays": pays, "player": player}
            progress.save()  # now that it is in the record: whoever goes on goes on from here
            if not minutes_are_left(settings, record):
                return
        began = time.perf_counter()


def tell(name: str, look: Look) -> None:
    """A line for people."""
    words = f"{name}: {look['steps']:>9,} steps, {look['seconds']:7.0f} s"
    print(f"{words}, score {look['score']['mean']['value']:.1f}" if "score" in look else words, flush=True)


def main(
    methods: list[str],
    seeds: list[int],
    settings: Settings,
    out: Path,
    engine: Engine = ON_WHAT_THERE_IS,
    judge: bool = True,
    judge_at: Sequence[int] | None = None,
) -> list[Look]:
    """All runs, one after the other: every method with the first seed, then with the second."""
    runs = [(method, seed) for seed in seeds for method in methods]
    if judge_at is not None:
        return [judged_at(method, settings, seed, out, judge_at) for method, seed in runs]
    return [run(method, settings, seed, out, engine, judge) for method, seed in runs]


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="Breakout")
    parser.add_argument("--world", help="a world directory; the bundled one by default")
    parser.add_argument(
        "--contexts",
        help="where dreams begin: a bank that comes with the world, by its name (coming), or a .npz; the game's own "
        "methods begin at the beginning",
    )
    parser.add_argument("--methods", nargs="+", default=list(METHODS[:5]), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--steps", type=int, default=300_000, help="that are dreamt, or played by ppo_steps and ppo_emulated"
    )
    parser.add_argument("--real-frames", type=int, default=160_000, help="that ppo_frames plays")
    parser.add_argument("--max-minutes", type=float, help="of training, after which the next look is the last")
    parser.add_argument("--every", type=int, default=30_000, help="steps of training between two looks")
    parser.add_argument("--episodes", type=int, default=20, help="whole real games at each look")
    parser.add_argument("--final-episodes", type=int, default=100, help="whole real games at the last look")
    parser.add_argument("--max-game-steps", type=int, default=5_000, help="at which a real game is cut off, unfinished")
    parser.add_argument("--num-envs", type=int, default=32)
    parser.add_argument("--n-steps", type=int, default=32, help="of each env between two updates of PPO")
    parser.add_argument("--dream-steps", type=int, default=50, help="after which a dream is cut off")
    parser.add_argument(
        "--lost-after", type=int, default=0, help="frames on end without its ball that end a dream; 0 = none do"
    )
    parser.add_argument("--cut-faded", action="store_true", help="cut a dream off whose ball is gone in mid-flight")
    parser.add_argument(
        "--lost-pays",
        type=float,
        help="reward where --lost-after ends a dream, unless its ball was won; other rewards below 0 become 0",
    )
    parser.add_argument(
        "--lost-chance",
        type=float,
        help="of a lost point, by the world's judge of rewards, from which a dream ends as lost too, whatever is seen",
    )
    parser.add_argument("--denoising-steps", type=int, help="of each dreamt frame; by default what the world says")
    parser.add_argument("--reward-mode", default="sample", choices=["sample", "mode", "mean"])
    parser.add_argument("--end-mode", default="sample", choices=["sample", "mode", "never"])
    parser.add_argument("--frame-stack", type=int, default=4)
    parser.add_argument("--recurrent", action="store_true", help="RecurrentPPO instead of PPO")
    parser.add_argument(
        "--normalize", action="store_true", help="normalise each pixel by its running mean and deviation"
    )
    parser.add_argument("--actor-lr", type=float, help="the actor-critic's; by default 1e-4 for 32 dreams at once")
    parser.add_argument("--actor-steps", type=int, help="its steps of each dream between two updates; by default 15")
    parser.add_argument("--actor-entropy", type=float, help="its weight of the policy's entropy; by default 0.001")
    parser.add_argument(
        "--begin-with",
        help="a PPO's .zip, say OTHER/Pong-ppo_dream-{seed}/agent.zip, to go on from: its network, "
        "normalized or not, its optimizer and its steps, which count among --steps",
    )
    parser.add_argument("--device", default="auto", help="that dreams and learns; auto is CUDA where there is one")
    parser.add_argument("--compile", action="store_true", help="compile the dreams, which the first step waits for")
    parser.add_argument("--emulators", type=int, default=1, help="threads that play the real games of a training")
    parser.add_argument("--judge-later", action="store_true", help="train only; the same command without it judges")
    parser.add_argument(
        "--judge-at",
        nargs="+",
        type=int,
        help="judge only: these looks, by their steps, with --final-episodes games each, wherever training was stopped",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/experiment"))
    given = vars(parser.parse_args(words))
    engine = Engine(given.pop("device"), given.pop("compile"), given.pop("emulators"))
    chosen = {name: given.pop(name) for name in ("methods", "seeds", "out", "judge_at")}
    judge = not given.pop("judge_later")
    main(**chosen, settings=Settings(**given), engine=engine, judge=judge)


if __name__ == "__main__":
    sys.exit(exit_status("examples.ppo_in_the_dream", command, sys.argv[1:]))
