"""Dreams stepped like real games: the likeliest counts, whatever the world was told to draw."""

from typing import Any

import numpy as np

from gym_diamond.evaluation.dreaming import Course, Dreams, follow
from tests.fakes import CountingWorld, counting_bank


class Hesitant(CountingWorld):
    """A `CountingWorld` that draws 0 for its reward and no end, whatever it believes."""

    def step(self, state: Any, action: Any, noise: Any) -> Any:
        state, transition = super().step(state, action, noise)
        return state, transition._replace(reward=transition.reward * 0, end=transition.end & False)


def test_the_likeliest_reward_and_end_count():
    dreams = Dreams(Hesitant(max_count=12), counting_bank((10, 11, 20)), [0, 1, 2])
    course = follow(dreams, np.array([[0, 2], [1, 2], [2, 1]]))
    assert course.rewards.tolist() == [[-1, 1], [0, 1], [1, 0]]
    assert course.over.tolist() == [[False, True], [True, True], [True, True]]


def test_an_end_that_is_no_likelier_than_not_is_none():
    dreams = Dreams(CountingWorld(max_count=100, end_probability=0.5), counting_bank((10,)), [0])
    assert not follow(dreams, np.zeros((1, 20), np.int64)).over.any()


def test_a_dream_starts_from_its_context_takes_its_actions_and_goes_on_after_its_end():
    dreams = Dreams(CountingWorld(max_count=12), counting_bank((10, 20)), [0, 0])
    frames = follow(dreams, np.array([[0, 1, 2], [2, 1, 0]])).frames
    assert frames.shape == (2, 3, 4, 4, 3)
    assert frames[:, :, 0, 0, 0].tolist() == [[11, 12, 13], [21, 22, 23]]
    assert frames[:, :, 0, 0, 1].tolist() == [[0, 1, 2], [2, 1, 0]]


def test_a_row_has_the_noise_of_its_seed_and_new_noise_in_each_step():
    def shades(seeds: list[int]) -> np.ndarray:
        dreams = Dreams(CountingWorld(), counting_bank((0,) * len(seeds)), seeds)
        return follow(dreams, np.zeros((len(seeds), 4), np.int64)).frames[:, :, 0, 0, 2]

    three = shades([7, 8, 7])
    assert three[0].tolist() == three[2].tolist() == shades([7])[0].tolist()
    assert three[0].tolist() != three[1].tolist()
    assert len(set(three[0].tolist())) > 1


def test_a_row_is_alive_up_to_the_step_in_which_it_is_over():
    over = np.array([[False, True, False, True], [False, False, False, False], [True, False, False, False]])
    alive = Course(np.empty(0), np.empty(0), over).alive
    assert alive.tolist() == [[True, True, False, False], [True, True, True, True], [True, False, False, False]]
