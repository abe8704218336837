"""Files find their partners by name; one that is alone, or has two, is named."""

from pathlib import Path

import pytest

from gym_diamond.collection.recordings import find_recordings
from gym_diamond.errors import InvalidDataset


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def found(root: Path, frames: str, actions: str, rewards: str | None = None) -> list[tuple[str, str, str]]:
    paths = find_recordings(root / frames, root / actions, root / rewards if rewards else None, None)
    return [(one.name, *(str(path.relative_to(root)) for path in one[1:3] if path)) for one in paths]


def test_videos_arrays_and_folders_of_pictures_are_matched_by_their_names(tmp_path: Path):
    touch(tmp_path, "v/walk2.mp4", "v/walk10.GIF", "v/walk1/b.PNG", "v/walk3.npz", "v/walk4.npy")
    touch(tmp_path, "a/walk1.csv", "a/walk2.npy", "a/walk3.csv", "a/walk4.npy", "a/walk10.csv")
    assert found(tmp_path, "v", "a") == [
        ("walk1", "v/walk1", "a/walk1.csv"),
        ("walk2", "v/walk2.mp4", "a/walk2.npy"),
        ("walk3", "v/walk3.npz", "a/walk3.csv"),
        ("walk4", "v/walk4.npy", "a/walk4.npy"),
        ("walk10", "v/walk10.GIF", "a/walk10.csv"),
    ]


def test_actions_may_stand_beside_the_videos_or_in_a_folder_among_them(tmp_path: Path):
    touch(tmp_path, "v/a.mp4", "v/a.csv", "v/b/1.jpg", "v/b.npy", "v/.hidden.csv", "v/notes.txt")
    assert found(tmp_path, "v", "v") == [("a", "v/a.mp4", "v/a.csv"), ("b", "v/b", "v/b.npy")]
    touch(tmp_path, "w/a.mp4", "w/actions/a.csv")
    assert found(tmp_path, "w", "w/actions") == [("a", "w/a.mp4", "w/actions/a.csv")]


def test_a_single_recording_needs_no_equal_names(tmp_path: Path):
    touch(tmp_path, "walk.mp4", "keys.csv", "pictures/0.png", "frames.npy")
    assert found(tmp_path, "walk.mp4", "keys.csv") == [("walk", "walk.mp4", "keys.csv")]
    assert found(tmp_path, "pictures", "keys.csv") == [("pictures", "pictures", "keys.csv")]
    assert found(tmp_path, "frames.npy", "keys.csv") == [("frames", "frames.npy", "keys.csv")]


def test_rewards_are_matched_likewise(tmp_path: Path):
    touch(tmp_path, "v/a.mp4", "a/a.csv", "r/a.npy")
    (one,) = find_recordings(tmp_path / "v", tmp_path / "a", tmp_path / "r", None)
    assert (one.rewards, one.ends) == (tmp_path / "r" / "a.npy", None)


def test_everything_that_has_no_partner_is_named_at_once(tmp_path: Path):
    touch(tmp_path, "v/a.mp4", "v/b.mp4", "v/c/0.png", "a/a.csv", "a/d.csv", "r/a.npy", "r/b.npy", "r/c.npy")
    with pytest.raises(InvalidDataset) as raised:
        found(tmp_path, "v", "a", "r")
    assert str(raised.value).replace(f"{tmp_path}/", "").splitlines() == [
        "3 problems:",
        "  v/b.mp4 has no actions: there is no b.csv or b.npy in a.",
        "  v/c has no actions: there is no c.csv or c.npy in a.",
        "  a/d.csv has no frames: no recording is called d.",
    ]


def test_a_hundred_problems_are_not_a_hundred_lines(tmp_path: Path):
    touch(tmp_path, *(f"v/{i}.mp4" for i in range(100)), "a/a.csv")
    with pytest.raises(InvalidDataset, match=r"101 problems:\n(.*\n){20}  \.\.\. and 81 more$"):
        found(tmp_path, "v", "a")


@pytest.mark.parametrize(
    ("files", "frames", "actions", "complaint"),
    [
        (["a/x.csv"], "v", "a", "v is missing; give a folder of recordings"),
        (["v/x.mp4"], "v", "a", "a is missing; it must hold the actions"),
        (["v/notes.txt", "a/x.csv"], "v", "a", "v is empty: it holds no video"),
        (["v/walk/notes.txt", "a/walk.csv"], "v", "a", "walk is a folder without a picture"),
        (["x.png", "a/x.csv"], "x.png", "a", "x.png is neither a video .* nor an array"),
        (["v/0.png", "v/x.mp4", "a/x.csv"], "v", "a", "holds pictures, such as 0.png, beside x.mp4"),
        (["v/x.mp4", "v/x.gif", "a/x.csv"], "v", "a", "x.gif and .*x.mp4 have the same name"),
        (["v/x.mp4", "a/x.csv", "a/x.npy"], "v", "a", "has two files of actions: .*x.csv, .*x.npy. Keep one"),
        (["v/x.mp4", "v/y.mp4", "x.csv"], "v", "x.csv", "single file of actions for 2 recordings.*x.csv, y.csv"),
        (["v/x.mp4", "x.txt"], "v", "x.txt", "x.txt holds no actions: .*end in .csv or .npy"),
    ],
)
def test_what_cannot_be_matched_is_explained(
    tmp_path: Path, files: list[str], frames: str, actions: str, complaint: str
):
    touch(tmp_path, *files)
    with pytest.raises(InvalidDataset, match=complaint):
        found(tmp_path, frames, actions)
