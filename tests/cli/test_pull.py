"""`gym-diamond list`, `pull` and `push`, as they are typed."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.cli import main
from gym_diamond.data.contexts import ContextBank
from gym_diamond.hub import BUNDLED
from tests.hub.conftest import cache, checkpoint, hub, server  # noqa: F401  # the Hub of one's own
from tests.hub.standin import StandIn
from tests.tiny import write_tiny_world

PLACE = "worlds/official/5d4abca9af6a/Asterix"


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """The cells of each world that `list` shows, by its name."""
    capsys.readouterr()
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()[1:]
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]
    return {row[0]: row[1:] for row in rows}


def test_list_shows_where_each_world_is_how_good_and_how_large(hub: StandIn, capsys):  # noqa: F811
    rows = listed(capsys)
    assert len(rows) == 26
    assert rows["Asterix"] == ["-", "-", "yes", "-", "52 MiB to fetch"]
    assert rows["Breakout"][:3] == ["yes", "-", "yes"]
    assert rows["Breakout"][3].startswith("trust 0 frames; 45.1 dB at frame 15 (copy 33.2)")
    assert rows["Breakout"][4].endswith("MiB")
    assert hub.requests == [], "it needs no network"


def test_pull_brings_a_game_into_the_cache_and_list_sees_it(hub: StandIn, cache: Path, capsys):  # noqa: F811
    assert main(["pull", "Asterix"]) == 0
    out = capsys.readouterr().out
    assert f"Asterix is in {cache / PLACE}" in out
    assert 'gymnasium.make("DiamondDream-Asterix-v0"' in out
    assert listed(capsys)["Asterix"][:3] == ["-", "yes", "yes"]
    assert main(["pull", "Asterix"]) == 0
    assert len(hub.asked("GET")) == 1


def test_pull_collects_start_states_with_the_released_policy(hub: StandIn, cache: Path, capsys):  # noqa: F811
    assert main(["pull", "Asterix", "--contexts", "12"]) == 0
    world = load_world(cache / PLACE)
    assert world.contexts.frames.shape == (12, 4, 64, 64, 3)
    assert len(np.unique(world.contexts.frames[:, -1].reshape(12, -1), axis=0)) > 8
    assert world.provenance["contexts"].startswith("12 of 2000 steps of real play in 8 games by policy.safetensors")
    assert world.provenance["source"]["repository"] == "eloialonso/diamond"
    assert "Asterix, real play: 100%" in capsys.readouterr().err


def test_without_the_emulator_pull_says_which_extra_brings_it(hub: StandIn, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setitem(sys.modules, "ale_py", None)
    assert main(["pull", "Asterix", "--contexts", "12"]) == 2
    assert 'pip install "gym-diamond[atari]"' in capsys.readouterr().err
    assert hub.requests == [], "told before anything is fetched"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["Skiing"], "released no world of Skiing"),
        (["Astrix"], "did you mean Asterix"),
        (["Asterix", "--contexts", "0"], "--contexts is 0; it must be at least 1"),
        (["hub:somebody/world", "--contexts", "9"], "has start states of its own"),
        (["hub:somebody/world"], "There is no repository somebody/world on the Hub"),
        (["hub:nonsense"], "names no repository"),
    ],
)
def test_what_cannot_be_pulled_is_explained(words, complaint, hub: StandIn, capsys):  # noqa: F811
    assert main(["pull", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_world_is_pushed_listed_and_pulled(hub: StandIn, tmp_path: Path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setenv("HF_TOKEN", "hf_may_write")
    world = write_tiny_world(tmp_path / "mine")
    assert main(["push", str(world), "somebody/mine"]) == 0
    address = capsys.readouterr().out.partition('world="')[2].partition('"')[0]
    assert main(["pull", "hub:somebody/mine"]) == 0
    assert listed(capsys)[address][:3] == ["-", "yes", "yes"]


def test_a_world_that_was_measured_over_ten_frames_is_told_at_the_fifth(hub: StandIn, cache: Path, capsys):  # noqa: F811
    def shortened(table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        return {key: shortened(value) for key, value in table.items() if not (key.isdigit() and int(key) > 10)}

    assert main(["pull", "Asterix"]) == 0
    metrics = json.loads((BUNDLED / "Breakout" / "metrics.json").read_text())
    (cache / PLACE / "metrics.json").write_text(json.dumps(shortened(metrics)))
    assert listed(capsys)["Asterix"][3].startswith("trust 0 frames; 48.2 dB at frame 5 (copy 35.1)")


def test_a_stranger_s_measurements_cannot_break_the_list(hub: StandIn, cache: Path, capsys):  # noqa: F811
    assert main(["pull", "Asterix"]) == 0
    (cache / PLACE / "metrics.json").write_text('{"drift": [], "fps": "many"}')
    assert listed(capsys)["Asterix"][3] == "unreadable"
    assert ContextBank.load(cache / PLACE / "contexts.npz").frames.shape[0] == 64
