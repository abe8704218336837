"""The start states that come with the package: for each of the 26 games, real, varied, and small."""

import numpy as np
import pytest

from gym_diamond.games import ATARI_100K, game
from gym_diamond.hub.bundled import BUNDLED_CONTEXTS, CONTEXT_LENGTH, bundled_contexts


def test_there_is_a_bank_for_each_game_and_all_are_under_six_mebibytes():
    files = sorted(BUNDLED_CONTEXTS.glob("*.npz"))
    assert [path.stem for path in files] == sorted(ATARI_100K)
    assert sum(path.stat().st_size for path in files) < 6 * 2**20


@pytest.mark.parametrize("name", ATARI_100K)
def test_a_bank_holds_64_different_moments_of_the_game(name):
    bank = bundled_contexts(name)
    assert bank.frames.shape == (64, CONTEXT_LENGTH, 64, 64, 3)
    assert 0 <= bank.actions.min() <= bank.actions.max() < len(game(name).action_meanings)
    assert len({frame.tobytes() for frame in bank.frames[:, -1]}) >= 48
    assert bank.is_real.all(axis=1).sum() >= 44, "a quarter or little more are beginnings, which are padded"
    assert len(np.unique(bank.actions)) > len(game(name).action_meanings) // 2
    assert bank.frames[:, -1].reshape(64, -1).std(axis=1).min() > 1, "no black screens"
