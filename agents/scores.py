"""What others scored on Atari-100k, game by game, and scores on the scale from random play (0) to a human (1).

Random and human scores stand in `gym_diamond.games`: those that every paper on Atari-100k compares with. An agent's
score is the mean over its five runs, which its authors published run by run. Left out are agents of which only the
rounded means of a paper's table are to be had.

STORM's file has 0 in all five runs of Freeway. So the mean and the median over the 26 games that follow from it, 1.222
and 0.425 on that scale, are below the 1.267 and 0.584 that its paper states. Here stands what the file says.
"""

from typing import NamedTuple

from gym_diamond.errors import InvalidArgument
from gym_diamond.games import game as find_game


class Agent(NamedTuple):
    """An agent whose runs were published."""

    name: str
    learns_from: str  # what it was trained in
    source: str  # the file with its runs


AGENTS = (
    Agent(
        "SimPLe",
        "a video prediction model",
        "github.com/eloialonso/iris, results/data/SimPLe.json, commit 75e5ab5 (Kaiser et al., ICLR 2020)",
    ),
    Agent(
        "IRIS",
        "an autoregressive transformer over image tokens",
        "github.com/eloialonso/iris, results/data/IRIS.json, commit 75e5ab5 (Micheli et al., ICLR 2023)",
    ),
    Agent(
        "STORM",
        "a transformer over stochastic latents",
        "github.com/weipu-zhang/STORM, results/storm.json, commit 1c50658 (Zhang et al., NeurIPS 2023)",
    ),
    Agent(
        "Delta-IRIS",
        "a transformer over tokens of what changes",
        "github.com/vmicheli/delta-iris, results/atari.json, commit f8d4173 (Micheli et al., ICML 2024)",
    ),
    Agent(
        "DIAMOND",
        "a diffusion model of frames",
        "github.com/eloialonso/diamond, results/data/DIAMOND.json, commit a1311e9 (Alonso et al., NeurIPS 2024)",
    ),
)

# game -> SimPLe, IRIS, STORM, Delta-IRIS, DIAMOND: the order of AGENTS
_MEANS = {
    "Alien": (616.9, 420.0, 983.6, 599.2, 744.1),
    "Amidar": (74.3, 143.0, 204.8, 50.8, 225.8),
    "Assault": (527.2, 1524.4, 801.0, 1435.4, 1526.4),
    "Asterix": (1128.3, 853.6, 1028.0, 2001.4, 3698.5),
    "BankHeist": (34.2, 53.1, 641.2, 1206.2, 19.7),
    "BattleZone": (4031.2, 13074.0, 13540.0, 10364.8, 4702.0),
    "Boxing": (7.8, 70.1, 79.7, 56.0, 86.9),
    "Breakout": (16.4, 83.7, 15.9, 226.0, 132.5),
    "ChopperCommand": (979.4, 1565.0, 1888.0, 1101.2, 1369.8),
    "CrazyClimber": (62583.6, 59324.2, 66776.0, 70919.8, 99167.8),
    "DemonAttack": (208.1, 2034.4, 164.6, 883.6, 288.1),
    "Freeway": (16.7, 31.1, 0.0, 31.0, 33.3),
    "Frostbite": (236.9, 259.1, 1316.0, 287.0, 274.1),
    "Gopher": (596.8, 2236.1, 8239.6, 9348.6, 5897.9),
    "Hero": (2656.6, 7037.4, 11044.3, 6235.2, 5621.8),
    "Jamesbond": (100.5, 462.7, 509.0, 345.4, 427.4),
    "Kangaroo": (51.2, 838.2, 4208.0, 1573.2, 5382.2),
    "Krull": (2204.8, 6616.4, 8412.6, 6391.6, 8610.1),
    "KungFuMaster": (14862.5, 21759.8, 26182.0, 25158.6, 18713.6),
    "MsPacman": (1480.0, 999.1, 2673.5, 1174.8, 1958.2),
    "Pong": (12.8, 14.6, 11.3, 15.0, 20.4),
    "PrivateEye": (35.0, 100.0, 7781.0, 100.0, 114.3),
    "Qbert": (1288.8, 745.7, 4522.5, 3438.2, 4499.3),
    "RoadRunner": (5640.6, 9614.6, 17564.0, 10621.8, 20673.2),
    "Seaquest": (683.3, 661.3, 525.2, 895.0, 551.2),
    "UpNDown": (3350.3, 3546.2, 7985.0, 8091.2, 3856.3),
}


def published(game: str) -> dict[str, float]:
    """The published mean scores in `game` by the agent's name; none if it is not one of the 26 of Atari-100k."""
    names = [agent.name for agent in AGENTS]
    return dict(zip(names, _MEANS[game], strict=True)) if game in _MEANS else {}


def has_human_score(game: str) -> bool:
    """Whether `human_normalized` knows `game`: it is one of the 26 of Atari-100k.

    Raises:
        UnknownGame: ALE has no such game.
    """
    return find_game(game).human_score is not None


def human_normalized(game: str, score: float) -> float:
    """(score - random) / (human - random): 0 is play at random, 1 a human tester.

    Args:
        game: one of the 26 of Atari-100k.
        score: unclipped, of whole games.

    Raises:
        UnknownGame: ALE has no such game.
        InvalidArgument: the benchmark has no random and human scores for it.
    """
    known = find_game(game)
    if known.random_score is None or known.human_score is None:
        raise InvalidArgument(f"Atari-100k has no random and human scores for {game}; it has them for 26 games.")
    return (score - known.random_score) / (known.human_score - known.random_score)
