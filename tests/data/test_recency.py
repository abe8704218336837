"""Recent play is drawn more often than old play, by the shares that are given."""

import numpy as np
import pytest
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.data.recency import recency_weights
from gym_diamond.data.segments import SegmentStore, Window
from gym_diamond.errors import InvalidArgument

REFERENCE = (0.1, 0.1, 0.1, 0.7)


def store_of(lengths: list[int], weights: torch.Tensor | None) -> SegmentStore:
    """Episode e has `lengths[e]` actions, and frames of level 10 e."""
    episodes = [
        Episode(
            np.full((n + 1, 2, 2, 3), 10 * e, np.uint8),
            np.zeros(n, int),
            np.zeros(n, np.float32),
            True,
            False,
            False,
            "random",
        )
        for e, n in enumerate(lengths)
    ]
    whole = SegmentStore.from_episodes(episodes)
    return SegmentStore(whole.frames, whole.act, whole.rew, whole.end, whole.offsets, weights)


def drawn(store: SegmentStore, window: Window, num: int) -> list[float]:
    """The share of the windows that each episode gets."""
    segment = store.sample(window, num, torch.Generator().manual_seed(0))
    levels = segment.obs[:, 1, 0, 0, 0].add(1).mul(127.5).round()  # the second frame of these windows is always real
    return [float((levels == 10 * e).float().mean()) for e in range(len(store.offsets) - 1)]


def test_each_quarter_of_the_episodes_shares_its_part_equally_and_the_last_takes_the_rest() -> None:
    weights = recency_weights(10, REFERENCE)
    assert weights is not None
    assert weights.tolist() == pytest.approx([0.05] * 6 + [0.7 / 4] * 4)


def test_shares_need_not_sum_to_one() -> None:
    weights = recency_weights(2, (1, 3))
    assert weights is not None
    assert weights.tolist() == pytest.approx([0.25, 0.75])


def test_fewer_episodes_than_shares_and_no_shares_are_drawn_by_their_length() -> None:
    assert recency_weights(3, REFERENCE) is None
    assert recency_weights(100, ()) is None


@pytest.mark.parametrize("shares", [(0.5, -0.1), (0.0, 0.0)])
def test_shares_below_zero_or_all_zero_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(InvalidArgument, match="recency is"):
        recency_weights(8, shares)


def test_windows_come_from_an_episode_as_often_as_its_weight_says_whatever_its_length() -> None:
    store = store_of([40, 4, 12, 8], recency_weights(4, REFERENCE))
    assert drawn(store, Window(3, 1, 1), 20_000) == pytest.approx(REFERENCE, abs=0.02)


def test_an_episode_that_is_too_short_is_never_drawn() -> None:
    store = store_of([40, 4, 12, 2], recency_weights(4, REFERENCE))
    assert drawn(store, Window(4, 0, 0), 20_000) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0], abs=0.02)
    only_short_ones = store_of([40, 2], torch.tensor([0.0, 1.0]))
    assert drawn(only_short_ones, Window(4, 0, 0), 100) == [1.0, 0.0]


def test_all_starts_of_a_weighted_episode_are_equally_likely() -> None:
    frames = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None, None] * 10, (6, 2, 2, 3))
    episode = Episode(frames.copy(), np.zeros(5, int), np.zeros(5, np.float32), True, False, True, "random")
    plain = SegmentStore.from_episodes([episode])
    store = SegmentStore(plain.frames, plain.act, plain.rew, plain.end, plain.offsets, torch.ones(1))
    segment = store.sample(Window(3, 1, 0), 20_000, torch.Generator().manual_seed(0))
    last = segment.obs[:, -1, 0, 0, 0].add(1).mul(127.5).round()  # windows end with the frames 1 to 5
    assert [(last == 10 * i).float().mean().item() for i in range(6)] == pytest.approx([0] + [0.2] * 5, abs=0.02)
