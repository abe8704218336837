"""What an experiment of examples.ppo_in_the_dream has found so far: a table and its curves.

Runs that are still going on stand with their last look. From a checkout:

    python -m examples.experiment_report runs/experiment

writes FOLDER/GAME.md and FOLDER/GAME.png for each game of which there are runs.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.statistics import Estimate
from examples.ppo_in_the_dream import METHODS
from gym_diamond.cli import exit_status
from gym_diamond.errors import InvalidRun
from gym_diamond.evaluation.estimate import NUM_RESAMPLES, interval
from gym_diamond.evaluation.figures.canvas import BAR, COPY, DREAM, INK, panels, picture, png
from gym_diamond.files import read_json, replacing

COLOURS = dict(zip(METHODS, (COPY, DREAM, BAR, "#2a7f4f", "#7a4fa3", "#b8860b", "#c0508a"), strict=True))

Run = Mapping[str, Any]  # as ppo_in_the_dream writes it


def read_runs(folder: Path) -> dict[str, list[Run]]:
    """Game to its runs that have been judged, with the looks that were, by method and seed.

    Raises:
        InvalidRun: there is none, or a file is no run.
    """
    runs: dict[str, list[Run]] = {}
    for path in sorted(folder.glob("*-*-*.json")):
        run = read_json(path, InvalidRun)
        if not {"method", "seed", "settings", "looks", "done"} <= run.keys():
            raise InvalidRun(f"{path} is no run of examples.ppo_in_the_dream; move it out of {folder}.")
        looks = [look for look in run["looks"] if "score" in look]  # judged, not only trained
        if looks:
            runs.setdefault(run["settings"]["game"], []).append({**run, "looks": looks})
    if not runs:
        raise InvalidRun(f"{folder} holds no run that has been looked at; examples.ppo_in_the_dream writes them there.")
    return {game: sorted(of, key=lambda run: (METHODS.index(run["method"]), run["seed"])) for game, of in runs.items()}


def last_look(run: Run) -> Mapping[str, Any]:
    """The judgement that counts: the final one if the run is done, else that of its last look."""
    return run["final"] if run["done"] else run["looks"][-1]


def mean_over_runs(values: Sequence[np.ndarray]) -> Estimate:
    """The mean over runs of the means of `values`, one `(games,)` for each, with its 95% interval.

    Runs are drawn anew and, of each run that was drawn, games: seeds differ more than chance in the games does. Of a
    single run only games are, which says nothing of other seeds.
    """
    rng = np.random.default_rng(0)
    drawn = np.empty((NUM_RESAMPLES, len(values)))
    for place in range(len(values)):
        which = rng.integers(len(values), size=NUM_RESAMPLES)
        for run, games in enumerate(values):
            rows = which == run
            drawn[rows, place] = games[rng.integers(len(games), size=(rows.sum(), len(games)))].mean(axis=1)
    low, high = interval(drawn.mean(axis=1))
    return {"value": float(np.mean([games.mean() for games in values])), "low": low, "high": high}


def table(runs: Sequence[Run]) -> str:
    """A Markdown table with a row for each method of one game's `runs`."""
    lines = [
        "| method | seeds | games each | steps | real steps behind it | minutes | score | sum of signs | gap a step |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for method in METHODS:
        of = [run for run in runs if run["method"] == method]
        if not of:
            continue
        looks = [last_look(run) for run in of]
        score, signs = (
            mean_over_runs([np.array([game[what] for game in look["games"]], float) for look in looks])
            for what in ("score", "signs")
        )
        steps, minutes = (np.mean([look[what] for look in looks]) for what in ("steps", "seconds"))
        real = of[0]["settings"]["real_frames"] if method in ("ppo_dream", "ppo_device", "actor_critic") else steps
        gaps = [look["exploitation_gap"] for look in looks if look["exploitation_gap"] is not None]
        lines.append(
            f"| {method}{'' if all(run['done'] for run in of) else ' (so far)'} | {len(of)} | {len(looks[0]['games'])} "
            f"| {steps:,.0f} | {real:,.0f} | {minutes / 60:.0f} | {shown(score)} | {shown(signs)} "
            f"| {f'{np.mean(gaps):+.3f}' if gaps else '-'} |"
        )
    return "\n".join(lines) + "\n"


def shown(estimate: Estimate) -> str:
    """A number with its interval, for people."""
    return f"{estimate['value']:.1f} [{estimate['low']:.1f}, {estimate['high']:.1f}]"


def curves(game: str, runs: Sequence[Run]) -> bytes:
    """A PNG: the real score over steps and over time of training, and the exploitation gap over steps."""
    figure, axes = panels(1, 3, 13.0, 3.8)
    by_steps, by_time, gaps = axes[0]
    for run in runs:
        looks, colour = run["looks"], COLOURS[run["method"]]
        scores = [look["score"]["mean"]["value"] for look in looks]
        gap = [
            (look["steps"] / 1_000, look["exploitation_gap"]) for look in looks if look["exploitation_gap"] is not None
        ]
        if run["method"] == "random":
            for plot, height in ((by_steps, scores[0]), (by_time, scores[0]), (gaps, gap[0][1])):
                plot.axhline(height, color=colour, linestyle="--", linewidth=1, label=first_of("random", run, runs))
        else:
            name = first_of(run["method"], run, runs)
            by_steps.plot(
                [look["steps"] / 1_000 for look in looks], scores, ".-", color=colour, linewidth=1.3, label=name
            )
            by_time.plot([look["seconds"] / 60 for look in looks], scores, ".-", color=colour, linewidth=1.3)
            gaps.plot([steps for steps, _ in gap], [paid for _, paid in gap], ".-", color=colour, linewidth=1.3)
    by_steps.set_xlabel("thousand steps of training", fontsize=9, color=INK)
    by_time.set_xlabel("minutes of training", fontsize=9, color=INK)
    gaps.set_xlabel("thousand steps of training", fontsize=9, color=INK)
    by_steps.set_ylabel(f"score in whole games of {game}", fontsize=9, color=INK)
    gaps.set_ylabel("paid a step in training - in the game", fontsize=9, color=INK)
    by_steps.legend(fontsize=8, frameon=False)
    return png(picture(figure))


def first_of(method: str, run: Run, runs: Sequence[Run]) -> str | None:
    """The method's name for the legend, once."""
    return method if run is next(other for other in runs if other["method"] == method) else None


def main(folder: Path) -> None:
    """Writes and prints what has been found."""
    for game, runs in read_runs(folder).items():
        for name, content in ((f"{game}.md", table(runs).encode()), (f"{game}.png", curves(game, runs))):
            with replacing(folder / name) as temporary:
                temporary.write_bytes(content)
        print(f"{game}, of {len(runs)} runs; curves in {folder / f'{game}.png'}:\n\n{table(runs)}")


def command(words: list[str]) -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where examples.ppo_in_the_dream writes, its --out")
    main(parser.parse_args(words).folder)


if __name__ == "__main__":
    sys.exit(exit_status("examples.experiment_report", command, sys.argv[1:]))
