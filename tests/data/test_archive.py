"""Archives of arrays from strangers: judged by their table and headers, before anything is unpacked."""

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gym_diamond.data.archive import check_archive


def test_an_archive_as_numpy_writes_it_passes(tmp_path: Path):
    np.savez_compressed(tmp_path / "good.npz", a=np.zeros((3, 4), np.uint8), b=np.asfortranarray(np.ones((2, 2))))
    check_archive(tmp_path / "good.npz", ("a", "b"))


def test_it_must_hold_the_arrays_that_are_asked_for_and_no_others(tmp_path: Path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3), c=np.zeros(3))
    with pytest.raises(ValueError, match=r"it holds \['a', 'c'\]; it must hold \['a', 'b'\]"):
        check_archive(tmp_path / "other.npz", ("a", "b"))


def test_a_bomb_is_refused_without_being_unpacked(tmp_path: Path):
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(2**25, np.uint8))
    assert (tmp_path / "bomb.npz").stat().st_size < 2**16
    tracemalloc.start()
    with pytest.raises(ValueError, match="would unpack to 33,554,560 bytes; at most 1,048,576 are read"):
        check_archive(tmp_path / "bomb.npz", ("a",), max_bytes=2**20)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_an_array_that_promises_more_than_it_has_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive, archive.open("a.npy", "w") as out:
        np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": (2**45,)})
    with pytest.raises(ValueError, match=r"a\.npy promises 35,184,372,088,960 bytes and has 128"):
        check_archive(tmp_path / "lie.npz", ("a",))


def test_objects_are_refused(tmp_path: Path):
    np.savez(tmp_path / "objects.npz", a=np.array([Path("anything")], object))
    with pytest.raises(ValueError, match="Python objects"):
        check_archive(tmp_path / "objects.npz", ("a",))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name_are_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
        archive.writestr("a.npy", b"")
        archive.writestr("a.npy", b"")
    with pytest.raises(ValueError, match="it holds"):
        check_archive(tmp_path / "twice.npz", ("a",))
