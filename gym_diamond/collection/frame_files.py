"""The pictures in a recording's files, one at a time: videos, folders of PNG or JPEG, NPZ and NPY arrays.

The only file that decodes videos (PyAV, which brings its own ffmpeg).
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from gym_diamond.collection.recordings import ARRAYS, pictures_in
from gym_diamond.errors import InvalidDataset, MissingExtra

GREY_MODES = ("1", "L", "LA")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")
CHANNELS = (1, 3)


def read_pictures(source: Path) -> Iterator[np.ndarray]:
    """The pictures `(H, W, C)` uint8 of a recording in their order, C = 1 or 3; all of one size.

    Args:
        source: a video, an array of shape (T, H, W), (T, H, W, 1) or (T, H, W, 3), or a folder of pictures.

    Raises:
        InvalidDataset: it cannot be read, or a picture has another size than the first. While pictures are drawn.
        MissingExtra: it is a video, and no decoder is installed.
    """
    first: tuple[int, ...] | None = None
    for i, (picture, where) in enumerate(_pictures(source)):
        first = first or picture.shape
        if picture.shape != first:
            raise InvalidDataset(
                f"{where} is {_size(picture.shape)}; the first of its {i + 1} pictures is {_size(first)}. All pictures "
                "of a recording must have one size."
            )
        yield picture


def fps_of(source: Path) -> float | None:
    """The pictures a second that a video says it has; None where nothing says so."""
    if source.is_dir() or source.suffix.lower() in ARRAYS:
        return None
    av = _av()
    try:
        with av.open(source) as container:
            rate = container.streams.video[0].average_rate
    except (av.FFmpegError, IndexError):
        return None  # whoever reads its pictures will tell
    return float(rate) if rate else None


def _pictures(source: Path) -> Iterator[tuple[np.ndarray, str]]:
    """Each picture with where it stands, for people."""
    if source.is_dir():
        for path in gapless(source, pictures_in(source)):
            yield _read_picture(path), str(path)
    elif source.suffix.lower() in ARRAYS:
        for i, picture in enumerate(_read_array(source)):
            yield picture, f"{source}, picture {i}"
    else:
        for i, picture in enumerate(_read_video(source)):
            yield picture, f"{source}, picture {i}"


def gapless(folder: Path, paths: Sequence[Path]) -> Sequence[Path]:
    """`paths`, the pictures in `folder`, if none is missing where they are numbered one by one.

    Raises:
        InvalidDataset: one is, so that every action after it would be given to the wrong picture.
    """
    numbers = [int(found[-1]) for path in paths if (found := re.findall(r"\d+", path.stem))]
    steps = [after - before for before, after in pairwise(numbers)]
    one_by_one = len(numbers) == len(paths) > 1 and Counter(steps).most_common(1)[0][0] == 1
    if one_by_one and max(steps) > 1:
        gap = steps.index(max(steps))
        raise InvalidDataset(
            f"{folder} has no picture {numbers[gap] + 1}: {paths[gap + 1].name} follows number {numbers[gap]}. Each "
            "picture needs its place, or all actions after it would belong to other pictures. Add it, or number the "
            "pictures anew without it and take its action out too."
        )
    return paths


def _read_picture(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            if image.mode not in GREY_MODES + COLOUR_MODES:
                raise InvalidDataset(
                    f"{path} is of the kind {image.mode!r}, with more than 8 bits a channel. Save it as 8-bit grey or "
                    "RGB."
                )
            pixels = np.array(image.convert("L" if image.mode in GREY_MODES else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:  # SyntaxError: how Pillow tells a broken PNG
        raise InvalidDataset(f"{path} cannot be read as a picture: {error}.") from error
    return pixels if pixels.ndim == 3 else pixels[..., None]  # (H, W) -> (H, W, 1)


def _read_video(path: Path) -> Iterator[np.ndarray]:
    av = _av()
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise InvalidDataset(f"{path} has no pictures, only sound or text.")
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
    except av.FFmpegError as error:
        raise InvalidDataset(f"{path} cannot be read as a video: {error.strerror}.") from error


def _read_array(path: Path) -> np.ndarray:
    """The pictures `(T, H, W, C)` uint8."""
    try:
        packed = path.suffix.lower() == ".npz"
        frames = _only_array(path) if packed else np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, TypeError) as error:
        if isinstance(error, InvalidDataset):
            raise
        raise InvalidDataset(f"{path} cannot be read: {error}.") from error
    if frames.dtype != np.uint8:
        hint = " Convert it by (255 * frames).round().astype('uint8')." if frames.dtype.kind == "f" else ""
        raise InvalidDataset(f"{path} holds {frames.dtype}; pictures must be uint8, 0 to 255.{hint}")
    if frames.ndim == 4 and frames.shape[3] not in CHANNELS and frames.shape[1] in CHANNELS:
        raise InvalidDataset(
            f"{path} has the shape {frames.shape}, with the channels before height and width. Save "
            "frames.transpose(0, 2, 3, 1)."
        )
    if frames.ndim not in (3, 4) or (frames.ndim == 4 and frames.shape[3] not in CHANNELS) or frames.size == 0:
        raise InvalidDataset(
            f"{path} has the shape {frames.shape}; it must be (T, H, W), (T, H, W, 1) or (T, H, W, 3): pictures in "
            "their order."
        )
    return frames if frames.ndim == 4 else frames[..., None]  # (T, H, W) -> (T, H, W, 1)


def _only_array(path: Path) -> np.ndarray:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        name = "frames" if "frames" in arrays.files else arrays.files[0] if len(arrays.files) == 1 else None
        if name is None:
            raise InvalidDataset(
                f"{path} holds the arrays {', '.join(arrays.files) or 'none'}; one must be called frames."
            )
        return arrays[name]


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtra('Videos need a decoder: pip install "gym-diamond[video]". (Pictures do not.)') from error
    return av


def _size(shape: tuple[int, ...]) -> str:
    kind = "grey" if shape[2] == 1 else "colour"
    return f"{shape[0]} x {shape[1]} (height x width), {kind}"
