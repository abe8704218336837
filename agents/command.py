"""How the commands of this folder end: a user's mistake is a sentence and an exit status, never a traceback."""

import sys
from collections.abc import Callable, Sequence

from gym_diamond.errors import GymDiamondError


def exit_status(name: str, main: Callable[[Sequence[str]], None], words: Sequence[str]) -> int:
    """0 done, 1 a full or forbidden disk, 2 a mistake in the input, 130 Ctrl-C: as `gym-diamond`'s own.

    Args:
        name: of the command, for messages: "agents.imagine".
        main: what it does with its words.
        words: what was written after its name.
    """
    try:
        main(words)
    except GymDiamondError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{name}: stopped by Ctrl-C.\n")
        return 130
    except OSError as error:
        sys.stderr.write(f"{name}: {error.strerror or error} ({error.filename or 'no file named'})\n")
        return 1
    return 0
