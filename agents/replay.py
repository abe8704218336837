"""Everything that was played in the real game: in memory for the fits, and on disk in shards that are never changed.

    FOLDER/000000000.npz   the frames from number 0 on, with what led to each
    FOLDER/000005012.npz   those from number 5,012 on, and so on

A shard is written whole just before the checkpoint that counts its frames. What a killed run wrote after its last
checkpoint is counted by none, so it is not read, and the shard that takes its place has its name.
"""

import math
from pathlib import Path

import numpy as np
import torch

from gym_diamond.data.archive import DAMAGED, MAX_UNPACKED_BYTES, check_archive
from gym_diamond.data.episode import Episode
from gym_diamond.data.growing import GrowingStore, Played, end_to_end
from gym_diamond.data.segments import SegmentStore
from gym_diamond.errors import InvalidRun
from gym_diamond.files import replacing

DTYPES = {
    "frames": np.uint8,
    "is_first": np.bool_,
    "actions": np.int64,
    "rewards": np.float32,
    "terminated": np.bool_,
    "game_over": np.bool_,
}
BYTES_BESIDE_A_FRAME = sum(np.dtype(dtype).itemsize for dtype in DTYPES.values())
BYTES_OF_HEADERS = 2**16


class Replay:
    """The play of one run.

    Args:
        folder: of the shards; made when the first is written.
        frame_shape: (H, W, C).
        capacity: frames to make room for.
        device: where they are sampled.
    """

    def __init__(
        self, folder: Path, frame_shape: tuple[int, int, int], capacity: int, device: torch.device | str = "cpu"
    ) -> None:
        self.folder = folder
        self._frame_shape = frame_shape
        self._store = GrowingStore(frame_shape, capacity, device)
        self._unsaved: list[Played] = []
        self._views: dict[tuple[float, ...], SegmentStore] = {}  # that are still good

    @property
    def num_steps(self) -> int:
        """The real steps that were taken."""
        return self._store.num_transitions

    @property
    def num_frames(self) -> int:
        """The frames that were seen: what a checkpoint has to tell."""
        return self._store.num_frames

    def append(self, played: Played) -> None:
        """Keep `played`; it is written with the next `save`."""
        self._views = {}
        self._store.append(played)
        self._unsaved.append(played)

    def view(self, shares: tuple[float, ...] = ()) -> SegmentStore:
        """What fits sample from, until the next `append`; `shares` as in `GrowingStore.view`."""
        if shares not in self._views:
            self._views[shares] = self._store.view(shares)
        return self._views[shares]

    def episodes(self) -> list[Episode]:
        """All episodes, played by "agent"."""
        return self._store.episodes("agent")

    def num_rare_rewards(self) -> int:
        """How many rewards have another sign than most have."""
        _, counts = self._store.rewards().sign().unique(return_counts=True)
        return int(counts.sum() - counts.max()) if len(counts) else 0

    def save(self) -> None:
        """Write what is not written yet as one shard."""
        if not self._unsaved:
            return
        shard = end_to_end(self._unsaved)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = _path(self.folder, self.num_frames - len(shard.frames))
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **shard._asdict())
        self._unsaved = []

    def load(self, num_frames: int) -> None:
        """Read the shards of the first `num_frames` frames into this replay, which must be empty.

        Raises:
            InvalidRun: a shard is missing or damaged, or holds what does not fit.
        """
        while self.num_frames < num_frames:
            shard = self._read(_path(self.folder, self.num_frames), num_frames - self.num_frames)
            if self.num_frames + len(shard.frames) > num_frames:
                raise InvalidRun(
                    f"the shards in {self.folder} are not those of the checkpoint: it counts {num_frames:,} frames, "
                    f"and the shard of number {self.num_frames:,} has {len(shard.frames):,}."
                )
            self._store.append(shard)

    def _read(self, path: Path, most_frames: int) -> Played:
        """The shard at `path`, which may have `most_frames` frames, or as many as any archive."""
        bytes_per_frame = math.prod(self._frame_shape) + BYTES_BESIDE_A_FRAME
        try:
            check_archive(path, DTYPES, max(MAX_UNPACKED_BYTES, most_frames * bytes_per_frame + BYTES_OF_HEADERS))
            with np.load(path, allow_pickle=False) as arrays:
                shard = Played(**{name: arrays[name] for name in DTYPES})
        except DAMAGED as error:
            raise InvalidRun(f"the replay is not whole: {path} is missing or damaged ({error}).") from error
        n = len(shard.frames)
        fits = all(array.dtype == DTYPES[name] and len(array) == n for name, array in shard._asdict().items())
        if not fits or n == 0 or shard.frames.shape[1:] != self._frame_shape:
            raise InvalidRun(f"{path} is not a shard of this run: its arrays do not fit each other or the game.")
        return shard


class GivenPlay:
    """Play that others collected, in place of a replay: it never grows, and all of it is sampled alike."""

    def __init__(self, episodes: list[Episode], device: torch.device | str = "cpu") -> None:
        self._episodes = episodes
        self._store = SegmentStore.from_episodes(episodes, device)
        self.num_steps = self._store.num_transitions

    def view(self, shares: tuple[float, ...] = ()) -> SegmentStore:
        """What fits sample from, whatever the `shares`: who played last is not who plays best here."""
        return self._store

    def episodes(self) -> list[Episode]:
        """All episodes."""
        return self._episodes


def _path(folder: Path, first: int) -> Path:
    return folder / f"{first:09d}.npz"
