"""Files that are written whole or not at all."""

import os
import resource
import stat
from pathlib import Path

import pytest
import torch

from gym_diamond.errors import InvalidRun, InvalidWorld
from gym_diamond.files import read_json, read_tensors, replacing, write_json, write_tensors, write_text


def _write_half(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("ne")
        raise ValueError("too short")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "note.txt"
    write_text(path, "old")
    with pytest.raises(ValueError, match="too short"):
        _write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_and_everybody_may_read_it(tmp_path: Path):
    path = tmp_path / "weights.safetensors"
    write_tensors(path, {"a": torch.zeros(2)}, {"step": "1"})
    write_tensors(path, {"a": torch.ones(2)}, {"step": "2"})
    tensors, metadata = read_tensors(path, InvalidWorld)
    assert (tensors["a"].tolist(), metadata) == ([1.0, 1.0], {"step": "2"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_is_on_the_disk_before_it_takes_its_place_and_then_its_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    replace = os.replace

    def renamed(old: Path, new: Path) -> None:
        done.append("renamed")
        replace(old, new)

    monkeypatch.setattr("gym_diamond.files.os.fsync", lambda descriptor: done.append("flushed"))
    monkeypatch.setattr("gym_diamond.files.os.replace", renamed)
    write_text(tmp_path / "note.txt", "new")
    assert done == ["flushed", "renamed", "flushed"]


def test_tensors_of_any_memory_format_come_back_equal(tmp_path: Path):
    kernel = torch.arange(2 * 3 * 4 * 4.0).view(2, 3, 4, 4).to(memory_format=torch.channels_last)
    write_tensors(tmp_path / "k.safetensors", {"kernel": kernel, "scalar": torch.tensor(7.0)}, {})
    tensors, _ = read_tensors(tmp_path / "k.safetensors", InvalidWorld)
    assert torch.equal(tensors["kernel"], kernel)
    assert tensors["scalar"].shape == ()


def test_what_is_read_lies_as_what_was_written_so_that_kernels_round_alike(tmp_path: Path):
    for name in ("a", "ab", "abc"):
        write_tensors(tmp_path / "k.safetensors", {name: torch.zeros(3), f"{name}2": torch.zeros(5)}, {})
        tensors, _ = read_tensors(tmp_path / "k.safetensors", InvalidWorld)
        assert [tensor.data_ptr() % 64 for tensor in tensors.values()] == [0, 0]


def test_a_folder_that_does_not_exist_is_an_oserror_that_names_it(tmp_path: Path):
    with pytest.raises(OSError, match="nowhere"):
        write_tensors(tmp_path / "nowhere" / "k.safetensors", {"a": torch.zeros(1)}, {})


def test_reading_raises_the_error_it_is_given(tmp_path: Path):
    with pytest.raises(InvalidRun, match=r"config\.json is missing"):
        read_json(tmp_path / "config.json", InvalidRun)
    with pytest.raises(InvalidWorld, match=r"model\.safetensors is missing"):
        read_tensors(tmp_path / "model.safetensors", InvalidWorld)
    write_json(tmp_path / "config.json", {"a": 1})
    assert read_json(tmp_path / "config.json", InvalidRun) == {"a": 1}


def test_a_full_disk_is_an_oserror_and_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "weights.safetensors"
    write_tensors(path, {"a": torch.zeros(2)}, {})
    old = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))  # no file may grow beyond 64 KiB
    try:
        with pytest.raises(OSError, match=r"weights\.safetensors"):
            write_tensors(path, {"a": torch.zeros(1 << 20)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
