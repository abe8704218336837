"""How a picture of any size becomes a frame: cropped, made grey, resized, in this order.

A frame's pixel is the mean of the picture's pixels whose centres lie in it: a ball of two pixels becomes dim, never
absent. (The emulator of Atari divides pixels on an edge between both sides, so its frames differ at edges.)
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from gym_diamond.errors import InvalidArgument

Size = tuple[int, int]  # height, width
Crop = tuple[int, int, int, int]  # top, left, height, width


@dataclass(frozen=True)
class Framing:
    """What is done to every picture; by default nothing."""

    size: Size | None = None  # of the frame
    crop: Crop | None = None  # of the picture, before it is resized
    grey: bool = False  # one channel, the luma of ITU-R 601, instead of three

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise InvalidArgument(f"The size {self.size} of frames (height, width) must be at least 1 x 1.")
        if self.crop is not None and (min(self.crop[:2]) < 0 or min(self.crop[2:]) < 1):
            raise InvalidArgument(
                f"The crop {self.crop} (top, left, height, width) must begin at 0 or later and be at least 1 x 1."
            )


def reframe(picture: np.ndarray, framing: Framing) -> np.ndarray:
    """The frame `(h, w, c)` uint8 of a picture `(H, W, C)` uint8 of 1 or 3 channels; the picture itself if that is it.

    Costs some 0.3 ms for a picture of 200 x 200.

    Args:
        picture: what was seen.
        framing: what is done to it.

    Raises:
        InvalidArgument: the crop reaches beyond the picture, or it has neither 1 nor 3 channels.
    """
    if framing == Framing():
        return picture
    cut = _cut(picture, framing.crop)
    image = _image(cut)
    if framing.grey:
        image = image.convert("L")
    if framing.size is not None:
        height, width = framing.size
        image = image.resize((width, height), Image.Resampling.BOX)
    frame = np.array(image)
    return frame if frame.ndim == 3 else frame[..., None]  # (h, w) -> (h, w, 1)


def _cut(picture: np.ndarray, crop: Crop | None) -> np.ndarray:
    if crop is None:
        return picture
    top, left, height, width = crop
    if top + height > picture.shape[0] or left + width > picture.shape[1]:
        raise InvalidArgument(
            f"The crop {crop} (top, left, height, width) reaches beyond pictures of {picture.shape[0]} x "
            f"{picture.shape[1]} (height x width)."
        )
    return picture[top : top + height, left : left + width]


def _image(picture: np.ndarray) -> Image.Image:
    if picture.ndim != 3 or picture.shape[2] not in (1, 3):
        raise InvalidArgument(f"A picture of shape {picture.shape} is given; it must be (H, W, 1) or (H, W, 3).")
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)  # (H, W, 1) -> (H, W)
