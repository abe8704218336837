"""`gym-diamond evaluate`: measure how far a world can be trusted, and write its dream card."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from tqdm import tqdm

import gym_diamond
from gym_diamond.checkpoint import CARD, METRICS, PROVENANCE, World, load_world
from gym_diamond.cli import find_own_modules, say, without_folders
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.evaluation import metrics, tables
from gym_diamond.evaluation.held_out import load_held_out
from gym_diamond.evaluation.parts import (
    Plan,
    check_comparable,
    choose_hits,
    choose_starts,
    compared,
    emulated,
    hits,
    omissions,
    open_loop,
)
from gym_diamond.evaluation.pictures import pictures
from gym_diamond.evaluation.ranking import enlist, lineup
from gym_diamond.evaluation.report import write_report
from gym_diamond.evaluation.verdict import sentence
from gym_diamond.files import make_writable, read_json
from gym_diamond.fitting.provenance import names_all_episodes
from gym_diamond.hardware import Precision, describe, resolve_device, resolve_precision
from gym_diamond.hub.datasets import fetch_missing


@dataclass(frozen=True)
class EvaluateConfig:
    """Measure how far a world can be trusted, and write its dream card.

    Against held-out play: dreams start inside real episodes and take the actions that were played there; each frame is
    held against the real one, beside a baseline that repeats the last frame. Rewards and ends are judged on real frames
    and in the dreams. For Breakout and Pong the ball is looked for in both, and once more after the paddle hit it.

    Against the emulator, where it is installed: rewards that a dream makes up, whether actions do what they do in the
    game, and whether policies that score higher in the dream do so in the game.

    Writes metrics.json, pictures and a README.md, the card, which opens with a verdict: for how many frames the world
    can be trusted, by which rule.

    The play must be new to the world: episodes that it was fitted to are refused. Collect some with another seed:
      gym-diamond collect Breakout --steps 20000 --seed 1000 --dataset breakout/heldout-v0 --policy random scripted
      gym-diamond evaluate runs/breakout --dataset breakout/heldout-v0

    A quick look, without the emulator, and a comparison with a second fit:
      gym-diamond evaluate runs/breakout --dataset breakout/heldout-v0 --moments 0 --ranking-starts 0
      gym-diamond evaluate runs/breakout --dataset breakout/heldout-v0 --compare runs/breakout-seed1
    """

    world: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="WORLD")]
    """Directory of the world, as `gym-diamond fit` writes it."""

    dataset: str
    """Minari dataset of held-out play of the same game, looked at as in the fit (image key, resize)."""

    download: tyro.conf.FlagCreatePairsOff[bool] = False
    """Fetch the dataset, if it is not here, from where Minari keeps public ones (https://minari.farama.org)."""

    out: Path | None = None
    """Where the results are written; by default into the world."""

    compare: tuple[Path, ...] = ()
    """Other fits of the recipe (other seeds), measured from the same starts: how much is luck."""

    policy: tuple[str, ...] = ()
    """Policies to rank, at least 3, as `gym-diamond collect` names them: random, sticky, scripted@0.2, a
    stable-baselines3 .zip, ... By default a ladder of scripted players where there are some."""

    num_starts: int = 64
    """Dreams with all of the horizon to come: half begin anywhere, a quarter at the beginning of an episode, a quarter
    just before a reward. A quarter as many more begin just before an end. The policies that played take turns."""

    horizon: int = 50
    """Frames each dream lasts (15 a second in Atari)."""

    min_episode_steps: int = 80
    """Dreams start only in episodes of at least this many steps."""

    hits: int = 96
    """Hits of the ball by the agent's paddle, in Breakout and Pong, shortly before which more dreams begin; 0 leaves
    them out."""

    moments: int = 64
    """Moments of real games from which made-up rewards and controllability are measured; 0 leaves both out."""

    ranking_starts: int = 64
    """Moments of real games at which each policy takes over; 0 leaves the ranking out."""

    seed: int = 0
    """Of starts, games and noise. Equal seeds give equal results on equal hardware and precision."""

    num_denoising_steps: int | None = None
    """Steps in which a frame is sampled; by default the world's own."""

    device: str = "cpu"
    """cpu, cuda, cuda:1, or auto."""

    precision: Precision = "auto"
    """What is computed in: bf16, fp32, or auto for bf16 where the hardware has it."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond evaluate`."""
    config = tyro.cli(EvaluateConfig, prog="gym-diamond evaluate", args=argv)
    check_numbers(config)
    find_own_modules()
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    world, *others = [load(directory, config, device, precision) for directory in (config.world, *config.compare)]
    spec = world.model.spec
    if config.download:
        fetch_missing([config.dataset], say)
    episodes = load_held_out(config.dataset, spec, world.provenance)
    for other in others:
        check_comparable(other, world, config.dataset, episodes)
    plan = Plan(
        horizon=config.horizon,
        min_episode_steps=config.min_episode_steps,
        hits=config.hits,
        moments=config.moments,
        ranking_starts=config.ranking_starts,
        seed=config.seed,
    )
    starts = choose_starts(world, episodes, config.num_starts, plan)
    hit = choose_hits(world, episodes, plan, bar)
    left_out = omissions(spec, plan, hit, config.dataset, others)
    policies = [] if "ranking" in left_out else enlist(config.policy or lineup(spec), spec, config.ranking_starts)
    out = config.out or config.world
    check_readme(out, config.world)
    make_writable(out)

    dreams = open_loop(world, episodes, starts, plan, bar)
    values = {
        **about(argv, config, world, precision),
        "held_out": metrics.held_out(config.dataset, episodes, checked=names_all_episodes(world.provenance)),
        **dreams.sections,
        **hits(world, episodes, hit, plan, bar),
        **emulated(world, policies, plan, left_out, bar),
        **compared(world, dreams, others, episodes, starts, plan, bar),
        "not_measured": left_out,
    }
    figures = pictures(dreams, values)
    check_is_still(world, config.world)
    write_report(out, config.world, values, figures)
    say(f"\n{tables.verdict_table(values)}\n\n{sentence(values)}\n\nThe card, with all numbers: {out / CARD}")
    return 0


def check_numbers(config: EvaluateConfig) -> None:
    """Nothing, if no count is negative.

    Raises:
        InvalidArgument: one is.
    """
    for option in ("seed", "hits", "moments", "ranking_starts"):
        if (value := getattr(config, option)) < 0:
            raise InvalidArgument(f"--{option.replace('_', '-')} is {value}; it must be at least 0.")


def load(directory: Path, config: EvaluateConfig, device: torch.device, precision: str) -> World:
    """The world in `directory`, which never ends a dream and gives the likeliest reward."""
    sampling: dict[str, object] = {"end_mode": "never", "reward_mode": "mode"}
    if config.num_denoising_steps is not None:
        sampling["num_denoising_steps"] = config.num_denoising_steps
    return load_world(directory, device=device, precision=precision, sampling=sampling)


def check_is_still(world: World, directory: Path) -> None:
    """Nothing, if the weights in `directory` are those of `world`: their numbers are written beside them.

    Raises:
        InvalidWorld: a fit has written others there meanwhile.
    """
    if read_json(directory / PROVENANCE, InvalidWorld) != world.provenance:
        raise InvalidWorld(
            f"{directory} was fitted further while it was measured, so these numbers are not of what is there now, and "
            "are not written. Measure it again when its fit is over, or a copy of it."
        )


def about(argv: Sequence[str], config: EvaluateConfig, world: World, precision: str) -> dict[str, Any]:
    """How, when and on what machine the numbers were made."""
    model: Any = world.model
    return {
        "game": model.spec.game,
        "fps": model.spec.fps,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["gym-diamond", "evaluate", *without_folders(argv, paths_of(config))]),
        "version": gym_diamond.__version__,
        "torch": torch.__version__,
        "seed": config.seed,
        "fitted_steps": world.provenance.get("steps"),
        "num_denoising_steps": model.sampling.num_denoising_steps,
        "precision": precision,
        "compiled": False,
        "hardware": describe(model.device),
    }


def paths_of(config: EvaluateConfig) -> list[Path]:
    """The folders and files that were given."""
    given = (config.world, config.out, *config.compare, *map(Path, config.policy))
    return [path for path in given if path is not None]


def check_readme(out: Path, world: Path) -> None:
    """Nothing, if the card may be written into `out`.

    Raises:
        InvalidArgument: there is a README.md, neither of this world nor of another evaluation.
    """
    if out.resolve() != world.resolve() and (out / CARD).exists() and not (out / METRICS).exists():
        raise InvalidArgument(
            f"--out {out} holds a {CARD} that is not of an evaluation, and the card has that name too. Choose another "
            "folder, for example one that does not exist yet."
        )


@contextmanager
def bar(title: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """A progress bar, as the function that it is told with what was done."""
    with tqdm(total=total, desc=title, unit=f" {unit}") as shown:
        yield shown.update
