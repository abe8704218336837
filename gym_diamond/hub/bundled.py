"""What comes with the package: whole worlds, and start states for the games whose weights the authors released."""

from pathlib import Path

from gym_diamond.data.contexts import ContextBank

BUNDLED = Path(__file__).parents[1] / "worlds"
BUNDLED_CONTEXTS = Path(__file__).parents[1] / "contexts"  # GAME.npz, by `python -m gym_diamond.collection.banks`
CONTEXT_LENGTH = 4  # frames: what the released worlds look back on


def bundled_games() -> list[str]:
    """The games whose worlds come with the package."""
    return sorted(path.parent.name for path in BUNDLED.glob("*/config.json"))


def bundled_world(game: str) -> Path | None:
    """The directory of the world that comes with the package for `game`; None where there is none."""
    directory = BUNDLED / game
    return directory if (directory / "config.json").exists() else None


def bundled_contexts(game: str) -> ContextBank:
    """The start states that come with the package for `game`, one of the 26 of Atari-100k."""
    return ContextBank.load(BUNDLED_CONTEXTS / f"{game}.npz")
