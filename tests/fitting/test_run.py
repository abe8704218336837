"""The folder of a run: one process writes it, and what was learned there is never begun anew."""

import errno
import os
import time
from pathlib import Path

import filelock
import pytest

from gym_diamond.errors import InvalidRun
from gym_diamond.files import read_json, write_json
from gym_diamond.fitting.config import RunConfig
from gym_diamond.fitting.loop import Position
from gym_diamond.fitting.run import (
    alone_in,
    check_is_free,
    check_same_program,
    load_checkpoint,
    read_config,
    write_config,
)


def test_a_folder_is_of_one_process_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with alone_in(out):
        with (
            pytest.raises(InvalidRun, match=r"another process writes the run in .*run; wait for it, or stop it"),
            alone_in(out),
        ):
            pass
        (out / "config.json").touch()
    with alone_in(out):
        pass
    assert [path.name for path in out.iterdir()] == ["config.json"]


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), alone_in(tmp_path / "new"):
        _ = 1 / 0
    (tmp_path / "mine").mkdir()
    with alone_in(tmp_path / "mine"):
        check_is_free(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_parts_of_files_that_a_killed_process_left_an_hour_ago_are_removed(tmp_path: Path) -> None:
    (tmp_path / "fit").mkdir()
    for name in ("model.safetensors", ".checkpoint.4711.tmp.safetensors", "fit/.config.1.tmp.json", ".mine"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - 3700,) * 2)
    (tmp_path / ".report.tmp.json").touch()  # is being written
    with alone_in(tmp_path):
        pass
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"model.safetensors", ".mine", ".report.tmp.json"}


def test_what_was_learned_is_not_begun_anew_where_the_checkpoint_is_lost(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path, []) == Position()
    for name, values in (("config.json", {}), ("provenance.json", {"steps": 1200})):
        write_json(tmp_path / name, values)
    with pytest.raises(InvalidRun, match=r"checkpoint.safetensors is missing, and without it the 1,200 steps"):
        load_checkpoint(tmp_path, [])


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("gym-diamond fit --out run", ("gym-diamond", "fit")),
        ("python -m examples.fit_around_turns Pong --out run", ("python", "-m", "examples.fit_around_turns", "Pong")),
    ],
)
def test_a_run_goes_on_by_the_program_that_began_it(command: str, program: tuple[str, ...]) -> None:
    check_same_program(Path("run"), {"command": command}, program)
    with pytest.raises(InvalidRun, match=rf"the run in run was begun by `{command[:20]}.*`; go on with it by that"):
        check_same_program(Path("run"), {"command": command}, ("another",))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_that_knows_no_locks_is_written_to_all_the_same(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquire(self: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with alone_in(tmp_path / "run"):
        (tmp_path / "run" / "config.json").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]


def test_a_run_from_before_there_was_a_choice_looks_for_motion_where_all_did(tmp_path: Path) -> None:
    write_config(tmp_path, RunConfig())
    assert read_config(tmp_path).loss.denoiser.motion_from == "history"
    values = read_json(tmp_path / "fit" / "config.json", InvalidRun)
    del values["loss"]["denoiser"]["motion_from"]
    write_json(tmp_path / "fit" / "config.json", values)
    assert read_config(tmp_path).loss.denoiser.motion_from == "play"
