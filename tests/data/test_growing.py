"""A store that grows is, at any moment, the store of the episodes that were played so far."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from gym_diamond.data.drawn_contexts import draw_contexts
from gym_diamond.data.episode import Episode, digest
from gym_diamond.data.growing import GrowingStore, Played, end_to_end
from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidArgument, InvalidDataset

SHAPE = (2, 2, 3)


def played(first: str, *, over: bool = False) -> Played:
    """A stretch whose k-th frame is first where `first` says "F"; "x" ends an episode; frame k has the level 10 k."""
    n = len(first)
    is_first = np.array([letter == "F" for letter in first])
    ended = np.array([letter == "x" for letter in first])
    return Played(
        frames=np.broadcast_to((10 * np.arange(n, dtype=np.uint8))[:, None, None, None], (n, *SHAPE)).copy(),
        is_first=is_first,
        actions=np.where(is_first, 0, np.arange(n)),
        rewards=np.where(is_first, 0, np.arange(n) / 2).astype(np.float32),
        terminated=ended,
        game_over=ended & over,
    )


def episode(levels: list[int], *, terminated: bool, over: bool = False) -> Episode:
    """What `played` says of the frames at `levels`."""
    frames = np.broadcast_to((10 * np.array(levels, np.uint8))[:, None, None, None], (len(levels), *SHAPE)).copy()
    led = np.array(levels[1:])
    return Episode(frames, led, (led / 2).astype(np.float32), terminated, not terminated, over, "agent")


def parts(whole: Played, cuts: list[int]) -> list[Played]:
    bounds = [0, *cuts, len(whole.frames)]
    return [Played(*(array[a:b] for array in whole)) for a, b in pairwise(bounds)]


def equal(one: SegmentStore, other: SegmentStore) -> bool:
    names = ("frames", "act", "rew", "end", "offsets")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize("cuts", [[], [3], [1, 2, 5, 6], list(range(1, 9))])
@pytest.mark.parametrize("capacity", [1, 100])
def test_whatever_the_parts_it_is_the_store_of_its_episodes(cuts: list[int], capacity: int) -> None:
    store = GrowingStore(SHAPE, capacity)
    for part in parts(played("F..xF.xF."), cuts):
        store.append(part)
    expected = [
        episode([0, 1, 2, 3], terminated=True),
        episode([4, 5, 6], terminated=True),
        episode([7, 8], terminated=False),
    ]
    assert equal(store.view(), SegmentStore.from_episodes(expected))
    assert [digest(found) for found in store.episodes("agent")] == [digest(wanted) for wanted in expected]
    assert (store.num_frames, store.num_transitions) == (9, 6)


def test_the_games_end_is_kept_apart_from_a_lost_life() -> None:
    store = GrowingStore(SHAPE, 10)
    store.append(played("F.x"))
    store.append(played("F.x", over=True))
    assert [found.game_over for found in store.episodes("agent")] == [False, True]


def test_an_episode_without_an_action_is_held_and_not_yet_shown() -> None:
    store = GrowingStore(SHAPE, 10)
    store.append(played("F.xF"))
    assert equal(store.view(), SegmentStore.from_episodes([episode([0, 1, 2], terminated=True)]))
    assert len(store.episodes("agent")) == 1
    store.append(Played(*(array[1:] for array in played("F."))))
    assert store.view().offsets.tolist() == [0, 3, 5]


def test_rewards_are_those_of_all_transitions() -> None:
    store = GrowingStore(SHAPE, 10)
    store.append(played("F.xF."))
    assert sorted(store.rewards().tolist()) == [0.5, 1.0, 2.0]


def test_a_view_has_the_weights_of_recency() -> None:
    store = GrowingStore(SHAPE, 10)
    store.append(end_to_end([played("F.x")] * 3 + [played("F.")]))
    weights = store.view((0.1, 0.1, 0.1, 0.7)).weights
    assert weights is not None
    assert weights.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.7])
    assert store.view().weights is None


def test_nothing_to_show_and_a_beginning_in_the_middle_are_refused() -> None:
    store = GrowingStore(SHAPE, 10)
    with pytest.raises(InvalidDataset, match="Nothing has been played"):
        store.view()
    with pytest.raises(InvalidArgument, match="first of an episode"):
        store.append(played(".."))


def test_contexts_may_begin_before_an_episode_and_never_end_with_its_last_frame() -> None:
    store = GrowingStore(SHAPE, 10)
    store.append(played("F..x"))
    bank = draw_contexts(store.view(), 200, 3, torch.Generator().manual_seed(0))
    seen = {
        tuple((int(frame[0, 0, 0]) // 10 if real else None) for frame, real in zip(frames, is_real, strict=True))
        for frames, is_real in zip(bank.frames, bank.is_real, strict=True)
    }
    assert seen == {(None, None, 0), (None, 0, 1), (0, 1, 2)}
    ended = bank.frames[:, -1, 0, 0, 0] == 20
    assert bank.actions[ended].tolist() == [[1, 2]] * int(ended.sum())
