"""`gym-diamond import`: make a Minari dataset of recordings that a person brings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tqdm import tqdm

from gym_diamond.choices import split_names
from gym_diamond.cli import run_folder, say
from gym_diamond.collection.frame_files import fps_of, read_pictures
from gym_diamond.collection.import_summary import summarize
from gym_diamond.collection.importing import Facts, read_recording
from gym_diamond.collection.logs import Log, read_log
from gym_diamond.collection.recordings import Recording, find_recordings, problems_of
from gym_diamond.data.dataset import DatasetInfo, check_name, write
from gym_diamond.data.episode import Episode
from gym_diamond.data.resize import Framing, reframe
from gym_diamond.errors import InvalidArgument, InvalidDataset
from gym_diamond.games import ATARI_FPS


@dataclass(frozen=True)
class ImportConfig:
    """Make a Minari dataset of your own recordings, to fit a world model to.

    A recording is a sequence of pictures and a file of actions, matched by name: walk01.mp4 and walk01.csv. Pictures
    are a video (.mp4, .avi, .webm, .gif, .mkv, .mov), a folder of PNG or JPEG files in the order of their names, or an
    array (.npz, .npy) of shape (T, H, W, 3) uint8. Actions are a CSV file with a header,
      action,reward,end
      2,0,0
      0,1,1

    or an NPY file of shape (T,). Actions are whole numbers from 0 on; reward and end are optional: without them dreams
    give reward 0 and never end. Several columns that begin with action are an action of several parts.

    Row t leads from picture t to picture t+1, so there is one picture more than rows. With as many pictures as rows the
    last action is left out; anything else is refused.

    Look first, then write:
      gym-diamond import videos actions --check
      gym-diamond import videos actions --dataset walk/human-v0 --size 64 64 --frame-skip 4
    """

    frames: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="VIDEO_OR_FRAMES")]
    """A folder of recordings (videos, arrays, folders of pictures), or a single recording."""

    actions: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="ACTIONS")]
    """A folder of CSV or NPY files, one for each recording, or the file of a single one."""

    dataset: str | None = None
    """Name of the dataset to write: namespace/name-v0."""

    check: bool = False
    """Read and check everything and say what there is, but write nothing."""

    rewards: Path | None = None
    """NPY files of rewards, shape (T,), one for each recording: a folder, or the file of a single one. For CSV files
    with a column called reward this is not needed."""

    ends: Path | None = None
    """The same for ends: 1 or True where the game ended with that step, else 0."""

    size: tuple[int, int] = (64, 64)
    """Height and width of the frames. Pictures are shrunk by area; larger frames cost time and memory."""

    crop: tuple[int, int, int, int] | None = None
    """Top, left, height and width of the part of each picture that is used, before it is resized."""

    grey: bool = False
    """Make frames grey."""

    frame_skip: int = 1
    """Keep every K-th picture, with the action taken there; the rewards until the next are summed."""

    action_names: tuple[str, ...] = ()
    """What the actions mean, from 0 on: NOOP,LEFT,RIGHT. Of actions of several parts a list each: STAY,LEFT,RIGHT
    NO,JUMP. Without names there are as many actions as were seen. Name them wherever two datasets of a game are made,
    or they may differ."""

    game: str | None = None
    """Name of the game; by default the namespace of the dataset."""

    fps: int | None = None
    """Frames a second of the dataset; by default those of the first video over --frame-skip, else 15."""

    overwrite: bool = False
    """Replace a dataset of that name."""


def main(argv: list[str]) -> int:
    """The exit status of `gym-diamond import`."""
    config = tyro.cli(ImportConfig, prog="gym-diamond import", args=argv)
    path = check_options(config)
    framing = Framing(config.size, config.crop, config.grey)
    recordings = find_recordings(config.frames, config.actions, config.rewards, config.ends)
    names = split_names(config.action_names)
    logs = read_logs(recordings, [len(part) for part in names] or None)
    info = describe(config, recordings, logs, names, framing)
    facts: list[Facts] = []
    with tqdm(total=sum(len(log.actions) + 1 for log in logs), desc=info.game, unit=" pictures") as bar:
        episodes = read_all(recordings, logs, framing, config.frame_skip, info, facts, bar.update)
        if config.check or config.dataset is None:
            written = None
            for _ in episodes:
                pass
        else:
            description = f"{info.game}, imported from recordings."
            written = write(config.dataset, info, episodes, description=description, overwrite=config.overwrite)
    if not any(found.steps for found in facts):
        raise InvalidDataset(
            f"With --frame-skip {config.frame_skip} no recording is left with a step; lower it, or bring longer ones."
        )
    say(summarize(info, facts))
    if written is None:
        say("Nothing is wrong, and nothing was written (--check).")
        return 0
    say(f"{config.dataset}: {written[1]:,} steps in {written[0]:,} episodes, in {path}")
    say(f"Next: gym-diamond fit --dataset {config.dataset} --out {run_folder(info.game)} --max-minutes 60")
    return 0


def check_options(config: ImportConfig) -> Path | None:
    """The folder in which the dataset will stand, if any.

    Raises:
        InvalidArgument: an option has a value that is not allowed.
        InvalidDataset: the dataset's name is malformed or taken.
    """
    for option in ("frame_skip", "fps"):
        value = getattr(config, option)
        if value is not None and value < 1:
            raise InvalidArgument(f"--{option.replace('_', '-')} is {value}; it must be at least 1.")
    if config.dataset is None and not config.check:
        raise InvalidArgument("give --dataset NAME, for example walk/human-v0, or --check to look only.")
    split_names(config.action_names)
    return None if config.dataset is None else check_name(config.dataset, overwrite=config.overwrite or config.check)


def read_logs(recordings: Sequence[Recording], limits: Sequence[int] | None) -> list[Log]:
    """The actions, rewards and ends of all recordings.

    Raises:
        InvalidDataset: those of some recordings are wrong, each told; or they do not fit each other.
    """
    logs, problems = [], []
    for recording in recordings:
        try:
            logs.append(read_log(recording, limits))
        except InvalidDataset as error:
            problems.append(str(error))
    if problems:
        raise problems_of(problems)
    first, source = logs[0], recordings[0].actions
    for log, recording in zip(logs, recordings, strict=True):
        if log.actions.shape[1] != first.actions.shape[1]:
            problems.append(
                f"{recording.actions} has {log.actions.shape[1]} columns of actions, {source} {first.actions.shape[1]}."
            )
        for name in ("rewards", "ends"):
            if (getattr(log, name) is None) != (getattr(first, name) is None):
                has, lacks = (
                    (recording.actions, source) if getattr(first, name) is None else (source, recording.actions)
                )
                problems.append(f"{has} has {name}, {lacks} has none. Give them for all recordings or for none.")
    if problems:
        raise problems_of(problems)
    return logs


def describe(
    config: ImportConfig,
    recordings: Sequence[Recording],
    logs: Sequence[Log],
    names: Sequence[tuple[str, ...]],
    framing: Framing,
) -> DatasetInfo:
    """What the recordings are of. Reads the first picture.

    Raises:
        InvalidDataset: the first recording has no picture, or the crop does not fit it.
    """
    if not names:
        seen = np.max([log.actions.max(axis=0) for log in logs], axis=0)
        names = [tuple(map(str, range(largest + 1))) for largest in seen.tolist()]
    first = recordings[0].frames
    picture = next(read_pictures(first), None)
    if picture is None:
        raise InvalidDataset(f"{first} holds no pictures.")
    try:
        height, width, channels = reframe(picture, framing).shape
    except InvalidArgument as error:
        raise InvalidDataset(f"{first}: {error}") from error
    name, rate = config.dataset or "recordings", fps_of(first)
    return DatasetInfo(
        game=config.game or name.rpartition("/")[0] or name,
        num_actions=sum(map(len, names)),
        action_meanings=tuple(word for part in names for word in part),
        fps=config.fps or (ATARI_FPS if rate is None else max(1, round(rate / config.frame_skip))),
        height=height,
        width=width,
        channels=channels,
        action_sizes=tuple(map(len, names)) if len(names) > 1 else (),
        has_rewards=logs[0].rewards is not None,
        has_ends=logs[0].ends is not None,
    )


def read_all(
    recordings: Sequence[Recording],
    logs: Sequence[Log],
    framing: Framing,
    frame_skip: int,
    info: DatasetInfo,
    facts: list[Facts],
    advance: Callable[[int], object],
) -> Iterator[Episode]:
    """The episodes of all recordings; adds to `facts` what each holds.

    After a recording that is wrong the others are still read, so that all that is wrong is told at once.

    Raises:
        InvalidDataset: some recordings are wrong.
    """
    problems: list[str] = []
    for recording, log in zip(recordings, logs, strict=True):
        try:
            episodes, found = read_recording(recording, log, framing, frame_skip, advance)
            check_frames(recording, found, info, recordings[0])
        except InvalidDataset as error:
            problems.append(str(error))
            continue
        facts.append(found)
        if not problems:
            yield from episodes
    if problems:
        raise problems_of(problems)


def check_frames(recording: Recording, found: Facts, info: DatasetInfo, first: Recording) -> None:
    """Nothing, if the frames of `recording` are like those of the `first`.

    Raises:
        InvalidDataset: one is grey and the other in colour.
    """
    if found.frame and found.frame[2] != info.channels:
        kinds = ("grey", "in colour") if info.channels == 3 else ("in colour", "grey")
        raise InvalidDataset(
            f"{recording.frames} is {kinds[0]}, and {first.frames} {kinds[1]}. Convert one, or make all frames grey "
            "by --grey."
        )
