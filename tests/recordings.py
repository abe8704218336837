"""Recordings as people bring them: pictures whose every pixel tells their number, and files of actions."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image


def pictures(num: int, height: int = 16, width: int = 24, first: int = 0) -> np.ndarray:
    """`(num, H, W, 3)` uint8; picture i has the one colour (6 i, 6 i, 6 i)."""
    levels = 6 * (first + np.arange(num, dtype=np.uint8))
    return np.broadcast_to(levels[:, None, None, None], (num, height, width, 3)).copy()


def numbers(frames: np.ndarray) -> list[int]:
    """Which of `pictures` the `frames` are, also after a lossy codec."""
    return np.round(frames.mean(axis=(1, 2, 3)) / 6).astype(int).tolist()


def write_pictures(folder: Path, frames: Sequence[np.ndarray], ending: str = ".png") -> Path:
    """A folder of pictures frame0.png, frame1.png, ..., frame10.png."""
    folder.mkdir(parents=True)
    for i, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"frame{i}{ending}")
    return folder


def write_video(path: Path, frames: np.ndarray, codec: str, pixels: str = "yuv420p", fps: int = 30) -> Path:
    """A video of `frames` `(T, H, W, 3)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_gif(path: Path, frames: np.ndarray) -> Path:
    """A GIF of `frames`."""
    first, *rest = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=rest, duration=50)
    return path


def write_csv(path: Path, text: str) -> Path:
    """A CSV file of `text`, in which blanks part the lines: "action,reward 1,0 2,1"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(text.split()) + "\n", encoding="utf-8")
    return path
