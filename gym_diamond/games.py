"""What Atari's games are called, which actions they have and how well people play them.

Hard-coded, so that dreaming a game needs neither the emulator nor its ROMs. The action sets are ALE's minimal ones, in
ALE's order; a test compares them with the emulator. Scores are those published with the Atari-100k benchmark.
"""

import difflib
import re
from dataclasses import dataclass

from gym_diamond.errors import UnknownGame

ATARI_FPS = 15  # agent steps a second: 60 frames a second, one action for four frames


@dataclass(frozen=True)
class Game:
    """One Atari game. Scores are None where the Atari-100k benchmark has none."""

    name: str  # CamelCase, as in ALE's ids: "MsPacman"
    action_meanings: tuple[str, ...]  # of the minimal action set, in ALE's order
    random_score: float | None
    human_score: float | None


_ALL = (
    "NOOP FIRE UP RIGHT LEFT DOWN UPRIGHT UPLEFT DOWNRIGHT DOWNLEFT "
    "UPFIRE RIGHTFIRE LEFTFIRE DOWNFIRE UPRIGHTFIRE UPLEFTFIRE DOWNRIGHTFIRE DOWNLEFTFIRE"
)
_COMPASS = "UP RIGHT LEFT DOWN UPRIGHT UPLEFT DOWNRIGHT DOWNLEFT"
_COMPASS_FIRES = "RIGHTFIRE LEFTFIRE DOWNFIRE UPRIGHTFIRE UPLEFTFIRE DOWNRIGHTFIRE DOWNLEFTFIRE"

# action set -> the games that have it
_ACTION_SETS = {
    _ALL: (
        "Adventure Alien BankHeist BattleZone Berzerk Boxing Centipede ChopperCommand Crossbow Darkchambers Defender "
        "DonkeyKong DoubleDunk Earthworld ElevatorAction Entombed Et FishingDerby FlagCapture Frostbite Gravitar "
        "Hangman HauntedHouse Hero HumanCannonball IceHockey Jamesbond Kangaroo Klax Krull LaserGates MarioBros "
        "MiniatureGolf MontezumaRevenge Pitfall2 Pitfall PrivateEye Riverraid RoadRunner Robotank Seaquest Solaris "
        "SpaceWar StarGunner Superman Tennis Trondead Venture VideoCube WordZapper YarsRevenge Zaxxon"
    ),
    "NOOP FIRE RIGHT LEFT RIGHTFIRE LEFTFIRE": (
        "AirRaid Carnival DemonAttack Galaxian NameThisGame Pong SirLancelot SpaceInvaders"
    ),
    f"NOOP {_COMPASS}": "Asterix CrazyClimber Koolaid LostLuggage MsPacman",
    f"NOOP FIRE {_COMPASS}": "Othello TicTacToe3D VideoChess",
    f"NOOP FIRE {_COMPASS} RIGHTFIRE LEFTFIRE": "Turmoil",
    f"NOOP FIRE {_COMPASS} UPFIRE RIGHTFIRE LEFTFIRE DOWNFIRE": "KeystoneKapers",
    f"NOOP {_COMPASS} {_COMPASS_FIRES}": "JourneyEscape",
    f"NOOP UP RIGHT LEFT DOWN DOWNRIGHT DOWNLEFT {_COMPASS_FIRES}": "KungFuMaster",
    "NOOP FIRE UP RIGHT LEFT DOWN UPRIGHT UPLEFT UPFIRE RIGHTFIRE LEFTFIRE DOWNFIRE UPRIGHTFIRE UPLEFTFIRE": (
        "Asteroids"
    ),
    "NOOP FIRE UP RIGHT LEFT DOWN UPFIRE RIGHTFIRE LEFTFIRE DOWNFIRE": "Amidar MrDo TimePilot WizardOfWor",
    "NOOP FIRE UP RIGHT LEFT DOWN UPFIRE RIGHTFIRE LEFTFIRE": "VideoPinball",
    "NOOP FIRE UP RIGHT LEFT UPRIGHT UPLEFT RIGHTFIRE LEFTFIRE": "BeamRider",
    "NOOP FIRE RIGHT LEFT DOWN DOWNRIGHT DOWNLEFT RIGHTFIRE LEFTFIRE": "Enduro",
    "NOOP FIRE UP RIGHT LEFT UPFIRE RIGHTFIRE LEFTFIRE": "Gopher",
    "NOOP FIRE RIGHT LEFT DOWN RIGHTFIRE LEFTFIRE DOWNFIRE": "Phoenix",
    "NOOP UP RIGHT LEFT DOWN UPFIRE RIGHTFIRE LEFTFIRE": "Tutankham",
    "NOOP FIRE UP RIGHT LEFT RIGHTFIRE LEFTFIRE": "Assault",
    "NOOP FIRE UP RIGHT LEFT DOWN": "BasicMath KingKong Qbert",
    "NOOP FIRE UP DOWN UPFIRE DOWNFIRE": "Bowling Pooyan UpNDown",
    "NOOP UP RIGHT LEFT DOWN": "Frogger Pacman Surround",
    "NOOP FIRE RIGHT LEFT DOWN": "Tetris",
    "FIRE UPRIGHT UPLEFT DOWNRIGHT DOWNLEFT": "VideoCheckers",
    "NOOP FIRE RIGHTFIRE LEFTFIRE": "Atlantis2 Atlantis",
    "NOOP FIRE UP DOWN": "Blackjack Casino",
    "NOOP FIRE RIGHT LEFT": "Breakout Kaboom",
    "NOOP RIGHT LEFT": "Skiing",
    "NOOP UP DOWN": "Freeway",
    "FIRE RIGHT LEFT": "Backgammon",
}

# game -> (random, human)
_SCORES = {
    "Alien": (227.8, 7127.7),
    "Amidar": (5.8, 1719.5),
    "Assault": (222.4, 742.0),
    "Asterix": (210.0, 8503.3),
    "BankHeist": (14.2, 753.1),
    "BattleZone": (2360.0, 37187.5),
    "Boxing": (0.1, 12.1),
    "Breakout": (1.7, 30.5),
    "ChopperCommand": (811.0, 7387.8),
    "CrazyClimber": (10780.5, 35829.4),
    "DemonAttack": (152.1, 1971.0),
    "Freeway": (0.0, 29.6),
    "Frostbite": (65.2, 4334.7),
    "Gopher": (257.6, 2412.5),
    "Hero": (1027.0, 30826.4),
    "Jamesbond": (29.0, 302.8),
    "Kangaroo": (52.0, 3035.0),
    "Krull": (1598.0, 2665.5),
    "KungFuMaster": (258.5, 22736.3),
    "MsPacman": (307.3, 6951.6),
    "Pong": (-20.7, 14.6),
    "PrivateEye": (24.9, 69571.3),
    "Qbert": (163.9, 13455.0),
    "RoadRunner": (11.5, 7845.0),
    "Seaquest": (68.4, 42054.7),
    "UpNDown": (533.4, 11693.2),
}

_ROMS = {"TicTacToe3D": "tic_tac_toe_3d"}  # the one name whose ROM the rule of `snake` does not give

ATARI_100K: tuple[str, ...] = tuple(_SCORES)

GAMES: dict[str, Game] = {
    name: Game(name, tuple(actions.split()), *_SCORES.get(name, (None, None)))
    for name, actions in sorted((name, actions) for actions, names in _ACTION_SETS.items() for name in names.split())
}


def game(name: str) -> Game:
    """The game called `name`, in CamelCase as in ALE's ids ("MsPacman").

    Raises:
        UnknownGame: ALE has no such game; the message names the closest ones.
    """
    if name in GAMES:
        return GAMES[name]
    folded = {known.lower(): known for known in GAMES}
    wanted = re.sub(r"[^a-z0-9]", "", name.lower())
    close = [folded[match] for match in difflib.get_close_matches(wanted, folded, n=3, cutoff=0.6)]
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {len(GAMES)}, such as Breakout and Pong."
    raise UnknownGame(f"{name!r} is not a game that ALE knows; {hint} Names are in CamelCase, as in ALE's ids.")


def snake(name: str) -> str:
    """The name of a game's ROM: "ms_pacman" for "MsPacman"."""
    return _ROMS.get(name, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
