"""What the comparison of a GPU with the specification lets pass, and what it does not."""

import torch

from tests.benchmarks.same_on_a_gpu import Compared, compared, complaints

SAME = Compared(1.0, 0, 120.0, 0, 0, 0.0)


def step(reward: float, end_prob: float, end: bool, level: int) -> tuple[torch.Tensor, ...]:
    """What one step of one row gave, with a grey frame and two classes of reward."""
    frames = torch.full((1, 4, 4, 3), level, dtype=torch.uint8)
    probs = torch.tensor([[0.5, 0.5]])
    return frames, torch.tensor([reward]), torch.tensor([end]), probs, torch.tensor([end_prob])


def test_one_grey_level_on_every_pixel_is_the_same_and_two_are_not() -> None:
    draws = torch.tensor([[0.2, 0.9]])
    near, far = (compared(step(0, 0.1, False, 100), step(0, 0.1, False, level), draws) for level in (101, 102))
    assert (near.within_one_level, near.largest) == (1.0, 1)
    assert (far.within_one_level, far.largest) == (0.0, 2)


def test_a_reward_or_an_end_may_differ_only_where_its_draw_lies_at_the_threshold() -> None:
    plain, other = step(0, 0.3, False, 9), step(1, 0.3, True, 9)
    explained = compared(plain, other, torch.tensor([[0.5005, 0.2995]]))
    assert (explained.rewards, explained.ends) == (0, 0)
    unexplained = compared(plain, other, torch.tensor([[0.52, 0.32]]))
    assert (unexplained.rewards, unexplained.ends) == (1, 1)


def test_what_is_wrong_is_named_and_nothing_else() -> None:
    assert complaints(SAME) == []
    assert complaints(SAME._replace(within_one_level=0.9991)) == []
    assert complaints(SAME._replace(within_one_level=0.9981, rewards=2, ends=1)) == [
        "0.99810 of the pixels are within one grey level, fewer than 0.999",
        "2 rewards differ",
        "1 ends differ",
    ]
