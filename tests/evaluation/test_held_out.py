"""Held-out play is refused where it proves nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from gym_diamond.data.dataset import write
from gym_diamond.data.episode import digest
from gym_diamond.errors import InvalidDataset
from gym_diamond.evaluation.held_out import check_fits, load_held_out
from gym_diamond.world_models.protocol import WorldSpec
from tests.noisy_play import INFO, make_episodes

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def test_episodes_of_the_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    episodes = make_episodes(3, seed=0)
    write("breakout/seen-v0", INFO, episodes)
    others = {"episodes": [digest(each) for each in make_episodes(3, seed=1)]}
    assert len(load_held_out("breakout/seen-v0", SPEC, others)) == 3
    with pytest.raises(InvalidDataset, match=r"1 of the 3 episodes of dataset 'breakout/seen-v0'.*episode 2.*--seed"):
        load_held_out("breakout/seen-v0", SPEC, {"episodes": [digest(episodes[2])]})


def test_frames_of_another_size_are_refused():
    with pytest.raises(InvalidDataset, match=r"\(20, 16, 3\).*\(16, 16, 3\)"):
        check_fits("a/b-v0", replace(INFO, height=20), SPEC)


def test_other_actions_are_refused():
    other = replace(INFO, num_actions=3, action_meanings=("NOOP", "RIGHT", "LEFT"))
    with pytest.raises(InvalidDataset, match=r"NOOP, RIGHT, LEFT; this world of Breakout has NOOP, FIRE, RIGHT, LEFT"):
        check_fits("a/b-v0", other, SPEC)
    parted = replace(INFO, action_sizes=(2, 2))
    with pytest.raises(
        InvalidDataset, match=r"NOOP, FIRE and RIGHT, LEFT; this world of Breakout has NOOP, FIRE, RIGHT"
    ):
        check_fits("a/b-v0", parted, SPEC)
