"""`gym-diamond list`: which worlds there are, where, how good and how large."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from gym_diamond.checkpoint import METRICS
from gym_diamond.cli import say
from gym_diamond.errors import InvalidWorld
from gym_diamond.evaluation.verdict import horizon, marks
from gym_diamond.files import read_json
from gym_diamond.games import GAMES
from gym_diamond.hub.bundled import bundled_games
from gym_diamond.hub.cache import HOME_VARIABLE, home
from gym_diamond.hub.inventory import Listed, inventory, num_bytes

HEAD = ("world", "bundled", "cached", "on the Hub", "measured", "size")
MARK = 15  # the frame whose PSNR is told, or the last before it that was measured
OFFICIAL_MIB = 52  # of a released checkpoint


@dataclass(frozen=True)
class Arguments:
    """Show which worlds there are: bundled with the package, in the cache, or released by DIAMOND's authors.

    gym.make("DiamondDream-GAME-v0") takes the bundled world, else the cached one, else it fetches the authors'.
    This needs no network. What was measured is told of worlds that have a metrics.json, which `gym-diamond evaluate`
    writes.
    """


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond list`."""
    tyro.cli(Arguments, args=argv, prog="gym-diamond list")
    rows = [HEAD, *(row(listed) for listed in inventory())]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(HEAD))]
    for cells in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    others = len(GAMES.keys() - {cells[0] for cells in rows})
    say(f"\n{others} more games of ALE have no world yet: gym-diamond collect GAME, then gym-diamond fit.")
    say(f"Cache: {home()} (or where {HOME_VARIABLE} says). Fetch one: gym-diamond pull GAME")
    if both := [name for name in bundled_games() if name in {listed.name for listed in inventory() if listed.official}]:
        say(f'Beside a bundled world ({", ".join(both)}), world="official:GAME" dreams the authors\'.')
    return 0


def row(listed: Listed) -> tuple[str, ...]:
    """The cells of one world."""
    directory = listed.directory
    size = f"{num_bytes(directory) / 2**20:.1f} MiB" if directory else f"{OFFICIAL_MIB} MiB to fetch"
    from_hub = listed.official or listed.name not in GAMES
    return (listed.name, *(_yes(x) for x in (listed.bundled, listed.cached, from_hub)), headline(directory), size)


def headline(directory: Path | None) -> str:
    """What was measured of the world in `directory`, in a few words."""
    if directory is None or not (directory / METRICS).exists():
        return "-"
    try:
        return _headline(read_json(directory / METRICS, InvalidWorld))
    except (InvalidWorld, LookupError, TypeError, ValueError, AttributeError):  # a stranger may have written it
        return "unreadable"


def _headline(metrics: dict[str, Any]) -> str:
    frames = horizon(metrics)
    drift = metrics["drift"]
    mark = max((mark for mark in marks(drift["psnr"]) if int(mark) <= MARK), key=int)
    return (
        f"trust {frames} frame{'' if frames == 1 else 's'}; {drift['psnr'][mark]['mean']:.1f} dB at frame {mark} "
        f"(copy {drift['psnr_copy'][mark]['mean']:.1f})"
    )


def _yes(value: object) -> str:
    return "yes" if value else "-"
