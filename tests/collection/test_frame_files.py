"""Pictures come out of every kind of file in their order; what cannot be read is named with its place."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gym_diamond.collection.frame_files import fps_of, read_pictures
from gym_diamond.errors import InvalidDataset, MissingExtra
from tests.recordings import numbers, pictures, write_gif, write_pictures, write_video


def read(source: Path) -> np.ndarray:
    return np.stack(list(read_pictures(source)))


@pytest.mark.parametrize(
    ("ending", "codec", "pixels"),
    [
        (".mp4", "libx264", "yuv420p"),
        (".mov", "mpeg4", "yuv420p"),
        (".avi", "mpeg4", "yuv420p"),
        (".webm", "libvpx", "yuv420p"),
        (".mkv", "ffv1", "bgr0"),
    ],
)
def test_every_picture_of_a_video_comes_in_its_order(tmp_path: Path, ending: str, codec: str, pixels: str):
    source = write_video(tmp_path / f"walk{ending}", pictures(40), codec, pixels)
    found = read(source)
    assert (found.shape, found.dtype) == ((40, 16, 24, 3), np.uint8)
    assert numbers(found) == list(range(40))
    assert fps_of(source) == 30


def test_lossless_files_come_back_bit_for_bit(tmp_path: Path):
    frames = np.random.default_rng(0).integers(256, size=(3, 16, 24, 3), dtype=np.uint8)
    np.save(tmp_path / "a.npy", frames)
    np.savez(tmp_path / "b.npz", frames=frames, other=np.zeros(3))
    np.savez(tmp_path / "c.npz", anything=frames)
    write_pictures(tmp_path / "d", list(frames))
    write_video(tmp_path / "e.mkv", frames, "ffv1", "bgr0")
    for name in ("a.npy", "b.npz", "c.npz", "d", "e.mkv"):
        assert np.array_equal(read(tmp_path / name), frames), name


def test_a_gif_is_a_video_too(tmp_path: Path):
    assert np.array_equal(read(write_gif(tmp_path / "walk.gif", pictures(12))), pictures(12))


def test_pictures_are_ordered_by_the_numbers_in_their_names(tmp_path: Path):
    assert numbers(read(write_pictures(tmp_path / "walk", list(pictures(12))))) == list(range(12))


def test_a_picture_that_is_missing_among_numbered_ones_is_named(tmp_path: Path):
    """Or all actions after it would go with other pictures."""
    folder = write_pictures(tmp_path / "walk", pictures(12))
    (folder / "frame5.png").unlink()
    with pytest.raises(InvalidDataset, match=r"walk has no picture 5: \S+ follows number 4\."):
        read(folder)


def test_pictures_that_are_not_numbered_one_by_one_may_have_any_numbers(tmp_path: Path):
    """Every fourth of a video, or times in milliseconds."""
    for i, number in enumerate((0, 4, 8, 16, 20)):
        Image.fromarray(pictures(5)[i]).save(tmp_path / f"frame{number:03}.png")
    assert len(read(tmp_path)) == 5


def test_grey_pictures_have_one_channel_and_transparent_ones_three(tmp_path: Path):
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    write_pictures(tmp_path / "grey", [levels])
    np.save(tmp_path / "grey.npy", levels[None])
    assert read(tmp_path / "grey")[0].tolist() == read(tmp_path / "grey.npy")[0].tolist() == levels[..., None].tolist()
    (tmp_path / "clear").mkdir()
    Image.new("RGBA", (3, 2), (9, 8, 7, 0)).save(tmp_path / "clear" / "0.png")
    assert read(tmp_path / "clear")[0, 0, 0].tolist() == [9, 8, 7]


def test_a_picture_of_another_size_is_named(tmp_path: Path):
    folder = write_pictures(tmp_path / "walk", [*pictures(3), pictures(1, 10, 24)[0]])
    with pytest.raises(InvalidDataset, match=r"frame3.png is 10 x 24 .*; the first .* is 16 x 24 .*one size"):
        read(folder)


def test_a_broken_picture_is_named(tmp_path: Path):
    folder = write_pictures(tmp_path / "walk", list(pictures(3)))
    (folder / "frame1.png").write_bytes((folder / "frame1.png").read_bytes()[:40])
    with pytest.raises(InvalidDataset, match=r"frame1.png cannot be read as a picture"):
        read(folder)


def test_a_picture_of_16_bits_is_refused_and_not_squashed(tmp_path: Path):
    folder = write_pictures(tmp_path / "walk", [np.full((4, 4), 4000, np.uint16)])
    with pytest.raises(InvalidDataset, match=r"frame0.png .* more than 8 bits"):
        read(folder)


def test_what_is_no_video_is_named(tmp_path: Path):
    (tmp_path / "walk.mp4").write_bytes(b"This is no video." * 100)
    with pytest.raises(InvalidDataset, match=r"walk.mp4 cannot be read as a video: Invalid data"):
        read(tmp_path / "walk.mp4")
    assert fps_of(tmp_path / "walk.mp4") is None


def test_without_a_decoder_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = write_video(tmp_path / "walk.mp4", pictures(2), "libx264")
    monkeypatch.setitem(sys.modules, "av", None)  # as if it was not installed
    with pytest.raises(MissingExtra, match=r"gym-diamond\[video\]"):
        read(source)


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((3, 8, 8, 3), np.float32), r"holds float32; pictures must be uint8.*255 \* frames"),
        (np.zeros((3, 8, 8, 3), np.int64), r"holds int64; pictures must be uint8, 0 to 255\.$"),
        (np.zeros((3, 3, 8, 8), np.uint8), r"channels before height and width. Save frames.transpose\(0, 2, 3, 1\)"),
        (np.zeros((3, 8, 8, 4), np.uint8), r"the shape \(3, 8, 8, 4\); it must be \(T, H, W\)"),
        (np.zeros((8, 8), np.uint8), r"the shape \(8, 8\)"),
        (np.zeros((0, 8, 8, 3), np.uint8), r"the shape \(0, 8, 8, 3\)"),
    ],
    ids=["floats", "integers", "channels first", "four channels", "one picture", "none"],
)
def test_arrays_that_are_no_pictures_are_refused_with_what_would_do(tmp_path: Path, array: np.ndarray, complaint: str):
    np.save(tmp_path / "walk.npy", array)
    with pytest.raises(InvalidDataset, match=complaint):
        read(tmp_path / "walk.npy")


def test_files_that_are_no_arrays_are_refused_and_pickles_are_not_opened(tmp_path: Path):
    np.save(tmp_path / "walk.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidDataset, match=r"walk.npy cannot be read"):
        read(tmp_path / "walk.npy")
    np.savez(tmp_path / "walk.npz", a=np.zeros(1), b=np.zeros(1))
    with pytest.raises(InvalidDataset, match=r"holds the arrays a, b; one must be called frames"):
        read(tmp_path / "walk.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InvalidDataset, match=r"broken.npz cannot be read"):
        read(tmp_path / "broken.npz")
