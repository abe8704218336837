"""Start states: which moments are cut, what they hold, and what a damaged file is answered with."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from gym_diamond.data.contexts import LOOKAHEAD, ContextBank, before_reward, cut, moments
from gym_diamond.data.episode import Episode
from gym_diamond.errors import InvalidArgument, InvalidDataset, InvalidWorld


def _episode(num_frames: int, reward_at: int | None = None, first: int = 0) -> Episode:
    """Frame t is filled with the level `first + t`; action t is `first + t + 1`."""
    levels = np.arange(first, first + num_frames).astype(np.uint8)
    frames = np.broadcast_to(levels[:, None, None, None], (num_frames, 2, 2, 3)).copy()
    rewards = np.zeros(num_frames - 1, np.float32)
    if reward_at is not None:
        rewards[reward_at] = 1.0
    return Episode(frames, levels[:-1].astype(np.int64) + 1, rewards, True, False, False, "random")


def _bank() -> ContextBank:
    return cut([_episode(40, 30), _episode(3, first=100)], 20, 4, np.random.default_rng(0))


def _levels(bank: ContextBank) -> np.ndarray:
    return np.where(bank.is_real, bank.frames[:, :, 0, 0, 0].astype(np.int64), -1)


def test_a_context_is_consecutive_real_play_ending_at_a_moment_that_has_a_future():
    bank = _bank()
    assert bank.frames.shape == (20, 4, 2, 2, 3)
    for levels, actions, is_real in zip(_levels(bank), bank.actions, bank.is_real, strict=True):
        real = levels[is_real]
        assert real.tolist() == list(range(real[0], real[0] + len(real)))
        assert actions[is_real[:-1]].tolist() == [level + 1 for level in real[:-1]]
        assert real[-1] not in (39, 102)  # the last frames of the two episodes


def test_padding_stands_only_before_an_episodes_first_frame_and_is_zero():
    bank = _bank()
    padded = ~bank.is_real.all(axis=1)
    assert padded.any()
    for levels, is_real in zip(_levels(bank)[padded], bank.is_real[padded], strict=True):
        assert levels[is_real][0] in (0, 100)
    assert bank.frames[~bank.is_real].max() == 0
    assert bank.actions[~bank.is_real[:, :-1]].max() == 0


def test_a_quarter_are_beginnings_and_a_quarter_come_just_before_a_reward():
    bank = cut([_episode(200, 150)], 40, 4, np.random.default_rng(0))
    last = _levels(bank)[:, -1]
    assert (last[:10] < 3).all()
    assert ((last[10:20] > 150 - LOOKAHEAD) & (last[10:20] <= 150)).all()
    assert len(set(last[20:].tolist())) > 10


def test_moments_are_all_frames_that_have_a_successor_by_episode_and_place():
    owner, place = moments([_episode(4), _episode(3)])
    assert owner.tolist() == [0, 0, 0, 1, 1]
    assert place.tolist() == [0, 1, 2, 0, 1]


def test_a_moment_before_a_reward_is_at_most_ten_steps_away_and_in_the_same_episode():
    found = before_reward([_episode(20), _episode(20, 14), _episode(4, 1)])
    assert np.flatnonzero(found).tolist() == [*range(19 + 5, 19 + 15), 38, 39]


def test_play_without_rewards_still_gives_a_full_bank():
    assert len(cut([_episode(10)], 8, 4, np.random.default_rng(0))) == 8


def test_equal_generators_cut_equal_banks():
    assert all(np.array_equal(a, b) for a, b in zip(vars(_bank()).values(), vars(_bank()).values(), strict=True))


def test_play_without_an_action_cannot_be_cut():
    with pytest.raises(InvalidDataset, match="no play"):
        cut([_episode(1)], 4, 4, np.random.default_rng(0))


def test_tensors_are_obs_with_zero_padding_in_the_order_asked_for():
    frames = np.array([0, 255, 128, 255], np.uint8).reshape(2, 2, 1, 1, 1)
    bank = ContextBank(frames, np.array([[0], [3]]), np.array([[False, True], [True, True]]))
    obs, act, is_real = bank.tensors([1, 0])
    assert obs.shape == (2, 2, 1, 1, 1)
    assert obs.flatten().tolist() == pytest.approx([128 / 127.5 - 1, 1.0, 0.0, 1.0], abs=1e-6)
    assert act.tolist() == [[3], [0]]
    assert is_real.tolist() == [[True, True], [False, True]]
    assert obs.dtype is torch.float32
    assert len(bank.tensors()[0]) == 2


def test_a_saved_bank_is_loaded_as_it_was(tmp_path: Path):
    bank = _bank()
    bank.save(tmp_path / "contexts.npz")
    loaded = ContextBank.load(tmp_path / "contexts.npz")
    assert all(np.array_equal(a, b) for a, b in zip(vars(bank).values(), vars(loaded).values(), strict=True))
    assert [path.name for path in tmp_path.iterdir()] == ["contexts.npz"]


def test_a_bank_that_cannot_be_saved_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "contexts.npz").mkdir()
    with pytest.raises(OSError, match="directory"):
        _bank().save(tmp_path / "contexts.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["contexts.npz"]


def test_a_missing_truncated_or_foreign_file_is_named(tmp_path: Path):
    path = tmp_path / "contexts.npz"
    with pytest.raises(InvalidWorld, match="missing"):
        ContextBank.load(path)
    _bank().save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InvalidWorld, match="cannot be read"):
        ContextBank.load(path)
    np.savez(path, frames=np.zeros(3))
    with pytest.raises(InvalidWorld, match="must hold"):
        ContextBank.load(path)


def test_a_damaged_byte_is_never_a_bare_error(tmp_path: Path):
    """Wherever it is: in the table of the archive, or in what is compressed."""
    path = tmp_path / "contexts.npz"
    _bank().save(path)
    whole, refused = path.read_bytes(), 0
    for place in range(0, len(whole), max(1, len(whole) // 400)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            ContextBank.load(path)  # what does not matter, say a date, may be damaged
        except InvalidWorld:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("wrong", [b"((((((((", b"[[{{(((", b"{1:2}   ", b"        "])
@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file required additional header parsing")
def test_neither_is_a_damaged_header_of_an_array(tmp_path: Path, wrong: bytes):
    """Of arrays so large that their checksums are only known at the end."""
    path, content = tmp_path / "contexts.npz", io.BytesIO()
    np.save(content, np.zeros((1, 1, 64, 64, 3), np.uint8))
    array = content.getvalue().replace(b"{'descr'", wrong.ljust(8), 1)
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("frames", "actions", "is_real"):
            archive.writestr(f"{name}.npy", array)
    with pytest.raises(InvalidWorld, match="cannot be read"):
        ContextBank.load(path)


def test_a_file_that_would_run_code_is_not_opened(tmp_path: Path):
    path = tmp_path / "contexts.npz"
    np.savez(path, frames=np.array([print], dtype=object), actions=np.zeros(1), is_real=np.zeros(1))
    with pytest.raises(InvalidWorld, match="cannot be read"):
        ContextBank.load(path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"frames": np.zeros((2, 2, 1, 1, 1), np.float32)}, "float32"),
        ({"frames": np.zeros((2, 2, 1, 1), np.uint8)}, r"\(2, 2, 1, 1\)"),
        ({"actions": np.zeros((2, 2), np.int64)}, r"\(2, 2\)"),
        ({"is_real": np.array([[True, False], [True, True]])}, "last frame must be real"),
    ],
    ids=["dtype", "frame shape", "action shape", "padding after"],
)
def test_arrays_that_do_not_fit_together_are_refused_by_name(tmp_path: Path, change: dict, complaint: str):
    arrays = {
        "frames": np.zeros((2, 2, 1, 1, 1), np.uint8),
        "actions": np.zeros((2, 1), np.int64),
        "is_real": np.ones((2, 2), np.bool_),
    } | change
    with pytest.raises(InvalidArgument, match=complaint):
        ContextBank(**arrays)
    np.savez(tmp_path / "contexts.npz", **arrays)
    with pytest.raises(InvalidWorld, match=complaint):
        ContextBank.load(tmp_path / "contexts.npz")


def test_more_contexts_than_are_read_back_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def bank(num: int) -> ContextBank:
        frames, actions = np.zeros((num, 2, 8, 8, 3), np.uint8), np.zeros((num, 1), np.int64)
        return ContextBank(frames, actions, np.ones((num, 2), np.bool_))

    for module in ("contexts", "archive"):
        monkeypatch.setattr(f"gym_diamond.data.{module}.MAX_UNPACKED_BYTES", 50_000)
    with pytest.raises(InvalidArgument, match=r"200 start states take .* so keep at most 1\d\d\."):
        bank(200).save(tmp_path / "bank.npz")
    assert list(tmp_path.iterdir()) == []
    bank(116).save(tmp_path / "bank.npz")
    assert len(ContextBank.load(tmp_path / "bank.npz")) == 116


def test_contexts_of_actions_of_several_parts_are_cut_kept_and_given(tmp_path):
    frames, actions = np.zeros((4, 2, 2, 3), np.uint8), np.array([[1, 0], [2, 1], [0, 1]])
    episode = Episode(frames, actions, np.zeros(3, np.float32), True, False, True, "random")
    bank = cut([episode], 12, 3, np.random.default_rng(0))
    assert bank.actions.shape == (12, 2, 2)
    parts = {tuple(map(tuple, context)) for context in bank.actions.tolist()}
    assert parts == {((0, 0), (0, 0)), ((0, 0), (1, 0)), ((1, 0), (2, 1))}, "padding on the left is 0 in each part"
    bank.save(tmp_path / "bank.npz")
    assert np.array_equal(ContextBank.load(tmp_path / "bank.npz").actions, bank.actions)
    assert bank.tensors([0, 1])[1].tolist() == bank.actions[:2].tolist()
