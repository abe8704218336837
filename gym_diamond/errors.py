"""The errors a user can cause, each a sentence that says what was given, what is allowed and what to do next.

The command line prints these without a traceback; anything else that escapes is a bug of ours.
"""

from gymnasium.error import DependencyNotInstalled


class GymDiamondError(Exception):
    """The root of every error that a user's input can cause."""


class InvalidArgument(GymDiamondError, ValueError):
    """An argument has a value that is not allowed."""


class UnknownGame(InvalidArgument):
    """The named game is not one that ALE knows."""


class InvalidWorld(GymDiamondError, ValueError):
    """A world directory is missing, incomplete, damaged or of another version."""


class InvalidDataset(GymDiamondError, ValueError):
    """A dataset is absent, empty, damaged or does not fit what it is used for."""


class InvalidRun(GymDiamondError, ValueError):
    """A fitting run cannot be started, resumed or read."""


class MissingExtra(GymDiamondError, DependencyNotInstalled):
    """An optional dependency is not installed; the message names the extra that brings it."""


class HubError(GymDiamondError, OSError):
    """A world could not be brought from the Hub into the cache, or from here to the Hub."""
