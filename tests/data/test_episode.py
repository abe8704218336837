"""What makes two episodes the same."""

import numpy as np
import pytest

from gym_diamond.data.episode import Episode, digest


def _episode() -> Episode:
    frames = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
    return Episode(frames, np.array([1, 2]), np.array([0.0, 4.0], np.float32), True, False, False, "random")


def test_equal_play_has_an_equal_digest_whoever_played_it():
    assert digest(_episode()) == digest(_episode()._replace(policy="scripted"))
    assert len(digest(_episode())) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"frames": np.zeros((3, 2, 2, 3), np.uint8)},
        {"actions": np.array([2, 1])},
        {"rewards": np.array([0.0, 1.0], np.float32)},
        {"terminated": False},
        {"truncated": True},
        {"game_over": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_difference_in_what_was_played_changes_the_digest(change: dict[str, object]):
    assert digest(_episode()) != digest(_episode()._replace(**change))


def test_the_digest_does_not_depend_on_memory_layout():
    strided = np.repeat(_episode().frames, 2, axis=0)[::2]
    assert digest(_episode()._replace(frames=strided)) == digest(_episode())


def test_frames_of_another_shape_are_other_frames():
    assert digest(_episode()) != digest(_episode()._replace(frames=_episode().frames.reshape(3, 2, 6, 1)))
