"""Whoever reads what a command says may go before it is done; it is done, and saved, all the same."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gym_diamond.cli import exit_status, main, say
from gym_diamond.cli.terminal import Unread
from gym_diamond.data.dataset import write
from gym_diamond.fitting import run
from tests.noisy_play import INFO, QUICK, make_episodes

ROOT = Path(__file__).parents[2]


def test_what_nobody_reads_is_lost_and_nothing_else() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        unread = Unread(stream)
        assert unread.write("the first line\n") == 15
        unread.flush()
        assert (unread.write("more\n"), unread.encoding) == (5, stream.encoding)


def test_what_is_read_arrives(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("a command", lambda words: say(" ".join(words)), ["it", "works"]) == 0
    assert capsys.readouterr().out == "it works\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["list"]])
def test_a_command_whose_reader_is_gone_is_done_in_silence(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "gym_diamond", *words], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_that_also_ends_its_reader_saves_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of `gym-diamond fit ... 2>&1 | tee log`, where the terminal interrupts both."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    write("breakout/test-v0", INFO, make_episodes(2, seed=0))
    out = tmp_path / "run"
    words = ["fit", "--dataset", "breakout/test-v0", "--out", str(out), *QUICK, "--steps", "100000"]
    words += ["--log-every", "1", "--checkpoint-minutes", "100"]
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", "gym_diamond", *words], stdout=writer, stderr=writer, cwd=ROOT)
    os.close(writer)
    heard = ""
    while "step 2" not in heard and process.poll() is None:
        heard += os.read(reader, 4096).decode()
    os.close(reader)
    time.sleep(0.2)  # reports go on meanwhile, to nobody
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert run.written_steps(out) == json.loads((out / "provenance.json").read_text())["steps"]
    assert (run.written_steps(out) or 0) >= 2


def test_a_mistake_has_its_status_where_nobody_reads_of_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([sys.executable, "-m", "gym_diamond", "fit"], stdout=writer, stderr=writer, cwd=ROOT)
    os.close(writer)
    assert ended.returncode == 2


def test_a_command_that_is_unknown_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dreem"]) == 2
    assert "no command 'dreem'" in capsys.readouterr().err


def test_streams_that_were_closed_before_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert exit_status("a command", lambda words: say("it works"), []) == 0
