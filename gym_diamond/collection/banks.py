"""Start states of real play, collected on their own: what a world needs whose weights came without any.

`python -m gym_diamond.collection.banks` makes those that come with the package, one file for each game that the
authors of DIAMOND released weights for. They are cut from aimless and scripted play, because that is all one has
before there is a policy; `gym-diamond pull GAME --contexts N` collects more with the released policy.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gym_diamond.collection.play import play
from gym_diamond.collection.roster import atari_info, make_policy
from gym_diamond.collection.scripted import COURTS
from gym_diamond.data.contexts import ContextBank, cut
from gym_diamond.envs.atari import RealAtari
from gym_diamond.errors import InvalidArgument
from gym_diamond.games import ATARI_100K
from gym_diamond.hub.bundled import BUNDLED_CONTEXTS, CONTEXT_LENGTH

NUM_CONTEXTS = 64  # of a bundled bank
NUM_STEPS = 6_000  # played for it
NUM_ENVS = 8
SEED = 20_000_003  # far from those of datasets: a bundled start is part of no dataset by accident
AIMLESS = {"random": 1.0, "sticky": 2.0}
SCRIPTED = {"scripted": 2.0}


def collect_bank(
    game: str,
    shares: dict[str, float],
    num: int,
    num_steps: int,
    seed: int,
    proceed: Callable[[int], bool],
    *,
    length: int = CONTEXT_LENGTH,
    num_envs: int = NUM_ENVS,
) -> ContextBank:
    """N moments of real play, a quarter of them beginnings and a quarter just before a reward.

    Args:
        game: "Asterix".
        shares: the names of the policies that play, as `make_policy` knows them, and their shares of the steps.
        num: N.
        num_steps: to play; the more there are for each context, the more they differ.
        seed: of games, policies and the choice of moments.
        proceed: is called with the number of steps after each; play ends early when it returns False.
        length: T frames of each context.
        num_envs: games at a time.

    Raises:
        MissingExtra: the emulator is not installed.
        InvalidDataset: play was stopped before anything was seen.
    """
    if num < 1:
        raise InvalidArgument(f"{num} contexts were asked for; it must be at least 1.")
    env = RealAtari(game, num_envs)
    policies = [make_policy(name, atari_info(env), num_envs) for name in shares]
    episodes = list(play(env, policies, list(shares.values()), num_steps, seed, proceed))
    return cut(episodes, num, length, np.random.default_rng(seed))


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the bank of each named game; 20 seconds a game on one core."""
    parser = argparse.ArgumentParser(prog="python -m gym_diamond.collection.banks", description=__doc__)
    parser.add_argument("games", nargs="*", metavar="GAME", help="all 26 of Atari-100k if none is named")
    parser.add_argument("--out", type=Path, default=BUNDLED_CONTEXTS, help="the folder of GAME.npz")
    parser.add_argument("--num", type=int, default=NUM_CONTEXTS, help="contexts a game")
    parser.add_argument("--steps", type=int, default=NUM_STEPS, help="steps to play a game")
    options = parser.parse_args(argv)
    for game in tqdm(options.games or ATARI_100K, desc="games"):
        shares = AIMLESS | SCRIPTED if game in COURTS else AIMLESS
        with tqdm(total=options.steps, desc=game, unit=" steps", leave=False) as bar:
            bank = collect_bank(game, shares, options.num, options.steps, SEED, lambda n, b=bar: b.update(n) or True)
        bank.save(options.out / f"{game}.npz")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
