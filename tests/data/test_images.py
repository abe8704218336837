"""The images in the observations of others become frames, whichever way they were stored."""

from pathlib import Path

import minari
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Space, Text
from minari.data_collector.episode_buffer import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

from gym_diamond.data.dataset import load
from gym_diamond.data.images import View, find_image, to_frames
from gym_diamond.errors import InvalidDataset

NAME = "other/data-v0"
FRAMES = np.random.default_rng(0).integers(256, size=(4, 40, 48, 3), dtype=np.uint8)
IMAGE = Box(0, 255, (40, 48, 3), np.uint8)
MINIGRID = Dict({"direction": Discrete(4), "image": IMAGE, "mission": Text(20)})


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def save(root: Path, space: Space, observations: object, *, jpeg: bool = False) -> None:
    """The dataset `NAME` of one episode of three steps, written by Minari itself."""
    path = root / NAME / "data"
    path.parent.mkdir(parents=True)
    storage = MinariStorage.new(path, observation_space=space, action_space=Discrete(3), jpeg_encoding=jpeg)
    storage.update_metadata({"dataset_id": NAME, "minari_version": minari.__version__})
    buffer = EpisodeBuffer(
        observations=observations,  # pyright: ignore[reportArgumentType]
        actions=np.array([0, 1, 2]),
        rewards=np.ones(3),
        terminations=np.array([False, False, True]),
        truncations=np.zeros(3, np.bool_),
    )
    storage.update_episodes([buffer])


def frames(view: View = View()) -> np.ndarray:  # noqa: B008
    info, (episode,) = load(NAME, view)
    assert episode.frames.shape[1:] == (info.height, info.width, info.channels)
    return episode.frames


def minigrid(**images: np.ndarray) -> dict[str, object]:
    return {"direction": np.zeros(4, np.int64), "mission": ["go to the door"] * 4, **images}


def test_the_only_image_in_a_dictionary_is_found(root: Path):
    save(root, MINIGRID, minigrid(image=FRAMES))
    assert np.array_equal(frames(), FRAMES)
    assert np.array_equal(frames(View(image_key="image")), FRAMES)


def test_of_several_images_one_has_to_be_chosen(root: Path):
    space = Dict({"near": Box(0, 255, (40, 48, 1), np.uint8), "far": IMAGE})
    save(root, space, {"near": FRAMES[..., :1], "far": FRAMES})
    assert np.array_equal(frames(View(image_key="near")), FRAMES[..., :1])
    with pytest.raises(InvalidDataset, match=r"Their images are 'far', 'near': choose one by --image-key"):
        frames()
    with pytest.raises(InvalidDataset, match=r"have no image 'middle'. Their images are 'far', 'near'"):
        frames(View(image_key="middle"))


def test_a_dictionary_without_an_image_is_refused(root: Path):
    save(root, Dict({"speed": Box(-1, 1, (2,), np.float32)}), {"speed": np.zeros((4, 2), np.float32)})
    with pytest.raises(InvalidDataset, match=r"dataset 'other/data-v0' are dictionaries. None of 'speed' is an image"):
        frames()


def test_channels_may_come_first(root: Path):
    save(root, Box(0, 255, (3, 40, 48), np.uint8), FRAMES.transpose(0, 3, 1, 2))
    assert np.array_equal(frames(), FRAMES)


@pytest.mark.parametrize("high", [1.0, 255.0])
def test_floats_whose_space_tells_their_range_become_levels_without_a_loss(root: Path, high: float):
    save(root, Box(0, high, (40, 48, 3), np.float32), (FRAMES * np.float32(high / 255)).astype(np.float32))
    assert np.array_equal(frames(), FRAMES)


def test_floats_beyond_what_their_space_says_are_refused(root: Path):
    save(root, Box(0, 1, (40, 48, 3), np.float32), FRAMES.astype(np.float32))
    with pytest.raises(InvalidDataset, match=r"of episode 0 of dataset 'other/data-v0' hold floats from 0 to 255"):
        frames()


@pytest.mark.parametrize(("high", "above"), [(1.0, 1.0000001), (1.0, 1.0005), (255.0, 255.00002)])
def test_floats_that_were_rounded_beyond_the_ends_are_black_and_white(root: Path, high: float, above: float):
    images = np.zeros((4, 40, 48, 3), np.float32)
    images[0], images[1], images[2] = above, high, high - above
    assert images.max() > high
    assert images.min() < 0
    save(root, Box(0, high, (40, 48, 3), np.float32), images)
    assert frames()[:, 0, 0, 0].tolist() == [255, 255, 0, 0]


@pytest.mark.parametrize(
    ("high", "wrong", "complaint"),
    [
        (1.0, 1.01, "hold floats from 0 to 1.01, and their space says 0 to 1. Clip them, or correct the space"),
        (1.0, -0.01, "hold floats from -0.01 to 0, and their space says 0 to 1."),
        (255.0, 256.0, "hold floats from 0 to 256, and their space says 0 to 255."),
        (1.0, np.nan, "hold floats from nan to nan, and their space says 0 to 1."),
    ],
)
def test_floats_further_beyond_are_told_with_what_the_space_says(root: Path, high: float, wrong: float, complaint: str):
    images = np.zeros((4, 40, 48, 3), np.float32)
    images[3, 5, 5, 1] = wrong
    save(root, Box(0, high, (40, 48, 3), np.float32), images)
    with pytest.raises(InvalidDataset, match=complaint):
        frames()


def test_jpeg_is_read_as_nearly_as_it_was_stored(root: Path):
    smooth = np.broadcast_to(np.arange(0, 240, 5, dtype=np.uint8)[:, None], (4, 40, 48, 3)).copy()
    save(root, IMAGE, smooth, jpeg=True)
    assert frames().dtype == np.uint8
    assert np.abs(frames().astype(int) - smooth).max() <= 4


def test_frames_are_resized_as_told_and_only_then(root: Path):
    save(root, IMAGE, FRAMES)
    assert frames(View(resize=(20, 24))).shape == (4, 20, 24, 3)
    assert frames(View(resize=(20, 24)))[0, 0, 0, 0] == pytest.approx(FRAMES[0, :2, :2, 0].mean(), abs=1)
    assert np.array_equal(frames(View(resize=(40, 48))), FRAMES)


def test_a_stack_of_grey_frames_keeps_its_channels_but_is_not_resized():
    stack = np.zeros((2, 4, 84, 84), np.uint8)
    source = find_image(Box(0, 255, (4, 84, 84), np.uint8), None)
    assert source.shape == (84, 84, 4)
    assert to_frames(stack, source, View()).shape == (2, 84, 84, 4)
    with pytest.raises(InvalidDataset, match=r"cannot be resized: A picture of shape \(84, 84, 4\)"):
        to_frames(stack, source, View(resize=(64, 64)))


@pytest.mark.parametrize(
    "space",
    [
        Box(-1, 1, (40, 40, 3), np.float32),
        Box(0, 1, (40, 40, 3), np.int64),
        Box(0, 255, (40,), np.uint8),
        Box(0, 255, (40, 40, 40), np.uint8),
        Discrete(4),
    ],
    ids=str,
)
def test_what_is_no_image_is_refused_with_what_would_be(space: Space):
    with pytest.raises(InvalidDataset, match=r"they must be images: uint8, or floats in \[0, 1\] or \[0, 255\]"):
        find_image(space, None)


def test_no_env_is_made_to_learn_the_spaces(root: Path):
    save(root, IMAGE, FRAMES)
    metadata = root / NAME / "data" / "metadata.json"
    metadata.write_text(metadata.read_text().replace('"observation_space"', '"was_space"'))
    with pytest.raises(InvalidDataset, match="it does not tell its spaces, but leaves them to an environment"):
        frames()
