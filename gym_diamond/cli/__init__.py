"""The `gym-diamond` command: one file a subcommand, imported only when it is asked for."""

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gym_diamond.cli.terminal import unread
from gym_diamond.errors import GymDiamondError, InvalidArgument

COMMANDS = {
    "demo": "dream eight games at once and write a GIF of them",
    "collect": "play real games and keep what was seen as a Minari dataset",
    "import": "make a Minari dataset of recordings of your own: videos or pictures, and actions",
    "fit": "fit a world model to a dataset",
    "evaluate": "measure how long a world stays true to held-out real play",
    "bench": "measure how fast dreams and fits are on this machine",
    "list": "show which worlds there are: bundled, cached, on the Hub",
    "pull": "bring a world from the Hub into the cache",
    "push": "put a world on the Hub",
}
MODULES = {  # where a module cannot have the command's name
    "list": "listing",  # `list` would hide the built-in one in this package
    "import": "import_",  # a keyword
}


def say(text: str) -> None:
    """Write one line for the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check_seed(seed: int) -> None:
    """Nothing, if everything here can be seeded by `seed`.

    Raises:
        InvalidArgument: it cannot.
    """
    if not 0 <= seed < 2**63:
        raise InvalidArgument(f"--seed is {seed}; it must be at least 0 and below 2**63.")


def run_folder(game: str) -> str:
    """A folder for fits of `game` that can be typed as it stands."""
    return f"runs/{re.sub('[^a-z0-9-]+', '-', game.lower())}"


def without_folders(words: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """`words` with each of `paths` by its name alone: a world travels, and where it was made concerns nobody.

    Args:
        words: a command line; --NAME=VALUE becomes two words.
        paths: files and folders that were named in it, each a word of its own.
    """
    names = {str(path): path.resolve().name for path in paths}
    apart = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    return [names.get(str(Path(word)), word) for word in apart]


def find_own_modules() -> None:
    """Modules of the user's own are looked for where the command is typed, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of `gym-diamond`: 0 done, 1 a full or forbidden disk, 2 a mistake in the input, 130 Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    command, rest = (words[0], words[1:]) if words else ("--help", [])
    if command in ("-h", "--help"):
        return exit_status("gym-diamond", lambda _: say(_overview()), rest)
    if command not in COMMANDS:
        sys.stderr.write(f"gym-diamond: no command {command!r}; there is {', '.join(COMMANDS)}.\n")
        return 2

    def run(rest: list[str]) -> int:  # importing may already find that an extra is missing
        return importlib.import_module(f"gym_diamond.cli.{MODULES.get(command, command)}").main(rest)

    return exit_status(f"gym-diamond {command}", run, rest)


def exit_status(name: str, run: Callable[[list[str]], int | None], words: Sequence[str]) -> int:
    """0 done, 1 a full or forbidden disk, 2 a mistake in the input, 130 Ctrl-C: a sentence, never a traceback.

    It is done, and saved, also where whoever read its output is gone.

    Args:
        name: of the command, for messages: "gym-diamond fit".
        run: what it does with its words; may give a status of its own.
        words: what was written after its name.
    """
    with unread():
        try:
            return run(list(words)) or 0
        except GymDiamondError as error:
            sys.stderr.write(f"{name}: {error}\n")
            return 2
        except KeyboardInterrupt:
            sys.stderr.write(f"\n{name}: stopped by Ctrl-C.\n")
            return 130
        except OSError as error:
            sys.stderr.write(f"{name}: {error.strerror or error} ({error.filename or 'no file named'})\n")
            return 1


def _overview() -> str:
    rows = "\n".join(f"  {name:<10}{text}" for name, text in COMMANDS.items())
    return (
        "usage: gym-diamond COMMAND [OPTIONS]\n\n"
        "Atari games dreamt by a diffusion world model, as Gymnasium environments.\n\n"
        f"{rows}\n\n"
        "`gym-diamond COMMAND --help` explains each one and its options."
    )
