"""Minari datasets: what is written comes back, losslessly; what cannot be used is refused with a reason."""

import os
from collections.abc import Iterator
from pathlib import Path

import minari
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

from gym_diamond.data.dataset import DatasetInfo, load, write
from gym_diamond.data.episode import Episode, digest
from gym_diamond.errors import InvalidDataset

INFO = DatasetInfo("Breakout", 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 15, 64, 64, 3)
NAME = "breakout/test-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def _episode(num_steps: int, *, game_over: bool = False, policy: str = "random") -> Episode:
    rng = np.random.default_rng(num_steps)
    return Episode(
        frames=rng.integers(0, 256, (num_steps + 1, 64, 64, 3), np.uint8),  # noise: what JPEG would ruin
        actions=rng.integers(0, 4, num_steps),
        rewards=rng.integers(-7, 8, num_steps).astype(np.float32),
        terminated=game_over,
        truncated=not game_over,
        game_over=game_over,
        policy=policy,
    )


def test_what_is_written_comes_back_bit_for_bit():
    episodes = [_episode(5, policy="sticky"), _episode(1, game_over=True), _episode(30)]
    assert write(NAME, INFO, episodes) == (3, 36)
    info, loaded = load(NAME)
    assert info == INFO
    assert [digest(episode) for episode in loaded] == [digest(episode) for episode in episodes]
    assert [episode.policy for episode in loaded] == ["sticky", "random", "random"]
    assert [episode.actions.dtype for episode in loaded] == [np.int64] * 3


def test_episodes_that_are_written_in_several_groups_come_back_once_each(monkeypatch: pytest.MonkeyPatch):
    """Of 31, 6, 7, 31 and 3 frames; with 31 a group is full."""
    monkeypatch.setattr("gym_diamond.data.dataset.FRAMES_AT_ONCE", 31)
    episodes = [_episode(n, policy=f"{n} steps") for n in (30, 5, 6, 30, 2)]
    assert write(NAME, INFO, episodes) == (5, 73)
    _, loaded = load(NAME)
    assert [digest(episode) for episode in loaded] == [digest(episode) for episode in episodes]
    assert [episode.policy for episode in loaded] == ["30 steps", "5 steps", "6 steps", "30 steps", "2 steps"]


def test_minari_itself_reads_the_dataset_and_finds_the_games_end_in_the_infos():
    write(NAME, INFO, [_episode(2), _episode(3, game_over=True)], seed=5)
    dataset = minari.load_dataset(NAME)
    assert dataset.spec.total_steps == 5
    assert dataset.spec.observation_space == Box(0, 255, (64, 64, 3), np.uint8)
    assert dataset.spec.action_space == Discrete(4)
    last = dataset[1]
    assert last.terminations.tolist() == [False, False, True]
    assert last.infos["game_over"].tolist() == [False, False, False, True]
    about = list(dataset.storage.get_episode_metadata([0, 1]))
    assert [(a["policy"], bool(a["game_over"]), a["collection_seed"]) for a in about] == [
        ("random", False, 5),
        ("random", True, 5),
    ]
    assert list(minari.list_local_datasets()) == [NAME]


def test_a_taken_name_is_refused_unless_it_may_be_overwritten():
    write(NAME, INFO, [_episode(5)])
    with pytest.raises(InvalidDataset, match="--overwrite"):
        write(NAME, INFO, [_episode(6)])
    assert len(load(NAME)[1][0].actions) == 5
    write(NAME, INFO, [_episode(6)], overwrite=True)
    assert len(load(NAME)[1][0].actions) == 6


def test_a_failure_while_writing_leaves_the_old_dataset_and_nothing_else(root: Path):
    write(NAME, INFO, [_episode(5)])

    def failing() -> Iterator[Episode]:
        yield _episode(6)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write(NAME, INFO, failing(), overwrite=True)
    assert len(load(NAME)[1][0].actions) == 5
    assert [path.name for path in root.iterdir()] == ["breakout"]


def test_a_disk_that_is_full_in_the_last_moment_brings_the_old_dataset_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    write(NAME, INFO, [_episode(5)])
    replace = os.replace

    def full(source: Path, target: Path) -> None:
        if Path(source).name == "data":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr("gym_diamond.data.dataset.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write(NAME, INFO, [_episode(6)], overwrite=True)
    assert len(load(NAME)[1][0].actions) == 5
    assert [path.name for path in root.iterdir()] == ["breakout"]


def test_nothing_played_is_not_a_dataset(root: Path):
    with pytest.raises(InvalidDataset, match="Nothing was played"):
        write(NAME, INFO, [_episode(0)])
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("name", ["breakout", "breakout/mixed", "../mixed-v0", "a b/c-v0", ""])
def test_a_malformed_name_is_answered_with_how_names_look(name: str):
    with pytest.raises(InvalidDataset, match="breakout/random-v0"):
        load(name)


def test_an_absent_dataset_is_answered_with_those_that_are_here_and_how_to_get_one():
    write(NAME, INFO, [_episode(5)])
    with pytest.raises(InvalidDataset, match=r"breakout/test-v0.*gym-diamond collect.*with --download"):
        load("pong/expert-v0")


def test_a_damaged_dataset_is_named(root: Path):
    write(NAME, INFO, [_episode(5)])
    file = root / NAME / "data" / "main_data.hdf5"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InvalidDataset, match="cannot be read"):
        load(NAME)


def _foreign(
    root: Path, observations: Box, actions: Discrete | MultiDiscrete | MultiBinary | Box, buffers: list[EpisodeBuffer]
) -> None:
    path = root / "other" / "data-v0" / "data"
    path.parent.mkdir(parents=True)
    storage = MinariStorage.new(path, observation_space=observations, action_space=actions, jpeg_encoding=False)
    storage.update_metadata({"dataset_id": "other/data-v0", "minari_version": minari.__version__})
    storage.update_episodes(buffers)


def _buffer(frames: np.ndarray, actions: np.ndarray) -> EpisodeBuffer:
    num_steps = len(actions)
    ends = np.arange(num_steps) == num_steps - 1
    return EpisodeBuffer(
        observations=frames, actions=actions, rewards=np.ones(num_steps), terminations=ends, truncations=~ends
    )


def test_grey_images_and_actions_counted_from_one_by_others_are_understood(root: Path):
    frames = np.arange(3 * 40 * 40, dtype=np.uint8).reshape(3, 40, 40)
    buffer = _buffer(frames, np.array([1, 3]))
    _foreign(root, Box(0, 255, (40, 40), np.uint8), Discrete(3, start=1), [buffer])
    info, (episode,) = load("other/data-v0")
    assert info == DatasetInfo("other", 3, ("0", "1", "2"), 15, 40, 40, 1)
    assert np.array_equal(episode.frames[..., 0], frames)
    assert episode.actions.tolist() == [0, 2]
    assert (episode.terminated, episode.truncated, episode.game_over, episode.policy) == (True, False, True, "unknown")


def test_actions_of_several_parts_come_back_with_the_sizes_of_the_parts():
    info = DatasetInfo("Racing", 5, ("STAY", "LEFT", "RIGHT", "COAST", "GAS"), 15, 4, 6, 1, action_sizes=(3, 2))
    episode = Episode(
        frames=np.zeros((4, 4, 6, 1), np.uint8),
        actions=np.array([[0, 1], [2, 0], [1, 1]]),
        rewards=np.zeros(3, np.float32),
        terminated=True,
        truncated=False,
        game_over=True,
        policy="random",
    )
    assert write(NAME, info, [episode]) == (1, 3)
    assert minari.load_dataset(NAME).spec.action_space == MultiDiscrete([3, 2])
    loaded_info, (loaded,) = load(NAME)
    assert loaded_info == info
    assert loaded.actions.dtype == np.int64
    assert loaded.actions.tolist() == [[0, 1], [2, 0], [1, 1]]
    assert digest(loaded) == digest(episode)
    assert digest(loaded) != digest(episode._replace(actions=episode.actions[::-1]))


@pytest.mark.parametrize(
    ("space", "actions", "sizes", "names", "read"),
    [
        (MultiDiscrete([3, 2], start=[1, 0]), [[1, 0], [3, 1]], (3, 2), ("0", "1", "2", "0", "1"), [[0, 0], [2, 1]]),
        (MultiBinary(2), [[1, 0], [1, 1]], (2, 2), ("0", "1", "0", "1"), [[1, 0], [1, 1]]),
    ],
    ids=["counted from one", "switches"],
)
def test_actions_of_several_parts_by_others_are_understood(root: Path, space, actions, sizes, names, read):
    frames = np.zeros((3, 40, 40, 3), np.uint8)
    _foreign(root, Box(0, 255, (40, 40, 3), np.uint8), space, [_buffer(frames, np.array(actions, space.dtype))])
    info, (episode,) = load("other/data-v0")
    assert (info.action_sizes, info.num_actions, info.action_meanings) == (sizes, sum(sizes), names)
    assert episode.actions.tolist() == read


@pytest.mark.parametrize(
    ("observations", "actions", "complaint"),
    [
        (Box(-1, 1, (5,), np.float32), Discrete(3), "must be images"),
        (Box(0, 255, (40, 40, 3), np.uint8), Box(-1, 1, (2,), np.float32), "must be Discrete"),
        (Box(0, 255, (40, 40, 3), np.uint8), MultiDiscrete([[2, 2], [2, 2]]), "must be Discrete"),
    ],
    ids=["vectors", "continuous actions", "actions in a table"],
)
def test_what_is_not_images_with_discrete_actions_is_refused(root: Path, observations, actions, complaint: str):
    frames = np.zeros((3, *observations.shape), observations.dtype)
    _foreign(root, observations, actions, [_buffer(frames, np.zeros((2, *actions.shape), actions.dtype))])
    with pytest.raises(InvalidDataset, match=complaint):
        load("other/data-v0")


def test_a_dataset_without_episodes_is_called_empty(root: Path):
    _foreign(root, Box(0, 255, (40, 40, 3), np.uint8), Discrete(3), [])
    with pytest.raises(InvalidDataset, match="is empty"):
        load("other/data-v0")
