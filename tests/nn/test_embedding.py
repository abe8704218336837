"""Actions as vectors: one part is an ordinary embedding, several are a multi-hot vector times a matrix."""

import torch
from torch import nn
from torch.nn import functional as F

from gym_diamond.choices import Choices
from gym_diamond.nn.embedding import ActionEmbedding

PARTS = Choices(6, (3, 2, 1))


def _random(choices: Choices, width: int = 8) -> ActionEmbedding:
    embedding = ActionEmbedding(choices, width)
    nn.init.normal_(embedding.weight, generator=torch.Generator().manual_seed(0))
    return embedding


def _actions(sizes: tuple[int, ...], *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.stack([torch.randint(size, shape, generator=generator) for size in sizes], dim=-1)


def test_a_discrete_action_takes_its_row_of_the_one_weight():
    embedding = _random(Choices(4))
    assert {name: value.shape for name, value in embedding.state_dict().items()} == {"weight": (4, 8)}
    assert torch.equal(embedding(torch.tensor([[3, 0]])), embedding.weight[[3, 0]][None])


def test_one_part_is_the_same_as_a_discrete_action_to_the_bit():
    whole, parted = _random(Choices(4)), _random(Choices(4, (4,)))
    action = torch.tensor([[3, 0, 2]])
    assert torch.equal(parted(action[..., None]), whole(action))


def test_several_parts_are_a_multi_hot_vector_times_the_matrix():
    embedding, action = _random(PARTS), _actions((3, 2, 1), 5, 7)
    hot = torch.cat([F.one_hot(action[..., part], size) for part, size in enumerate((3, 2, 1))], dim=-1)
    assert embedding(action).shape == (5, 7, 8)
    torch.testing.assert_close(embedding(action), hot.float() @ embedding.weight)


def test_what_a_part_changes_does_not_depend_on_the_others():
    embedding = _random(PARTS)
    change = [embedding(torch.tensor([2, other, 0])) - embedding(torch.tensor([1, other, 0])) for other in (0, 1)]
    torch.testing.assert_close(change[0], change[1])
    torch.testing.assert_close(change[0], embedding.weight[2] - embedding.weight[1])


def test_parts_in_another_order_with_their_rows_are_the_same_action():
    embedding, swapped, action = _random(PARTS), _random(Choices(6, (2, 1, 3))), _actions((3, 2, 1), 9)
    with torch.no_grad():
        swapped.weight.copy_(embedding.weight[[3, 4, 5, 0, 1, 2]])
    torch.testing.assert_close(swapped(action[:, [1, 2, 0]]), embedding(action))


def test_the_51_entries_of_the_cs_go_branch_are_13_switches_whose_off_is_a_row_of_zeros_and_two_axes():
    sizes = (*[2] * 13, 23, 15)
    embedding, theirs = ActionEmbedding(Choices(64, sizes), 8), torch.randn(51, 8, generator=torch.Generator())
    rows = [1 + 2 * key for key in range(13)] + list(range(26, 64))
    with torch.no_grad():
        embedding.weight.zero_()[rows] = theirs
    action = _actions(sizes, 6)
    axes = [F.one_hot(action[:, 13 + axis], size) for axis, size in enumerate((23, 15))]
    entries = torch.cat([action[:, :13], *axes], dim=1)  # (6, 51): keys, clicks, mouse x, mouse y
    torch.testing.assert_close(embedding(action), entries.float() @ theirs)


def test_each_chosen_row_and_no_other_gets_the_gradient():
    embedding = _random(PARTS)
    embedding(torch.tensor([[2, 0, 0]])).sum().backward()
    assert embedding.weight.grad is not None
    assert embedding.weight.grad[:, 0].tolist() == [0, 0, 1, 1, 0, 1]
