"""`python -m agents.imagine`: train the reference's actor-critic in the dreams of a world, and keep it in the world.

REINFORCE with a learned baseline on lambda-returns, with a CNN-LSTM and an entropy bonus. From below: `policy` is the
network, `rollout` its play in dreams, `returns` and `actor_critic_loss` what it learns from that, `actor_learner` an
update, `imagination` the loop, `imagine_run` the folder of a run, and this file the command.
"""

import os

# Before torch is loaded: its threads would spin while they wait, and slow down whatever else runs on the machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import torch
import tyro

from agents import imagine_run
from agents.actor_learner import ActorLearner, make_learner
from agents.display import Display
from agents.imagination import imagine
from agents.imagine_config import ImagineConfig, check_can_resume, check_is_complete
from agents.imagine_run import Position
from agents.looking import look
from agents.playing import Play
from agents.policy import make_policy, save_policy
from agents.rollout import first_memory
from gym_diamond.cli import exit_status, say
from gym_diamond.envs.atari import RealAtari
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.loading import load_dream
from gym_diamond.errors import MissingExtra
from gym_diamond.fitting.learner import stream_seed
from gym_diamond.fitting.run import alone_in
from gym_diamond.games import GAMES
from gym_diamond.hub import find_world
from gym_diamond.world_models.protocol import WorldSpec


@dataclass(frozen=True)
class Arguments:
    """Train the reference's actor-critic in the dreams of a world.

    Writes a world directory with the policy in it, which `python -m agents.evaluate OUT --game GAME` judges in the real
    game and `gym-diamond collect GAME --policy OUT` plays for new data. OUT may be the world's own directory.

      python -m agents.imagine --game Breakout --out runs/breakout-agent --steps 300000
      python -m agents.imagine --world runs/breakout --out runs/breakout --max-minutes 60 --num-dreams 64
      python -m agents.imagine --out runs/breakout-agent --resume --steps 600000
    """

    out: Path
    """Where the world with its policy, and the run, are written."""
    resume: tyro.conf.FlagCreatePairsOff[bool] = False
    """Go on with the run in --out exactly where its last checkpoint stands."""
    config: Annotated[ImagineConfig, tyro.conf.arg(name="")] = field(default_factory=ImagineConfig)


def main(words: Sequence[str]) -> None:
    """Train as the command line says."""
    out, resume, config = parse(words)
    check_is_complete(config)
    world = out if resume else find_world(config.dream.world, config.dream.game)  # a run keeps a copy of its world
    if not resume:
        imagine_run.check_is_free(out, world)
    with alone_in(out):
        train(out, resume, config, world)


def train(out: Path, resume: bool, config: ImagineConfig, world: Path) -> None:
    """Train in `world`, while nobody else writes into `out`."""
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    contexts = imagine_run.contexts_of(out, config) if resume else config.dream.contexts
    arguments = replace(config.dream, world=str(world), contexts=contexts)
    loaded = load_dream(arguments, config.num_dreams, max_episode_steps=config.dream_steps, autoreset_mode="SameStep")
    learner, play = make_start(loaded.dream, config)
    play, start = imagine_run.load(out, learner, play) if resume else (play, Position())
    games = real_games(config, loaded.dream.world.spec)  # may lack an extra: before anything is written
    imagine_run.begin(out, config, world)
    say(f"{config.num_dreams} dreams of {loaded.dream.world.spec.game}: {loaded.values}")
    session = Session(out, config, learner, games, start)
    try:
        if start.updates == 0:
            session.checkpoint(play, start)  # from here on, whatever happens leaves a policy that plays
        else:
            save_policy(out, learner.policy)  # the last save may have been broken off just after its checkpoint
        end = imagine(learner, play, config, start, session)
    finally:
        session.close()
    say(f"{end.updates:,} updates on {end.updates * config.steps_per_update:,} dreamt steps; the policy is in {out}")


def parse(words: Sequence[str]) -> tuple[Path, bool, ImagineConfig]:
    """--out, --resume and the config: the command line's over the resumed run's or the default."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--resume", action="store_true")
    early.add_argument("--out")
    known, _ = early.parse_known_args(words)
    saved = imagine_run.read_config(Path(known.out)) if known.resume and known.out else ImagineConfig()
    default = Arguments(out=tyro.MISSING, config=saved)
    arguments = tyro.cli(Arguments, default=default, args=list(words), prog="python -m agents.imagine")
    if arguments.resume:
        check_can_resume(saved, arguments.config)
    return arguments.out, arguments.resume, arguments.config


def make_start(dream: Dream, config: ImagineConfig) -> tuple[ActorLearner, Play]:
    """A learner that has not learned yet, and its dreams at their beginning."""
    device = dream.world.device
    policy = make_policy(dream.world.spec, config.channels, config.lstm_dim, config.seed, config.normalize).to(device)
    dream.reset(seed=stream_seed(config.seed, "dreams", 0))  # s + i is row i's: neighbouring seeds would share dreams
    generator = torch.Generator(device).manual_seed(config.seed)
    return make_learner(policy, config.adam), Play(dream, first_memory(dream, policy), generator)


class Session:
    """The loop's hooks: a bar at the terminal, TensorBoard where it is installed, the real game, the run's folder."""

    def __init__(
        self, out: Path, config: ImagineConfig, learner: ActorLearner, games: RealAtari | None, start: Position
    ) -> None:
        self.out = out
        self.config = config
        self.learner = learner
        self.games = games
        self.display = Display("imagine", out / "imagine" / "tensorboard", start.progress(config))
        self.real = ""  # the last score, in words

    def report(self, position: Position, values: Mapping[str, float]) -> None:
        dreamt = f"dream {values['dream_return']:+.2f}" if "dream_return" in values else "no dream over"
        entropy, speed = f"entropy {values['entropy']:.2f}", f"{values['steps_per_second']:,.0f} steps/s"
        parts = [f"update {position.updates:,}", dreamt, *([self.real] if self.real else []), entropy, speed]
        self.display.show(parts, values["progress"])
        self._tell(position, values)

    def look_at_reality(self, position: Position) -> None:
        if self.games is None:
            return
        config = self.config
        values = look(self.games, self.learner.policy, config.real_games, position.updates, config.real_max_steps)
        self.real = f"real {values['real_score']:.1f}"
        self._tell(position, values)

    def checkpoint(self, play: Play, position: Position) -> None:
        imagine_run.save(self.out, self.learner, play, position)

    def close(self) -> None:
        """Let the bar and TensorBoard write what is left."""
        self.display.close()
        if self.games is not None:
            self.games.close()

    def _tell(self, position: Position, values: Mapping[str, float]) -> None:
        self.display.tell(position.updates * self.config.steps_per_update, values)


def real_games(config: ImagineConfig, spec: WorldSpec) -> RealAtari | None:
    """The real game that is looked at; None if none is to be, or ALE has none of this name and these frames.

    Raises:
        MissingExtra: the emulator is not installed.
    """
    if config.real_every == 0 or spec.game not in GAMES or (spec.height, spec.width, spec.channels) != (64, 64, 3):
        return None
    try:
        return RealAtari(spec.game, config.real_games)
    except MissingExtra as error:
        raise MissingExtra(f"{error} Or leave the real game out: --real-every 0.") from error


if __name__ == "__main__":
    sys.exit(exit_status("agents.imagine", main, sys.argv[1:]))
