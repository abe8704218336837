"""`gym-diamond evaluate`: measure how long a world stays true to held-out real play."""

import errno
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from tqdm import tqdm

import gym_diamond
from gym_diamond.checkpoint import CARD, World, load_world
from gym_diamond.cli import say
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument
from gym_diamond.evaluation import card, metrics
from gym_diamond.evaluation.figures.strips import draw_strips
from gym_diamond.evaluation.held_out import load_held_out
from gym_diamond.evaluation.judging import judge_episode
from gym_diamond.evaluation.rollout import Rollout, rollouts
from gym_diamond.evaluation.starts import Start, pick_starts
from gym_diamond.files import replacing, write_json, write_text
from gym_diamond.hardware import Precision, describe, resolve_device, resolve_precision

METRICS, STRIPS = "metrics.json", "strips.png"


@dataclass(frozen=True)
class EvaluateConfig:
    """Measure how long a world stays true to held-out real play.

    Dreams start inside real episodes and take the actions that were played there; each frame is held against the real
    one: PSNR, SSIM, error, and how much of what moves is right, beside a baseline that repeats the last frame. Rewards
    and ends are judged on real frames and in the dreams. Writes metrics.json, strips.png (real, dreamt, difference)
    and, where these stand in the world itself, the section "Measured" of its README.md.

    The play must be new to the world: episodes that it was fitted to are refused. Collect some with another seed:
      gym-diamond collect Breakout --steps 20000 --seed 1000 --dataset breakout/heldout-v0 --policy random scripted
      gym-diamond evaluate runs/breakout --dataset breakout/heldout-v0
    """

    world: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="WORLD")]
    """Directory of the world, as `gym-diamond fit` writes it."""

    dataset: str
    """Minari dataset of held-out play of the same game and frame size."""

    out: Path | None = None
    """Where the results are written; by default into the world."""

    num_starts: int = 64
    """Dreams with all of the horizon to come: half begin anywhere, a quarter at the beginning of an episode, a quarter
    just before a reward. A quarter as many more begin just before an end. The policies that played take turns."""

    horizon: int = 50
    """Frames each dream lasts (15 a second in Atari)."""

    min_episode_steps: int = 80
    """Dreams start only in episodes of at least this many steps."""

    seed: int = 0
    """Of starts and noise. Equal seeds give equal results on equal hardware and precision."""

    num_denoising_steps: int | None = None
    """Steps in which a frame is sampled; by default the world's own."""

    device: str = "cpu"
    """cpu, cuda, cuda:1, or auto."""

    precision: Precision = "auto"
    """What is computed in: bf16, fp32, or auto for bf16 where the hardware has it."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond evaluate`."""
    config = tyro.cli(EvaluateConfig, prog="gym-diamond evaluate", args=argv)
    if config.seed < 0:
        raise InvalidArgument(f"--seed is {config.seed}; it must be at least 0.")
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    out = config.out or config.world
    world = load_world(config.world, device=device, precision=precision, sampling=_sampling(config))
    episodes = load_held_out(config.dataset, world.model.spec, world.provenance)
    rng, context = np.random.default_rng(config.seed), world.contexts.frames.shape[1]
    starts = pick_starts(episodes, config.num_starts, context, config.horizon, config.min_episode_steps, rng)
    _make_writable(out)  # before a minute of work, not after

    dreams = _dream(config, world, episodes, starts)
    judged = [judge_episode(world.model, episode) for episode in tqdm(episodes, desc="judge", unit=" episodes")]
    values = {
        **_about(argv, config, world, precision),
        "held_out": metrics.held_out(config.dataset, episodes, checked="episodes" in world.provenance),
        "drift": metrics.drift(dreams, episodes, config.min_episode_steps),
        "reward_end": metrics.reward_end(judged, dreams, world.model.spec.reward_values, rng),
        "speed": metrics.speed(dreams),
    }
    _write(out, values, dreams, into_world=out.resolve() == config.world.resolve())
    say(f"\n{card.drift_table(values['drift'])}\n\n{card.reward_end_table(values['reward_end'])}\n")
    speed = values["speed"]
    say(f"{speed['env_steps_per_second']:.0f} env-steps/s with {speed['rows']} dreams at a time, {precision}, {device}")
    say(f"All numbers, with n: {out / METRICS}; to look at: {out / STRIPS}")
    return 0


def _sampling(config: EvaluateConfig) -> dict[str, object]:
    fixed: dict[str, object] = {"end_mode": "never", "reward_mode": "mode"}
    if config.num_denoising_steps is None:
        return fixed
    return {**fixed, "num_denoising_steps": config.num_denoising_steps}


def _about(argv: Sequence[str], config: EvaluateConfig, world: World, precision: str) -> dict[str, Any]:
    """How, when and on what machine the numbers were made."""
    model: Any = world.model
    return {
        "game": model.spec.game,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(argv, config),
        "version": gym_diamond.__version__,
        "torch": torch.__version__,
        "seed": config.seed,
        "fitted_steps": world.provenance.get("steps"),
        "num_denoising_steps": model.sampling.num_denoising_steps,
        "precision": precision,
        "hardware": describe(model.device),
    }


def _make_writable(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(out))


def _dream(config: EvaluateConfig, world: World, episodes: Sequence[Episode], starts: Sequence[Start]) -> list[Rollout]:
    context = world.contexts.frames.shape[1]
    with tqdm(total=len(starts) * config.horizon, desc="dream", unit=" frames") as bar:
        return list(rollouts(world.model, episodes, starts, context, config.horizon, config.seed, bar.update))


def _command(argv: Sequence[str], config: EvaluateConfig) -> str:
    """What was typed, with folders by their last name only."""
    folders = {str(path): path.resolve().name for path in (config.world, config.out) if path is not None}
    words = [part for word in argv for part in (word.split("=", 1) if word.startswith("--") else [word])]
    return shlex.join(["gym-diamond", "evaluate", *(folders.get(str(Path(word)), word) for word in words)])


def _write(out: Path, values: dict[str, Any], dreams: Sequence[Rollout], *, into_world: bool) -> None:
    write_json(out / METRICS, values)
    with replacing(out / STRIPS) as temporary:
        draw_strips(dreams).save(temporary)
    if into_world:
        before = (out / CARD).read_text(encoding="utf-8") if (out / CARD).exists() else ""
        write_text(out / CARD, card.with_measurements(before, values))
