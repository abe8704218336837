"""Lambda-returns: the reference's numbers, and the identities that define them."""

import torch
from torch import Tensor

from agents.returns import lambda_returns
from tests.golden.fill import REFERENCE

REWARD = torch.tensor([[1.0, 0, -2, 0, 3], [0, 0, 1, 0, 0]])
END = torch.tensor([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)
TRUNC = torch.tensor([[0, 0, 0, 0, 1], [0, 1, 0, 0, 0]], dtype=torch.bool)
NEXT_VALUE = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5], [-0.1, -0.2, 0.3, 0.1, 0.2]])
NEVER = torch.zeros(1, 3, dtype=torch.bool)


def test_returns_equal_the_references() -> None:
    returns = lambda_returns(REWARD.sign(), END, TRUNC, NEXT_VALUE, gamma=0.985, lambda_=0.95)
    torch.testing.assert_close(returns, torch.tensor(REFERENCE["lambda_returns"]), rtol=1e-6, atol=1e-6)


def returns_of(lambda_: float, end: Tensor = NEVER, trunc: Tensor = NEVER) -> list[float]:
    """With rewards 1, 2, 4, next values 10, 20, 40 and gamma 0.5."""
    reward, next_value = torch.tensor([[1.0, 2, 4]]), torch.tensor([[10.0, 20, 40]])
    return lambda_returns(reward, end, trunc, next_value, gamma=0.5, lambda_=lambda_)[0].tolist()


def test_lambda_0_looks_one_step_ahead() -> None:
    assert returns_of(0.0) == [1 + 5, 2 + 10, 4 + 20]


def test_lambda_1_is_monte_carlo_with_a_bootstrap_at_the_very_end() -> None:
    assert returns_of(1.0) == [1 + 1 + 1 + 5, 2 + 2 + 10, 4 + 20]


def test_nothing_comes_after_an_end() -> None:
    assert returns_of(1.0, end=torch.tensor([[False, True, False]])) == [1 + 1, 2, 4 + 20]


def test_a_truncation_bootstraps_from_the_state_it_cut_off() -> None:
    assert returns_of(1.0, trunc=torch.tensor([[False, True, False]])) == [1 + 1 + 5, 2 + 10, 4 + 20]


def test_an_end_that_is_truncated_too_is_an_end() -> None:
    mask = torch.tensor([[False, True, False]])
    assert returns_of(1.0, end=mask, trunc=mask) == [1 + 1, 2, 4 + 20]
