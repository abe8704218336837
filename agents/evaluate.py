"""`python -m agents.evaluate`: what a policy scores in the real game, wherever it was trained."""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from tqdm import tqdm

from agents.real_games import play_games
from agents.scores import has_human_score, human_normalized, published
from agents.statistics import summarize
from gym_diamond.cli import check_seed, exit_status, say
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.envs.atari import FRAME_SKIP, RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.files import make_writable, write_bytes, write_json
from gym_diamond.games import game as find_game

DRAWN = ("random", "human", "DIAMOND")  # the others are in the .json only: their names would hide each other


@dataclass(frozen=True)
class EvaluateConfig:
    """Play whole games of the real thing and score them.

    A policy is a world directory with a policy in it, a .zip of stable-baselines3, python:MODULE:NAME (a function or a
    class of yours, see gym_diamond/collection/own.py), random, sticky, scripted, or any other that `gym-diamond collect
    --policy` knows. Several are runs of one method, each trained with a seed of its
    own: their mean scores are summed up together, in a line and in the picture. Scores are the game's own, unclipped;
    the sum of signs, which is what dreams pay, stands beside them.

      python -m agents.evaluate runs/breakout-agent --game Breakout --out runs/breakout-agent/scores.json
      python -m agents.evaluate runs/ppo-0.zip runs/ppo-1.zip runs/ppo-2.zip --game Pong --out ppo.json
    """

    policies: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="POLICY")]
    """Who plays."""
    game: str
    """Name as in ALE's ids: Breakout, MsPacman, ..."""
    out: Path
    """The .json file to write; a picture of the same name goes beside it."""
    episodes: int = 100
    """Whole games of each policy, all lives."""
    sticky_actions: tuple[float, ...] = (0.0, 0.25)
    """Probabilities that the game ignores a new action for a frame, one after the other: 0 as in the paper, 0.25 as in
    ALE's own -v5 games, where nothing can be learned by heart."""
    num_envs: int = 10
    """Games at a time. Equal seeds and numbers of games at a time give equal scores."""
    seed: int = 0
    """Of games and policies; all policies meet the same."""
    max_frames: int | None = None
    """Emulated frames after which a game is cut off and counts as it stands; None = ALE's own 108,000, half an hour."""
    threads: int = 1
    """CPU threads of the network."""


def main(words: Sequence[str]) -> None:
    """Play as the command line says."""
    from agents.score_figure import draw_scores  # may lack an extra: before anything is played, and as a sentence

    config = tyro.cli(EvaluateConfig, prog="python -m agents.evaluate", args=list(words))
    check(config)
    check_players(config)
    make_writable(config.out.parent)
    torch.set_num_threads(config.threads)
    with tqdm(total=config.episodes * len(config.policies) * len(config.sticky_actions), unit=" games") as bar:
        report = evaluate(config, bar.update)
    others = other_scores(config.game)
    drawn = {name: score for name, score in others.items() if name in DRAWN}
    write_json(config.out, {**report, "published": others})
    several = together(report["runs"])
    write_bytes(config.out.with_suffix(".png"), draw_scores(config.game, [*report["results"], *several], drawn))
    for row in report["results"]:
        say(sentence(row))
    for row in several:
        say(sentence_together(row))
    say(f"all games: {config.out}, {config.out.with_suffix('.png')}")


def check(config: EvaluateConfig) -> None:
    """Nothing, if the numbers are in their ranges and there is someone to play; the rest is found where it is used.

    Raises:
        InvalidArgument: they are not.
        UnknownGame: ALE has no such game.
    """
    find_game(config.game)
    check_seed(config.seed)
    if not config.policies:
        raise InvalidArgument("nobody to play: give a policy, for example a world directory or a .zip.")
    if config.out.suffix != ".json":
        raise InvalidArgument(f"--out {config.out} must be a .json file.")
    for name in ("episodes", "num_envs", "threads", "max_frames"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise InvalidArgument(f"{name} is {value}; it must be at least 1.")
    for sticky in config.sticky_actions:
        if not 0 <= sticky < 1:
            raise InvalidArgument(f"sticky_actions has {sticky:g}; it is a probability, 0 or more and below 1.")


def check_players(config: EvaluateConfig) -> None:
    """Nothing, if all can play: told before the first has played a hundred games.

    Raises:
        InvalidArgument, InvalidWorld, MissingExtra: as `evaluate`.
    """
    with closing(RealAtari(config.game)) as game:
        for policy in config.policies:
            make_policy(policy, atari_info(game), 1)


def evaluate(config: EvaluateConfig, advance: Callable[[int], object] = lambda games: None) -> dict[str, Any]:
    """All games and their statistics, as JSON.

    Raises:
        InvalidArgument: a policy or a number does not fit.
        InvalidWorld: a world directory holds no policy, or it does not fit the game.
        MissingExtra: the emulator, or for a .zip stable-baselines3, is not installed.
    """
    results, runs = [], []
    for sticky in config.sticky_actions:
        rows = [judge(config, policy, sticky, advance) for policy in config.policies]
        results += rows
        means = [row["score"]["mean"]["value"] for row in rows]
        runs.append({"sticky_actions": sticky, "means": means, **scored(config.game, means)})
    settings = {"game": config.game, "episodes": config.episodes, "seed": config.seed, "num_envs": config.num_envs}
    return {**settings, "max_frames": config.max_frames, "results": results, "runs": runs}


def judge(config: EvaluateConfig, policy: str, sticky: float, advance: Callable[[int], object]) -> dict[str, Any]:
    """The games of one policy and what they come to."""
    max_steps = None if config.max_frames is None else max(1, config.max_frames // FRAME_SKIP)
    with closing(RealAtari(config.game, config.num_envs, repeat_action_probability=sticky)) as games:
        player = make_policy(policy, atari_info(games), config.num_envs)
        played = play_games(games, player, config.episodes, config.seed, max_steps, advance)
    return {
        "policy": policy,
        "sticky_actions": sticky,
        **scored(config.game, [game.score for game in played]),
        "signs": summarize([game.signs for game in played]),
        "mean_steps": float(np.mean([game.steps for game in played])),
        "cut_off": sum(not game.whole for game in played),
        "games": [game._asdict() for game in played],
    }


def scored(game: str, scores: Sequence[float]) -> dict[str, Any]:
    """`score` and `human_normalized`, with mean, median and interquartile mean; the latter may be None."""
    normalized = summarize([human_normalized(game, score) for score in scores]) if has_human_score(game) else None
    return {"score": summarize(scores), "human_normalized": normalized}


def bounds(game: str) -> dict[str, float]:
    """The scores of random play and of a human, where Atari-100k has them."""
    known = find_game(game)
    named = {"random": known.random_score, "human": known.human_score}
    return {name: score for name, score in named.items() if score is not None}


def other_scores(game: str) -> dict[str, float]:
    """The mean scores of random play, of a human and of published agents, where `game` has them."""
    return {**bounds(game), **published(game)}


def together(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row of all policies for each of `runs`, with the mean score of each in the place of a game; of one: none."""
    return [
        {**run, "policy": f"all {len(run['means'])} policies", "games": [{"score": mean} for mean in run["means"]]}
        for run in runs
        if len(run["means"]) > 1
    ]


def sentence(row: dict[str, Any]) -> str:
    """One policy in one line."""
    cut = f", {row['cut_off']} cut off" if row["cut_off"] else ""
    return f"{_summary(row)} ({len(row['games'])} games{cut})"


def sentence_together(row: dict[str, Any]) -> str:
    """All policies in one line: what their mean scores come to."""
    return f"{_summary(row)} (of the mean score of each)"


def _summary(row: dict[str, Any]) -> str:
    parts = [f"{name} {_with_interval(row['score'][name])}" for name in ("mean", "iqm", "median")]
    if row["human_normalized"] is not None:
        parts.append(f"human-normalised {row['human_normalized']['mean']['value']:.2f}")
    return f"{row['policy']}, sticky {row['sticky_actions']:g}: {', '.join(parts)}"


def _with_interval(estimate: dict[str, float | None]) -> str:
    if estimate["low"] is None:
        return f"{estimate['value']:.1f}"
    return f"{estimate['value']:.1f} [{estimate['low']:.1f}, {estimate['high']:.1f}]"


if __name__ == "__main__":
    sys.exit(exit_status("agents.evaluate", main, sys.argv[1:]))
