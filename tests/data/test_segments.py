"""Windows of real play: which may be drawn, what they hold, what stands in the padding, and how fast they come."""

import time

import numpy as np
import pytest
import torch

from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import Segment, SegmentStore, Window
from gym_diamond.errors import InvalidArgument, InvalidDataset


def _episode(first: int, num_frames: int, *, terminated: bool) -> Episode:
    """Frame t is filled with the level `first + t`, action t is `t + 1`, reward t is `10 + t`."""
    levels = np.arange(first, first + num_frames, dtype=np.uint8)
    frames = np.broadcast_to(levels[:, None, None, None], (num_frames, 2, 2, 3)).copy()
    actions = np.arange(1, num_frames)
    return Episode(frames, actions, 9.0 + actions.astype(np.float32), terminated, not terminated, False, "random")


@pytest.fixture
def store() -> SegmentStore:
    """Episode 0 has the levels 100..103 and ends; episode 1 has 200..205 and is cut."""
    return SegmentStore.from_episodes([_episode(100, 4, terminated=True), _episode(200, 6, terminated=False)])


def _levels(segment: Segment) -> list[list[int]]:
    """The level of each frame, -1 where it is padding."""
    levels = segment.obs.add(1).mul(127.5).round().long()[:, :, 0, 0, 0]
    return levels.masked_fill(~segment.is_real, -1).tolist()


def _gather(store: SegmentStore, episode: list[int], start: list[int], length: int) -> Segment:
    return store.gather(torch.tensor(episode), torch.tensor(start), length)


def test_a_window_inside_an_episode_holds_its_frames_and_what_led_from_each_to_the_next(store: SegmentStore):
    segment = _gather(store, [1], [2], 3)
    assert _levels(segment) == [[202, 203, 204]]
    assert segment.act.tolist() == [[3, 4]]
    assert segment.rew.tolist() == [[12.0, 13.0]]
    assert segment.end.tolist() == [[False, False]]
    assert segment.is_real.tolist() == [[True, True, True]]
    assert segment.obs.shape == (1, 3, 3, 2, 2)


def test_padding_is_zero_everywhere_and_marked(store: SegmentStore):
    segment = _gather(store, [0, 0], [-2, 2], 4)
    assert _levels(segment) == [[-1, -1, 100, 101], [102, 103, -1, -1]]
    assert segment.obs[0, :2].abs().max() == 0
    assert segment.obs[1, 2:].abs().max() == 0
    assert segment.act.tolist() == [[0, 0, 1], [3, 0, 0]]
    assert segment.rew.tolist() == [[0.0, 0.0, 10.0], [12.0, 0.0, 0.0]]
    assert segment.end.tolist() == [[False, False, False], [True, False, False]]


def test_the_end_belongs_to_the_last_transition_of_a_terminated_episode_only(store: SegmentStore):
    both = _gather(store, [0, 1], [0, 0], 6)
    assert both.end.tolist() == [[False, False, True, False, False], [False] * 5]


def test_a_window_never_reaches_into_the_next_episode(store: SegmentStore):
    assert _levels(_gather(store, [0], [3], 3)) == [[103, -1, -1]]


@pytest.mark.parametrize(
    ("window", "starts"),
    [
        (Window(3, 0, 0), {0: [0, 1], 1: [0, 1, 2, 3]}),
        (Window(3, 2, 1), {0: [-2, -1, 0, 1, 2], 1: [-2, -1, 0, 1, 2, 3, 4]}),
        (Window(5, 0, 0), {1: [0, 1]}),
    ],
)
def test_every_admissible_pair_is_drawn_equally_often(store: SegmentStore, window: Window, starts: dict):
    expected = {(e, s) for e, of_episode in starts.items() for s in of_episode}
    num = 4000 * len(expected)
    segment = store.sample(window, num, torch.Generator().manual_seed(0))
    first = torch.where(segment.is_real, torch.tensor(_levels(segment)), 1000).amin(1)
    place = segment.is_real.int().argmax(1)
    episode = (first >= 200).long()
    start = first - torch.where(episode == 1, 200, 100) - place
    pairs, counts = torch.stack([episode, start], 1).unique(dim=0, return_counts=True)
    assert {tuple(pair) for pair in pairs.tolist()} == expected
    assert ((counts / 4000 - 1).abs() < 0.1).all()  # 4000 expected of each: six standard deviations


def _eventful() -> SegmentStore:
    """Two episodes of 40 frames: a reward of 1 is in every tenth step of the first, a single -1 in the second, which
    ends."""
    quiet = _episode(0, 40, terminated=False)._replace(rewards=np.zeros(39, np.float32))
    first = quiet._replace(rewards=(np.arange(39) % 10 == 5).astype(np.float32))
    second = quiet._replace(rewards=np.where(np.arange(39) == 20, np.float32(-1), np.float32(0)), terminated=True)
    return SegmentStore.from_episodes([first, second])


def _paid(*rewards: float, terminated: bool) -> Episode:
    quiet = _episode(0, len(rewards) + 1, terminated=terminated)
    return quiet._replace(rewards=np.array(rewards, np.float32))


def test_what_a_game_pays_for_every_step_is_no_event_and_neither_is_a_last_frame():
    """Each kind, more than usual, less than usual and an end, has a weight of 1 in all; of nothing there is none."""
    store = SegmentStore.from_episodes(
        [_paid(-0.1, -0.1, 0.5, terminated=True), _paid(-0.1, -1.0, -0.1, 0.0, terminated=False)]
    )
    assert store.events.tolist() == [0, 0, 0.5 + 1, 0, 0, 1, 0, 0.5, 0]


def test_a_game_that_always_pays_the_same_has_no_events_but_its_ends():
    ended, cut = _paid(-0.1, -0.1, terminated=True), _paid(-0.1, -0.1, -0.1, terminated=False)
    assert SegmentStore.from_episodes([ended, cut]).events.tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert SegmentStore.from_episodes([cut]).events.tolist() == [0, 0, 0, 0]


def test_where_nothing_is_usual_every_reward_is_an_event():
    assert SegmentStore.from_episodes([_paid(0, 1, 0, -1, terminated=True)]).events.tolist() == [0, 1, 0, 1 + 1, 0]


def test_windows_around_events_all_hold_one_and_each_kind_has_its_third():
    segment = _eventful().sample(Window(5, 2, 2, event_share=1.0), 6000, torch.Generator().manual_seed(0))
    kinds = torch.stack([(segment.rew > 0).any(1), (segment.rew < 0).any(1), segment.end.any(1)])
    assert kinds.any(dim=0).all()
    assert kinds.float().mean(dim=1).tolist() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_an_event_is_anywhere_in_its_window():
    segment = _eventful().sample(Window(5, 0, 0, event_share=1.0), 6000, torch.Generator().manual_seed(0))
    places = (segment.rew < 0).float().sum(dim=0)  # the -1 is far from both ends of its episode
    assert (places / places.sum()).tolist() == pytest.approx([0.25] * 4, abs=0.04)


def test_half_a_share_leaves_half_of_the_windows_anywhere():
    window = Window(5, 0, 0)
    rates = []
    for share in (0.0, 0.5):
        drawn = _eventful().sample(window._replace(event_share=share), 6000, torch.Generator().manual_seed(0))
        rates.append((drawn.rew < 0).any(1).float().mean().item())
    by_chance = 4 / 72  # of the 36 starts in each of the two episodes, 4 see the -1
    assert rates == pytest.approx([by_chance, by_chance / 2 + 0.5 / 3], abs=0.02)


def test_where_nothing_ever_happens_windows_are_drawn_all_the_same():
    quiet = _episode(0, 8, terminated=False)._replace(rewards=np.zeros(7, np.float32))
    window = Window(4, 1, 1, event_share=1.0)
    segment = SegmentStore.from_episodes([quiet]).sample(window, 50, torch.Generator().manual_seed(0))
    assert segment.is_real.any(dim=1).all()


def test_equal_generators_draw_equal_batches(store: SegmentStore):
    one, other = (store.sample(Window(3, 1, 1), 16, torch.Generator().manual_seed(7)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_levels_survive_the_way_from_frames_to_obs():
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    frames = np.concatenate([ramp, ramp])
    episode = Episode(frames, np.array([0]), np.zeros(1, np.float32), False, True, False, "random")
    obs = _gather(SegmentStore.from_episodes([episode]), [0], [0], 2).obs
    assert obs[0, 0].add(1).mul(127.5).round().flatten().tolist() == list(range(256))
    assert (obs.min(), obs.max()) == (-1.0, 1.0)


def test_transitions_are_counted_not_frames(store: SegmentStore):
    assert store.num_transitions == 3 + 5


def test_an_episode_without_an_action_does_not_touch_the_end_of_its_neighbour():
    store = SegmentStore.from_episodes([_episode(100, 4, terminated=True), _episode(200, 1, terminated=False)])
    assert store.end.tolist() == [False, False, True, False, False]


def test_a_window_longer_than_every_episode_is_refused_with_the_longest(store: SegmentStore):
    with pytest.raises(InvalidArgument, match="the longest has 6"):
        store.sample(Window(7, 0, 0), 1, torch.Generator())


def test_no_episodes_and_frames_of_two_sizes_are_refused():
    with pytest.raises(InvalidDataset, match="no episodes"):
        SegmentStore.from_episodes([])
    small, large = _episode(0, 2, terminated=False), _episode(0, 2, terminated=False)
    with pytest.raises(InvalidDataset, match="one size"):
        SegmentStore.from_episodes([small, large._replace(frames=np.zeros((2, 4, 4, 3), np.uint8))])


def test_a_batch_of_32_windows_of_6_atari_frames_takes_milliseconds():
    frames = np.zeros((4000, 64, 64, 3), np.uint8)
    episode = Episode(frames, np.zeros(3999, np.int64), np.zeros(3999, np.float32), True, False, False, "random")
    store, generator = SegmentStore.from_episodes([episode]), torch.Generator()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = []
    for _ in range(20):
        begin = time.thread_time()  # of the processor, so that a busy machine does not count
        store.sample(Window(6, 0, 0), 32, generator)
        times.append(time.thread_time() - begin)
    torch.set_num_threads(threads)
    assert min(times) < 0.02


def test_windows_of_actions_of_several_parts_keep_the_parts():
    frames, actions = np.zeros((4, 2, 2, 3), np.uint8), np.array([[1, 0], [2, 1], [0, 1]])
    episode = Episode(frames, actions, np.zeros(3, np.float32), True, False, True, "random")
    store = SegmentStore.from_episodes([episode, episode])
    assert store.act.tolist() == [[1, 0], [2, 1], [0, 1], [0, 0]] * 2
    segment = store.gather(torch.tensor([1, 0]), torch.tensor([-1, 2]), 3)
    assert segment.act.tolist() == [[[0, 0], [1, 0]], [[0, 1], [0, 0]]], "0 where a frame of the transition is padding"


def test_actions_of_different_parts_are_refused():
    frames, rewards = np.zeros((3, 2, 2, 3), np.uint8), np.zeros(2, np.float32)
    episodes = [Episode(frames, np.zeros(shape, int), rewards, True, False, True, "x") for shape in (2, (2, 3))]
    with pytest.raises(InvalidDataset, match=r"same parts; these episodes have \[\(\), \(3,\)\]"):
        SegmentStore.from_episodes(episodes)
