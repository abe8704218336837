"""Real play at rest: Minari datasets, the standard of offline reinforcement learning.

Frames are stored without loss (Minari's own default is JPEG, which smears the very pixels a world model has to learn),
a lost life ends an episode, and the game's own end stands in the infos. The only file that knows Minari.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from gym_diamond.choices import Choices, choices_of, first_choice
from gym_diamond.data.dataset_info import DatasetInfo
from gym_diamond.data.episode import Episode
from gym_diamond.data.images import ImageSource, View, find_image, frame_shape, to_frames
from gym_diamond.data.workplace import REPLACED, workplace
from gym_diamond.errors import InvalidDataset, MissingExtra
from gym_diamond.games import ATARI_FPS

try:
    import minari
    from minari.data_collector.episode_buffer import EpisodeBuffer
    from minari.dataset.minari_dataset import parse_dataset_id
    from minari.dataset.minari_storage import MinariStorage
    from minari.namespace import create_namespace, list_local_namespaces
    from minari.storage import get_dataset_path
except ImportError as error:
    raise MissingExtra('Datasets need Minari: pip install "gym-diamond[train]"') from error

FRAMES_AT_ONCE = 4096  # episodes are written in groups of about this many frames: 50 MB, and a file opened less often
RESERVE = 1 << 20


def write(
    name: str,
    info: DatasetInfo,
    episodes: Iterable[Episode],
    *,
    seed: int | None = None,
    description: str = "",
    overwrite: bool = False,
) -> tuple[int, int]:
    """The numbers of episodes and of steps written as the Minari dataset `name`.

    Args:
        name: "namespace/name-v0".
        info: what was played.
        episodes: are drawn one by one, so they may be played meanwhile; those without an action are left out.
        seed: from which they were played; stored with each.
        description: one sentence for people.
        overwrite: replace a dataset of that name, once the new one is complete.

    Raises:
        InvalidDataset: the name is malformed or taken, or there are no episodes.
        OSError: the datasets' folder is not writable, or the disk is full. Nothing is left behind.
    """
    dataset_path(name)  # refuses a malformed name
    with workplace(get_dataset_path(), name) as temporary:
        target = check_name(name, overwrite=overwrite)
        (temporary / "data").mkdir()
        storage = MinariStorage.new(
            temporary / "data",
            observation_space=Box(0, np.iinfo(np.uint8).max, (info.height, info.width, info.channels), np.uint8),
            action_space=info.choices.space,
            jpeg_encoding=False,
        )
        storage.update_metadata(
            {
                "dataset_id": name,
                "minari_version": minari.__version__,
                "description": description,
                "gym_diamond": asdict(info),
            }
        )
        num_episodes = _write_episodes(storage, episodes, seed)
        if not num_episodes:
            raise InvalidDataset(f"Nothing was played, so there is no dataset {name!r} to write.")
        num_steps = storage.total_steps
        publish(temporary, target, name)
    return num_episodes, num_steps


def load(name: str, view: View = View()) -> tuple[DatasetInfo, list[Episode]]:  # noqa: B008 - it is frozen
    """What was played, and every episode of the local Minari dataset `name`. Never asks the network.

    Episodes without an action are left out. Datasets that others made are read as well, if their observations are
    images, or dictionaries with one (`images.py`), and their actions are Discrete, MultiDiscrete or MultiBinary.

    Args:
        name: "namespace/name-v0".
        view: which image of the observations, and of which size.

    Raises:
        InvalidDataset: the dataset is absent, damaged, empty, not made of images, or its actions are not discrete.
    """
    path = dataset_path(name) / "data"
    if not path.is_dir():
        raise InvalidDataset(_absent(name))
    try:
        _check_spaces(MinariStorage.read_raw_metadata(path))
        storage = MinariStorage.read(path)
        source = _find_image(name, storage, view)
        info = _read_info(name, storage, frame_shape(source, view))
        episodes = list(_read_episodes(name, storage, source, view))
    except (OSError, KeyError, AssertionError, ValueError) as error:
        if isinstance(error, InvalidDataset):
            raise
        raise InvalidDataset(f"Dataset {name!r} in {path} cannot be read: {error}. Collect it again.") from error
    if not episodes:
        raise InvalidDataset(f"Dataset {name!r} in {path} is empty. Collect it again.")
    return info, episodes


def check_name(name: str, *, overwrite: bool) -> Path:
    """The folder in which the dataset `name` will stand.

    Raises:
        InvalidDataset: the name is malformed, or taken while `overwrite` is false.
    """
    path = dataset_path(name)
    if path.exists() and not overwrite:
        raise InvalidDataset(
            f"There already is a dataset {name!r} in {path}. Choose another name, such as a higher version, "
            "or replace it with --overwrite."
        )
    return path


def _write_episodes(storage: MinariStorage, episodes: Iterable[Episode], seed: int | None) -> int:
    seeds = {} if seed is None else {"collection_seed": seed}
    group: list[Episode] = []
    about: list[dict[str, Any]] = []
    for episode in episodes:
        if len(episode.actions) == 0:
            continue
        group.append(episode)
        about.append({"policy": episode.policy, "game_over": episode.game_over, **seeds})
        if sum(len(waiting.frames) for waiting in group) >= FRAMES_AT_ONCE:
            _append(storage, group)
            group = []
    if group:
        _append(storage, group)
    if about:
        storage.update_episode_metadata(about)
    return len(about)


def _append(storage: MinariStorage, group: list[Episode]) -> None:
    num_bytes = sum(episode.frames.nbytes for episode in group)
    _reserve(storage.data_path, int(1.5 * num_bytes) + RESERVE)  # HDF5's own books take up to a third more
    storage.update_episodes(map(_to_buffer, group))


def _reserve(folder: Path, num_bytes: int) -> None:
    """Fail cleanly if `num_bytes` do not fit on the disk: HDF5 itself takes the whole process down when one is full.

    Writes that much and deletes it again, which costs 2% of the time and sees quotas and limits of every kind.
    """
    ballast, zeros = folder / "reserve", bytes(RESERVE)
    try:
        with ballast.open("wb") as file:
            for _ in range(-(-num_bytes // RESERVE)):
                file.write(zeros)
    except OSError as error:
        text = f"{error.strerror}: the next {num_bytes / 1e6:.0f} MB of the dataset do not fit"
        raise OSError(error.errno, text, str(folder)) from error
    finally:
        ballast.unlink(missing_ok=True)


def _to_buffer(episode: Episode) -> EpisodeBuffer:
    num_steps = len(episode.actions)
    terminations, truncations = np.zeros(num_steps, np.bool_), np.zeros(num_steps, np.bool_)
    terminations[-1], truncations[-1] = episode.terminated, episode.truncated
    game_over = np.zeros(num_steps + 1, np.bool_)  # infos have an entry for each frame
    game_over[-1] = episode.game_over
    return EpisodeBuffer(
        observations=episode.frames,  # pyright: ignore[reportArgumentType]
        actions=episode.actions,  # pyright: ignore[reportArgumentType]
        rewards=episode.rewards,  # pyright: ignore[reportArgumentType]
        terminations=terminations,  # pyright: ignore[reportArgumentType]
        truncations=truncations,  # pyright: ignore[reportArgumentType]
        infos={"game_over": game_over},
    )


def publish(temporary: Path, target: Path, name: str) -> None:
    """Move `temporary`/data, a whole dataset, to where the dataset `name` stands; one that is there moves aside."""
    namespace = parse_dataset_id(name)[0]
    if namespace is not None and namespace not in list_local_namespaces():
        create_namespace(namespace)
    replaced = temporary / REPLACED
    if target.exists():
        os.replace(target, replaced)
    try:
        target.mkdir(parents=True)
        os.replace(temporary / "data", target / "data")
    except BaseException:  # a full disk, or Ctrl-C just now: what was there comes back
        if replaced.exists():
            shutil.rmtree(target, ignore_errors=True)
            os.replace(replaced, target)
        raise


def _check_spaces(metadata: Mapping[str, Any]) -> None:
    """Nothing, if the spaces are told. Minari would else make the env that the dataset names, which may be any code."""
    if not {"observation_space", "action_space"} <= metadata.keys():
        raise ValueError("it does not tell its spaces, but leaves them to an environment; save it with a newer Minari")


def _find_image(name: str, storage: MinariStorage, view: View) -> ImageSource:
    try:
        return find_image(storage.observation_space, view.image_key)
    except InvalidDataset as error:
        raise InvalidDataset(f"The observations of dataset {name!r} {error}") from error


def _read_info(name: str, storage: MinariStorage, shape: tuple[int, int, int]) -> DatasetInfo:
    height, width, channels = shape
    choices = choices_of(storage.action_space)
    if choices is None:
        raise InvalidDataset(
            f"The actions of dataset {name!r} are {storage.action_space}; they must be Discrete, or MultiDiscrete or "
            "MultiBinary of one axis."
        )
    known: dict[str, Any] = storage.metadata.get("gym_diamond", {})
    return DatasetInfo(
        game=known.get("game", name.rpartition("/")[0] or name),
        num_actions=choices.num_actions,
        action_meanings=tuple(known.get("action_meanings", _numbers(choices))),
        fps=known.get("fps", ATARI_FPS),
        height=height,
        width=width,
        channels=channels,
        action_sizes=choices.action_sizes,
        has_rewards=known.get("has_rewards", True),
        has_ends=known.get("has_ends", True),
    )


def _numbers(choices: Choices) -> Iterator[str]:
    """Names for actions that have none: their numbers, of several parts those within each."""
    for size in choices.action_sizes or (choices.num_actions,):
        yield from map(str, range(size))


def _read_episodes(name: str, storage: MinariStorage, source: ImageSource, view: View) -> Iterator[Episode]:
    indices = range(storage.total_episodes)
    first = first_choice(storage.action_space)
    for data, about in zip(storage.get_episodes(indices), storage.get_episode_metadata(indices), strict=True):
        if len(data["actions"]) == 0:
            continue
        try:
            frames = to_frames(data["observations"], source, view)
        except InvalidDataset as error:
            raise InvalidDataset(f"The observations of episode {data['id']} of dataset {name!r} {error}") from error
        terminated = bool(data["terminations"][-1])
        yield Episode(
            frames=frames,
            actions=data["actions"].astype(np.int64) - first,
            rewards=data["rewards"].astype(np.float32),
            terminated=terminated,
            truncated=bool(data["truncations"][-1]),
            game_over=bool(about.get("game_over", terminated)),
            policy=str(about.get("policy", "unknown")),
        )


def dataset_path(name: str) -> Path:
    """The folder in which the dataset `name` stands, or would.

    Raises:
        InvalidDataset: the name is malformed.
    """
    try:
        parse_dataset_id(name)
    except (ValueError, TypeError) as error:  # Minari's own parser stumbles over a missing version
        raise InvalidDataset(
            f"{name!r} is not the name of a dataset; names look like breakout/random-v0: letters, "
            "digits, - and _, a namespace of two characters or more, and a version at the end."
        ) from error
    return get_dataset_path(name)


def _absent(name: str) -> str:
    local = ", ".join(sorted(minari.list_local_datasets())) or "none"
    return (
        f"There is no dataset {name!r} in {get_dataset_path()}. Here there is: {local}. Collect one with "
        f"`gym-diamond collect GAME --dataset {name}`, or get a public one of Minari's with --download."
    )
