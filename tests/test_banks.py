"""Where dreams may begin: a bank of the world by its name, a file by its path, and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_diamond.checkpoint import load_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument, InvalidWorld
from tests.tiny import write_tiny_world


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return write_tiny_world(tmp_path / "tiny")


def test_dreams_may_start_from_another_bank_of_the_world_or_from_a_file(world: Path, tmp_path: Path):
    own = load_world(world).contexts
    half = ContextBank(own.frames[:2], own.actions[:2], own.is_real[:2])
    half.save(world / "coming.npz")
    half.save(tmp_path / "mine.npz")
    assert len(own) > 2
    assert len(load_world(world).contexts) == len(own)
    for name in ("coming", str(tmp_path / "mine.npz"), tmp_path / "mine.npz"):
        assert np.array_equal(load_world(world, contexts=name).contexts.frames, half.frames)


def test_a_bank_that_is_not_there_is_named_with_those_that_are(world: Path, tmp_path: Path):
    given: list[tuple[Any, str]] = [
        ("coming", r"'coming'; this world \(.*\) has none of that name"),
        (tmp_path / "mine.npz", r"mine\.npz'; there is no such file \(looked for .*mine\.npz\)"),
        ("coming.npz", r"'coming\.npz'; there is no such file"),
        (str(world / "contexts"), r"contexts'; a path ends in \.npz"),
        ("../breakout/contexts", r"'\.\./breakout/contexts'; a path ends in \.npz"),
    ]
    for contexts, complaint in given:
        with pytest.raises(InvalidArgument, match=f"contexts is .*{complaint}.*a name of this world's own: 'contexts'"):
            load_world(world, contexts=contexts)
    with pytest.raises(InvalidArgument, match="contexts is 7; give a name or a path"):
        load_world(world, contexts=7)  # pyright: ignore[reportArgumentType]


def test_a_bank_of_another_game_is_refused(world: Path):
    own = load_world(world).contexts
    ContextBank(own.frames[:, :, 1:], own.actions, own.is_real).save(world / "coming.npz")
    with pytest.raises(InvalidWorld, match=r"coming\.npz holds frames of"):
        load_world(world, contexts="coming")
