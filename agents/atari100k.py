"""`python -m agents.atari100k`: the whole of DIAMOND's Atari-100k, from the first step in the real game to the score.

An agent plays the real game for a while, a world model is fitted to what it saw, the agent learns in that world's
dreams and plays on: 100 steps and 400 updates of each network an epoch, a thousand epochs. From below: `seeded_games`
are real games that can be brought back, `collector` the agent's steps in them, `replay` what was played, `budget` what
comes next, `atari100k_parts` all that a run works on, `atari100k_loop` the loop, `atari100k_run` the folder of a run,
and this file the command.
"""

import os

# Before torch is loaded: its threads would spin while they wait, and slow down whatever else runs on the machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import torch
import tyro
from tqdm import tqdm

from agents import atari100k_run
from agents.atari100k_config import FREE, Atari100kConfig, check_is_complete, started
from agents.atari100k_loop import Moment, learn, num_updates
from agents.atari100k_parts import Parts, make_parts
from agents.atari100k_run import Origin
from agents.budget import Position
from agents.display import Display
from agents.evaluate import EvaluateConfig, evaluate, other_scores, sentence
from agents.held_out import held_out_losses
from agents.looking import look
from agents.policy import save_policy
from agents.resuming import check_unchanged
from gym_diamond.cli import exit_status, say, without_folders
from gym_diamond.envs.atari import RealAtari
from gym_diamond.files import write_json
from gym_diamond.fitting.run import alone_in
from gym_diamond.hardware import check_can_compile, resolve_device, resolve_precision

PROGRAM = "python -m agents.atari100k"
SCORES = "scores.json"


@dataclass(frozen=True)
class Arguments:
    """Learn an Atari game from 100,000 steps of it, in the dreams of a world model that is learned as well.

    OUT becomes a world directory with a policy; scores.json there holds its 100 real games at the end. The default is
    the paper's run, for a GPU; a smaller --scale and --preset make one that a laptop brings to its end.

      python -m agents.atari100k --game Breakout --out runs/breakout
      python -m agents.atari100k --game Breakout --scale 0.01 --preset small --out runs/small
      python -m agents.atari100k --out runs/breakout --resume
      python -m agents.atari100k --game Pong --model-free --out runs/pong-real
      python -m agents.atari100k --game Pong --static-dataset pong/mixed-v0 --out runs/pong-given
    """

    out: Path
    """Where the world, the policy, the scores and the run are written."""
    resume: tyro.conf.FlagCreatePairsOff[bool] = False
    """Go on with the run in --out exactly where its last checkpoint stands."""
    config: Annotated[Atari100kConfig, tyro.conf.arg(name="")] = field(default_factory=Atari100kConfig)


def main(words: Sequence[str]) -> None:
    """Learn as the command line says."""
    out, resume, config = parse(words)
    if not resume:
        atari100k_run.check_is_free(out)
    with alone_in(out):
        learn_all(out, resume, config, words)


def learn_all(out: Path, resume: bool, config: Atari100kConfig, words: Sequence[str]) -> None:
    """Learn, and judge what was learned, while nobody else writes into `out`."""
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    if config.compile:
        check_can_compile(device)
    goes_on = resume and (out / atari100k_run.CHECKPOINT).exists()
    ancestry = atari100k_run.ancestry(out, config)
    parts = make_parts(started(config) if goes_on else config, out / atari100k_run.REPLAY, device, precision)
    start = atari100k_run.load(out, parts, config) if resume else Moment(Position(), None)
    atari100k_run.begin(out, config)
    worlds = [Path(optim.start_from) for optim in (config.denoiser, config.reward_end) if optim.start_from]
    command = without_folders((*PROGRAM.split(), *words), [out, *worlds])
    session = Session(out, config, parts, start.position, Origin(command, precision, ancestry))
    say(f"{config.game}, {config.mode}, preset {config.preset}; {device}, {precision}")
    try:
        if goes_on:
            session.mend(start.position)
        end = learn(parts, config, start, session)
    finally:
        session.close()
    say(f"{end.epoch:,} epochs and {num_updates(end):,} updates in {end.elapsed / 60:.1f} minutes; they are in {out}")
    if config.final_games and not (out / SCORES).exists():
        judge(out, config)


def parse(words: Sequence[str]) -> tuple[Path, bool, Atari100kConfig]:
    """--out, --resume and the config: the command line's over the resumed run's or the default."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--resume", action="store_true")
    early.add_argument("--out")
    known, _ = early.parse_known_args(words)
    saved = atari100k_run.read_config(Path(known.out)) if known.resume and known.out else Atari100kConfig()
    default = Arguments(out=tyro.MISSING, config=saved)
    arguments = tyro.cli(Arguments, default=default, args=list(words), prog=PROGRAM)
    config = check_is_complete(arguments.config)
    if arguments.resume:
        check_unchanged(saved, config, FREE)
    return arguments.out, arguments.resume, config


def judge(out: Path, config: Atari100kConfig) -> None:
    """Write what the policy in `out` scores in whole real games, as in the paper without sticky actions."""
    settings = EvaluateConfig(
        policies=(str(out),),
        game=str(config.game),
        out=out / SCORES,
        episodes=config.final_games,
        sticky_actions=(0.0,),
        seed=config.seed,
        num_envs=min(10, config.final_games),
        max_frames=config.final_max_frames,
    )
    with tqdm(total=config.final_games, desc="final games", unit=" games") as bar:
        report = evaluate(settings, bar.update)
    write_json(settings.out, {**report, "published": other_scores(settings.game)})
    say(f"{sentence(report['results'][0])}; all games: {settings.out}")


class Session:
    """The loop's hooks: a bar at the terminal, TensorBoard where it is installed, the real game, the run's folder."""

    def __init__(
        self,
        out: Path,
        config: Atari100kConfig,
        parts: Parts,
        start: Position,
        origin: Origin,
    ) -> None:
        self.out, self.config, self.parts = out, config, parts
        self.origin = origin
        self.games = RealAtari(str(config.game), config.test_games) if config.test_every else None
        self.display = Display("atari100k", out / atari100k_run.FOLDER / "tensorboard", config.schedule.progress(start))
        self.real = ""  # the last score, in words

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        losses = [f"{key.removesuffix('/loss')} {value:.3f}" for key, value in values.items() if key.endswith("/loss")]
        steps = position.actor * self.config.schedule.steps_per_update if self.parts.rows else self.parts.num_steps
        parts = [f"{position.epoch:,} epochs, {steps:,} real steps", *losses, *([self.real] if self.real else [])]
        self.display.show(
            [*parts, f"{values['updates_per_second']:.1f} updates/s"], self.config.schedule.progress(position)
        )
        self._tell(position, {**values, "real_steps": steps, "epoch": position.epoch})

    def test(self, position: Position) -> None:
        if self.games is None:
            return
        config, policy, seed = self.config, self.parts.actor.policy, position.epoch
        values = look(self.games, policy, config.test_games, seed, config.test_max_steps)
        self.real = f"real {values['real_score']:.1f}"
        if self.parts.world is not None and config.test_steps:
            learners = self.parts.world.learners
            precision = self.origin.precision
            values |= held_out_losses(learners, self.games, policy, config.test_steps, seed, precision)
        self._tell(position, values)

    def checkpoint(self, now: Moment) -> None:
        atari100k_run.save(self.out, self.parts, now)
        save_policy(self.out, self.parts.actor.policy)
        self._save_as_world(now.position)

    def mend(self, position: Position) -> None:
        """Write what the last save did not come to, if it was broken off just after its checkpoint."""
        save_policy(self.out, self.parts.actor.policy)
        if not atari100k_run.has_world_of(self.out, self.config, position):
            self._save_as_world(position)

    def _save_as_world(self, position: Position) -> None:
        if self.parts.world is not None:
            atari100k_run.save_as_world(self.out, self.parts.world, self.config, position, self.origin)

    def close(self) -> None:
        """Let the bar and TensorBoard write what is left."""
        self.display.close()
        if self.games is not None:
            self.games.close()

    def _tell(self, position: Position, values: Mapping[str, float]) -> None:
        self.display.tell(num_updates(position), values)


if __name__ == "__main__":
    sys.exit(exit_status("agents.atari100k", main, sys.argv[1:]))
