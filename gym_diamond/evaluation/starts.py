"""The moments of real play from which dreams are held against what happened.

How long a dream stays true depends on where it begins, so every kind of moment is among them, in the mixture of a bank
of contexts, from which dreams are begun in use: half anywhere, a quarter at the beginning of an episode, a quarter just
before a reward. All of these have frames to come. A dream that begins just before an end has at most ten, after which
there is nothing to hold it against; so such starts are not of the number that was asked for but added to it. So every
frame of the horizon has as many dreams as were asked for, and those beyond the tenth always the same ones: what a curve
shows is time, not another selection of play.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from gym_diamond.data.contexts import LOOKAHEAD, before_reward, moments
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument, InvalidDataset

Kind = Literal["reset", "anywhere", "before_reward", "before_end"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TURNS: tuple[Kind, ...] = ("anywhere", "reset", "anywhere", "before_reward")  # of the starts with frames to come
LASTING = 50  # frames: a start that is to last has the horizon before it or, where that is longer, at least these


class Start(NamedTuple):
    """A moment from which a dream is held against what happened."""

    episode: int  # its index
    frame: int  # the last frame that the dream is shown
    kind: Kind = "anywhere"


def pick_starts(
    episodes: Sequence[Episode], num: int, context: int, horizon: int, min_steps: int, rng: np.random.Generator
) -> list[Start]:
    """`num` moments that last, their kinds in turn, and after them a quarter as many (rounded up) just before an end.

    - "anywhere" has its whole context before it in the episode.
    - "reset" has less: it is among the first frames of an episode, whose context is padded.
    - "before_reward" is 1 to 10 steps before a reward. Where there is none, its place is taken by "anywhere".
    - "before_end" is 1 to 10 steps before the end by a lost life or a lost game; without any it is left out.

    Within each kind the policies that played take turns, so that equally many starts are of each, as long as each has
    fresh episodes; no episode is used a second time before all were used once.

    The first three have `horizon` frames after them. Few lives may last longer than 50 frames: if more are asked for,
    moments that have them come first, once for every such stretch of an episode, and after them moments with at least
    50, so that fewer dreams count at later frames.

    Args:
        episodes: real play.
        num: how many that last; the same few episodes serve many times where there are no others.
        context: frames a dream is shown.
        horizon: frames it lasts.
        min_steps: shorter episodes are left out.
        rng: decides which.

    Raises:
        InvalidArgument: `num` or `horizon` is below 1.
        InvalidDataset: no episode is long enough.
    """
    for option, value in (("num_starts", num), ("horizon", horizon)):
        if value < 1:
            raise InvalidArgument(f"{option} is {value}; it must be at least 1.")
    _check_length(episodes, context, horizon, min_steps)
    frames = _frames(episodes, context, horizon, min_steps)
    wanted: list[Kind] = [TURNS[i % len(TURNS)] for i in range(num)]
    order: list[Kind] = [kind if frames[kind] else "anywhere" for kind in wanted]
    if frames["before_end"]:
        order.extend("before_end" for _ in wanted[:: len(TURNS)])
    used: Counter[int] = Counter()
    starts: dict[Kind, Iterator[Start]] = {}
    for kind in KINDS:
        length = 1 if kind == "before_end" else horizon
        starts[kind] = iter(_spread(kind, frames[kind], episodes, order.count(kind), length, used, rng))
    return [next(starts[kind]) for kind in order]


def _check_length(episodes: Sequence[Episode], context: int, horizon: int, min_steps: int) -> None:
    least, longest = min(horizon, LASTING), max(len(episode.actions) for episode in episodes)
    needed = max(min_steps, context - 1 + least)
    if longest < context:
        raise InvalidDataset(
            f"A dream begins after {context} real frames, which take {context - 1} steps, and one more is dreamt at "
            f"least; the longest held-out episode has {longest}. Collect play whose episodes last longer, or fit a "
            "world with a shorter --context-length."
        )
    if longest < needed:
        raise InvalidDataset(
            f"No held-out episode has the {needed} steps that dreams of {least} frames and episodes of at least "
            f"{min_steps} steps ask for; the longest has {longest}. Lower --horizon or --min-episode-steps, or "
            "collect play by a policy that lives longer."
        )


def _frames(
    episodes: Sequence[Episode], context: int, horizon: int, min_steps: int
) -> dict[Kind, dict[int, np.ndarray]]:
    """The frames at which a start of each kind may be, by the index of their episode."""
    owner, place = moments(episodes)  # (steps,) each
    length = np.array([len(episode.actions) for episode in episodes])[owner]
    left, long = length - place, length >= min_steps
    lasts = long & (left >= min(horizon, LASTING))
    ends = np.array([episode.terminated for episode in episodes])[owner]
    masks: dict[Kind, np.ndarray] = {
        "reset": lasts & (place < max(context - 1, 1)),
        "anywhere": lasts & (place >= context - 1),
        "before_reward": lasts & before_reward(episodes),
        "before_end": long & ends & (left <= LOOKAHEAD),
    }
    return {kind: _by_episode(owner[mask], place[mask]) for kind, mask in masks.items()}


def _by_episode(owner: np.ndarray, place: np.ndarray) -> dict[int, np.ndarray]:
    indices, first = np.unique(owner, return_index=True)
    return dict(zip(indices.tolist(), np.split(place, first[1:]), strict=True)) if len(indices) else {}


def _spread(
    kind: Kind,
    frames: Mapping[int, np.ndarray],
    episodes: Sequence[Episode],
    num: int,
    horizon: int,
    used: Counter[int],
    rng: np.random.Generator,
) -> list[Start]:
    """`num` starts at `frames`, spread over their episodes; adds to `used`, how often each episode has served.

    An episode comes before another if it has another stretch of `horizon` frames, else if it served less in this kind,
    else if its policy did, else if it served less in the other kinds.
    """
    order = rng.permutation(sorted(frames)).tolist()
    whole = {index: frames[index][frames[index] <= len(episodes[index].actions) - horizon] for index in order}
    stretches = {index: 1 + int(np.ptp(places)) // horizon if len(places) else 0 for index, places in whole.items()}
    served: Counter[int] = Counter()
    turns: Counter[str] = Counter()

    def rank(index: int) -> tuple[bool, int, int, str, int]:
        policy = episodes[index].policy
        return served[index] >= stretches[index], served[index], turns[policy], policy, used[index]

    starts = []
    for _ in range(num):
        index = min(order, key=rank)
        places = whole[index] if len(whole[index]) else frames[index]
        starts.append(Start(index, int(rng.choice(places)), kind))
        served[index] += 1
        used[index] += 1
        turns[episodes[index].policy] += 1
    return starts
