"""`gym-diamond collect` as a person uses it: what it writes, what it says, and what it leaves behind when it fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gym_diamond.cli import fit, main
from gym_diamond.data.dataset import load
from gym_diamond.data.episode import digest

NAME = "breakout/test-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def _collect(*words: str) -> int:
    return main(["collect", "Breakout", "--dataset", NAME, "--num-envs", "4", *words])


def test_the_dataset_holds_the_steps_asked_for_by_the_players_asked_for(capsys: pytest.CaptureFixture[str]):
    assert _collect("--steps", "1200", "--policy", "random=0.25", "scripted=0.75") == 0
    info, episodes = load(NAME)
    steps = {name: sum(len(e.actions) for e in episodes if e.policy == name) for name in ("random", "scripted")}
    assert (info.game, info.num_actions, info.action_meanings[1], info.fps) == ("Breakout", 4, "FIRE", 15)
    assert sum(steps.values()) == 1200
    assert steps["scripted"] == pytest.approx(900, abs=150)  # episodes are not cut to keep the shares
    assert np.mean([len(e.actions) for e in episodes if e.policy == "scripted"]) > 60
    output = capsys.readouterr()
    assert "1,200 steps" in output.out
    assert "steps/s" in output.err  # the progress bar


def test_what_it_says_to_type_next_can_be_typed(capsys: pytest.CaptureFixture[str]):
    assert _collect("--steps", "40") == 0
    words = capsys.readouterr().out.splitlines()[-1].removeprefix("Next: gym-diamond fit ").split()
    arguments = fit.parse(words)
    fit.check_is_complete(arguments.run)
    assert arguments.run.dataset == (NAME,)


def test_the_games_own_end_is_marked_among_the_lost_lives():
    assert _collect("--steps", "1600") == 0
    _, episodes = load(NAME)
    assert {(e.terminated, e.truncated, e.game_over) for e in episodes} == {
        (True, False, False),
        (True, False, True),
        (False, True, False),
    }
    assert sum(e.truncated for e in episodes) == 4  # the four that ran when the budget was spent


def test_equal_seeds_give_equal_datasets_and_other_seeds_share_no_episode():
    digests = []
    for seed in ("0", "0", "1"):
        assert _collect("--steps", "400", "--policy", "sticky", "scripted", "--seed", seed, "--overwrite") == 0
        digests.append({digest(episode) for episode in load(NAME)[1]})
    assert digests[0] == digests[1]
    assert not digests[0] & digests[2]


def test_sticky_actions_change_the_game():
    digests = []
    for probability in ("0", "0.25"):
        assert _collect("--steps", "80", "--sticky-actions", probability, "--overwrite") == 0
        digests.append({digest(episode) for episode in load(NAME)[1]})
    assert not digests[0] & digests[1]


def test_a_name_can_carry_patience_a_share_of_random_play_and_a_weight():
    assert _collect("--steps", "400", "--policy", "scripted:20@0.25=0.75", "always:NOOP=0.25", "--epsilon", "0") == 0
    episodes = load(NAME)[1]
    assert {episode.policy for episode in episodes} == {"scripted:20@0.25", "always:NOOP"}
    assert all((episode.actions == 0).all() for episode in episodes if episode.policy == "always:NOOP")
    steps = sum(len(episode.actions) for episode in episodes if episode.policy == "always:NOOP")
    assert steps == pytest.approx(100, abs=60)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["Brakout", "--dataset", NAME], "did you mean Breakout"),
        (["Breakout", "--dataset", "test"], "names look like breakout/random-v0"),
        (["Breakout", "--dataset", NAME, "--steps", "0"], "--steps is 0"),
        (["Breakout", "--dataset", NAME, "--policy", "expert"], "random, sticky, scripted"),
        (["Breakout", "--dataset", NAME, "--policy", "random=many"], "'many'"),
        (["Breakout", "--dataset", NAME, "--policy", "random=-1"], "weight of at least 0"),
        (["Breakout", "--dataset", NAME, "--policy", "random=nan"], "one above 0"),
        (["Breakout", "--dataset", NAME, "--policy", "random=inf"], "one above 0"),
        (["Breakout", "--dataset", NAME, "--seed", "-1"], "--seed is -1"),
        (["Breakout", "--dataset", NAME, "--epsilon", "2"], "epsilon is 2.0"),
        (["Breakout", "--dataset", NAME, "--sticky-actions", "1"], "repeat_action_probability is 1.0"),
        (["Alien", "--dataset", NAME, "--policy", "scripted"], "Breakout and Pong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_explained_in_one_line_and_nothing_is_written(
    words: list[str], complaint: str, root: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["collect", *words]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("gym-diamond collect: ")
    assert complaint in last
    assert not root.exists() or list(root.iterdir()) == []


def test_a_taken_name_is_refused_before_anything_is_played(capsys: pytest.CaptureFixture[str]):
    assert _collect("--steps", "40") == 0
    assert _collect("--steps", "100000000") == 2
    assert "--overwrite" in capsys.readouterr().err


def test_the_help_teaches_by_example(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(["collect", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "gym-diamond collect Breakout --steps 100000" in text
    assert "scripted=0.7" in text


COMMAND = "import sys; from gym_diamond.cli import main; sys.exit(main(sys.argv[1:]))"


def _start(limit: str, *words: str) -> subprocess.Popen[str]:
    arguments = ["collect", "Breakout", "--dataset", NAME, *words]
    return subprocess.Popen(
        [sys.executable, "-c", limit + COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_ctrl_c_keeps_what_was_played(root: Path):
    process = _start("", "--steps", "100000000")
    deadline = time.monotonic() + 60
    while not list(root.glob(".making-*/data/metadata.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "stopped by Ctrl-C" in output
    _, episodes = load(NAME)
    assert 1 <= sum(episode.truncated for episode in episodes) <= 8  # those that were running and had begun
    assert [path.name for path in root.iterdir()] == ["breakout"]


def test_a_full_disk_is_explained_and_nothing_half_written_stays(root: Path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); "
    process = _start(limit, "--steps", "400")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "MB of the dataset do not fit" in errors.splitlines()[-1]
    assert list(root.iterdir()) == []


def test_a_place_that_is_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "file"))
    assert _collect("--steps", "40") == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
