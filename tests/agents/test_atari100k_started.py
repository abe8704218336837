"""A run of atari100k from other worlds' networks, and mistakes that are found before anything is learned."""

import json
import shutil
from pathlib import Path

import pytest

from agents import atari100k_run
from agents.atari100k import main
from gym_diamond.cli import exit_status
from tests.agents.test_atari100k import SHORT, SMALL
from tests.tiny import write_tiny_world


def test_a_run_goes_on_without_the_world_that_it_started_from(tmp_path: Path) -> None:
    world, out = write_tiny_world(tmp_path / "before"), tmp_path / "run"
    (world / "provenance.json").write_text(json.dumps({"episodes": ["an older one"], "steps": 7}))
    main(["--out", str(out), *SMALL, *SHORT, "--denoiser.start-from", str(world)])
    about = json.loads((out / "provenance.json").read_text())
    assert about["start_from"] == {"denoiser": {"steps": 7, "start_from": {}}}
    assert about["earlier_episodes"] == ["an older one"]
    assert "--denoiser.start-from before" in about["command"], "without its folder"

    shutil.rmtree(world)
    (out / "config.json").unlink()  # as if killed before the world was whole
    main(["--out", str(out), "--resume"])
    after = json.loads((out / "provenance.json").read_text())
    assert (after["start_from"], after["earlier_episodes"]) == (about["start_from"], about["earlier_episodes"])
    assert after["config"] == about["config"], "which names that world as before"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--compile",), "g++ or clang++ was not found"),
        (("--world-loss.denoiser.appearance-share", "0.2"), "appearance_share must be 0 here"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_written(
    words: tuple[str, ...],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("gym_diamond.hardware.shutil.which", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    out = tmp_path / "run"
    assert exit_status("agents.atari100k", main, ["--out", str(out), *SMALL, *SHORT, *words]) == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]
    assert not (out / atari100k_run.CONFIG).exists()


def test_what_was_learned_is_not_begun_anew_where_the_checkpoint_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    main(["--out", str(out), *SMALL, *SHORT])
    before = {path: path.read_bytes() for path in out.glob("*") if path.is_file()}
    (out / atari100k_run.CHECKPOINT).unlink()
    assert exit_status("agents.atari100k", main, ["--out", str(out), "--resume"]) == 2
    assert "checkpoint.safetensors is missing" in capsys.readouterr().err.splitlines()[-1]
    assert {path: path.read_bytes() for path in out.glob("*") if path.is_file()} == before
