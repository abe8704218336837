"""`gym-diamond pull`: bring a world from the Hub into the cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from gym_diamond.cli import check_seed, say
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.games import ATARI_100K
from gym_diamond.games import game as find_game
from gym_diamond.hub.address import PREFIX, read_address

STEPS_PER_CONTEXT = 20  # of real play, so that the moments differ
MIN_STEPS = 2_000


@dataclass(frozen=True)
class Arguments:
    """Bring a world from the Hub into the cache, where gym.make finds it without network.

    The authors' weights, 52 MiB, converted once; the same with 1,000 moments of real play to start from; and a world
    that somebody shared (the revision may be left out):
      gym-diamond pull Asterix
      gym-diamond pull Asterix --contexts 1000
      gym-diamond pull hub:OWNER/NAME@REVISION

    The authors released no moments to start from; 64 a game come with this package, from aimless play. --contexts
    replaces them by moments that the released policy reaches in the real game, which needs the extra `atari`.
    """

    world: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="GAME|hub:OWNER/NAME[@REVISION]")]
    """One of the 26 games of Atari-100k, or the address of a world."""
    contexts: int | None = None
    """How many moments to collect; some 20 real steps are played for each, 180 a second on one core."""
    seed: int = 0
    """Of the games and policies that --contexts plays."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond pull`."""
    arguments = tyro.cli(Arguments, args=argv, prog="gym-diamond pull")
    check_seed(arguments.seed)
    if arguments.world.startswith(PREFIX):
        return pull_shared(arguments)
    name = find_game(arguments.world).name
    if name not in ATARI_100K:
        raise InvalidArgument(
            f"The authors of DIAMOND released no world of {name}; they did of {', '.join(ATARI_100K)}. Fit one: "
            f"gym-diamond collect {name} --help"
        )
    if arguments.contexts is not None:
        check_emulator(name, arguments.contexts)
    from gym_diamond.hub.official import official_world

    directory = official_world(name, refresh=True)
    if arguments.contexts is not None:
        collect_contexts(directory, name, arguments.contexts, arguments.seed)
    say(f'{name} is in {directory}. Dream it: gymnasium.make("DiamondDream-{name}-v0", world="official:{name}")')
    return 0


def pull_shared(arguments: Arguments) -> int:
    """Brings a world that somebody shared, at the commit that its revision is now."""
    if arguments.contexts is not None:
        raise InvalidArgument(f"--contexts is for the authors' worlds; {arguments.world} has start states of its own.")
    address = read_address(arguments.world)
    from gym_diamond.hub.repository import hub_world

    directory = hub_world(address, refresh=True)
    say(f'{address} is in {directory}. Dream it: gymnasium.make("gym_diamond:DiamondDream-v0", world="{address}")')
    return 0


def check_emulator(game: str, num: int) -> None:
    """Nothing, if `num` contexts of `game` can be collected here: told before 52 MiB are fetched.

    Raises:
        MissingExtra: there is no emulator.
        InvalidArgument: `num` is not positive.
    """
    from gym_diamond.envs.atari import RealAtari

    if num < 1:
        raise InvalidArgument(f"--contexts is {num}; it must be at least 1.")
    RealAtari(game).close()


def collect_contexts(directory: Path, game: str, num: int, seed: int) -> None:
    """Replace the start states of the world in `directory` by `num` moments that its own policy reaches."""
    from gym_diamond.banks import CONTEXTS
    from gym_diamond.checkpoint import PROVENANCE
    from gym_diamond.collection.banks import NUM_ENVS, collect_bank
    from gym_diamond.files import read_json, write_json

    shares = {str(directory): 0.8, f"{directory}@0.2": 0.2}  # with a fifth at random it also gets into trouble
    num_steps = max(MIN_STEPS, STEPS_PER_CONTEXT * num)
    with tqdm(total=num_steps, desc=f"{game}, real play", unit=" steps") as bar:

        def proceed(steps: int) -> bool:
            bar.update(min(steps, num_steps - bar.n))
            return True

        bank = collect_bank(game, shares, num, num_steps, seed, proceed)
    bank.save(directory / CONTEXTS)
    provenance = read_json(directory / PROVENANCE, InvalidWorld)
    provenance["contexts"] = (
        f"{num} of {num_steps} steps of real play in {NUM_ENVS} games by policy.safetensors, a fifth of it with a "
        f"fifth of random actions; seed {seed}"
    )
    write_json(directory / PROVENANCE, provenance)
