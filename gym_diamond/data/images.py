"""The images among the observations of a dataset that others made, as frames.

Understood are images alone or in a dictionary, uint8 or floats whose space says [0, 1] or [0, 255], with their channels
last or first. What else there is in a dictionary is left aside.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Dict, Space

from gym_diamond.data.resize import Framing, Size, reframe
from gym_diamond.errors import InvalidArgument, InvalidDataset

MAX_CHANNELS = 15  # of three axes with at most so many entries, one is that of the channels
MAX_LEVEL = np.iinfo(np.uint8).max


@dataclass(frozen=True)
class View:
    """How the observations of a dataset are looked at."""

    image_key: str | None = None  # of the image in observations that are dictionaries; None = the only one
    resize: Size | None = None  # height and width of the frames; None = as they are stored


class ImageSource(NamedTuple):
    """Where an image is in an observation, and how it is stored."""

    key: str | None  # None: the observation is the image
    shape: tuple[int, int, int]  # (H, W, C), as it will be
    channels_first: bool
    scale: float | None  # from floats to levels: 255 or 1; None: it is stored in uint8


def find_image(space: Space, image_key: str | None) -> ImageSource:
    """Where the image is in observations of `space`.

    Args:
        space: of the observations.
        image_key: which entry of a dictionary; None if there is only one that is an image.

    Raises:
        InvalidDataset: there is no image, or more than one. The message goes on after "The observations ...".
    """
    if not isinstance(space, Dict):
        source = _image(None, space)
        if source is None:
            raise InvalidDataset(
                f"are {space}; they must be images: uint8, or floats in [0, 1] or [0, 255], of shape (height, width) "
                "or (height, width, channels)."
            )
        return source
    images = {key: found for key, inside in space.items() if (found := _image(key, inside)) is not None}
    if image_key is not None and image_key not in images:
        raise InvalidDataset(f"have no image {image_key!r}. {_listed(space, images)}")
    if image_key is None and len(images) != 1:
        raise InvalidDataset(f"are dictionaries. {_listed(space, images)}")
    return images[image_key] if image_key is not None else next(iter(images.values()))


def frame_shape(source: ImageSource, view: View) -> tuple[int, int, int]:
    """Height, width and channels of the frames."""
    height, width, channels = source.shape
    return (*view.resize, channels) if view.resize is not None else (height, width, channels)


def to_frames(observations: Any, source: ImageSource, view: View) -> np.ndarray:
    """The frames `(T, H, W, C)` uint8 of an episode.

    Args:
        observations: of an episode, an array or a dictionary of arrays, the time on axis 0.
        source: what `find_image` gave.
        view: whether they are resized, which costs some 0.3 ms for each.

    Raises:
        InvalidDataset: floats lie outside of what their space says, or frames of so many channels cannot be resized.
    """
    images = np.asarray(observations if source.key is None else observations[source.key])
    if images.ndim == 3:
        images = images[..., None]  # (T, H, W) -> (T, H, W, 1)
    if source.channels_first:
        images = np.moveaxis(images, 1, -1)  # (T, C, H, W) -> (T, H, W, C)
    if source.scale is not None:
        images = _levels(images, source.scale)
    if view.resize is None or images.shape[1:3] == view.resize:
        return np.ascontiguousarray(images)
    try:
        return np.stack([reframe(image, Framing(size=view.resize)) for image in images])
    except InvalidArgument as error:
        raise InvalidDataset(f"cannot be resized: {error}") from error


def _image(key: str | None, space: Space) -> ImageSource | None:
    """What kind of image `space` holds; None if it holds none."""
    if not isinstance(space, Box) or len(space.shape) not in (2, 3):
        return None
    scale = None
    if space.dtype != np.uint8:
        high = float(space.high.max())
        if not np.issubdtype(space.dtype, np.floating) or space.low.min() < 0 or high not in (1.0, MAX_LEVEL):
            return None
        scale = MAX_LEVEL / high
    if len(space.shape) == 2:
        return ImageSource(key, (*space.shape, 1), channels_first=False, scale=scale)
    first, second, third = space.shape
    if third <= MAX_CHANNELS:
        return ImageSource(key, (first, second, third), channels_first=False, scale=scale)
    if first <= MAX_CHANNELS < second:
        return ImageSource(key, (second, third, first), channels_first=True, scale=scale)
    return None


def _levels(images: np.ndarray, scale: float) -> np.ndarray:
    levels = np.rint(images * np.float32(scale))  # a float that was resized may lie a rounding error beyond the ends
    if not ((levels >= 0) & (levels <= MAX_LEVEL)).all():  # False for NaN too
        raise InvalidDataset(
            f"hold floats from {images.min():.6g} to {images.max():.6g}, and their space says 0 to "
            f"{MAX_LEVEL / scale:g}. Clip them, or correct the space, and write the dataset again."
        )
    return levels.astype(np.uint8)


def _listed(space: Dict, images: dict[str, ImageSource]) -> str:
    if not images:
        return f"None of {', '.join(map(repr, space))} is an image (uint8, or floats in [0, 1] or [0, 255])."
    return f"Their images are {', '.join(map(repr, images))}: choose one by --image-key."
