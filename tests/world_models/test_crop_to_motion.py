"""Training on a part of each frame: the part is where something moved, and it is all that the loss sees."""

import pytest
import torch
from torch import Tensor

from gym_diamond.data.segments import Segment
from gym_diamond.errors import InvalidArgument
from gym_diamond.world_models.diamond import LossConfig, build, objectives, presets
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig, DenoiserObjective
from gym_diamond.world_models.diamond.motion import crop_to_motion
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.scoring import score

L = 4


def segment(obs: Tensor) -> Segment:
    B, T = obs.shape[:2]
    none = torch.zeros(B, T - 1)
    return Segment(obs, none.long(), none, none.bool(), torch.ones(B, T, dtype=torch.bool))


def numbered(B: int = 1, T: int = 5, height: int = 64, width: int = 64) -> Tensor:
    """Frames that stand still, each pixel of its own shade: too faint a difference to be taken for motion."""
    shades = torch.arange(height * width).reshape(height, width) / (height * width)
    return shades.expand(B, T, 3, height, width).clone()


def corner(cut: Segment, height: int = 64, width: int = 64) -> tuple[int, int]:
    """Row and column of the part's first pixel, told by its shade in the first frame."""
    return divmod(round(cut.obs[0, 0, 0, 0, 0].item() * height * width), width)


def flashing(row: int, column: int, frame: int = L - 1, T: int = 5) -> Tensor:
    obs = numbered(T=T)
    obs[0, frame, :, row, column] = 3.0
    return obs


def crop(obs: Tensor, place: float, size: int = 32, radius: int = 0) -> Segment:
    return crop_to_motion(segment(obs), L, size, radius, torch.full((len(obs),), place))


@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ((32, 32), (16, 16)),  # in the middle, both corners on the grid of 8
        ((35, 20), (16, 8)),  # 35 - 16 = 19 lies nearest to 16, and 20 - 16 = 4 to 8
        ((0, 63), (0, 32)),  # a part never leaves the frame
    ],
)
def test_the_part_lies_around_what_moved(moved: tuple[int, int], expected: tuple[int, int], place: float):
    cut = crop(flashing(*moved), place)
    assert cut.obs.shape == (1, 5, 3, 32, 32)
    assert corner(cut) == expected
    assert (cut.obs[0, L - 1] == 3.0).any()


def test_all_frames_of_a_row_lose_the_same_part():
    obs = flashing(40, 24) + torch.arange(5)[:, None, None, None] * 0.01
    assert torch.equal(crop(obs, 0.3).obs, obs[:, :, :, 24:56, 8:40])


def test_only_the_part_is_new():
    given = segment(flashing(9, 9))
    cut = crop_to_motion(given, L, 32, 0, torch.zeros(1))
    assert all(torch.equal(x, y) for x, y in zip(cut[1:], given[1:], strict=True))


def test_of_two_that_moved_each_has_its_turn():
    obs = flashing(8, 8)
    obs[0, L - 1, :, 56, 56] = 3.0
    assert {corner(crop(obs, place)) for place in (0.1, 0.4)} == {(0, 0)}
    assert {corner(crop(obs, place)) for place in (0.6, 0.9)} == {(32, 32)}


def test_what_moves_after_the_history_is_not_known_yet():
    late, still = flashing(56, 56, frame=L), numbered()
    for place in torch.rand(20, generator=torch.Generator().manual_seed(0)).tolist():
        assert corner(crop(late, place)) == corner(crop(still, place))


def test_where_nothing_moved_every_part_is_reached():
    corners = {corner(crop(numbered(), place / 200)) for place in range(200)}
    assert {row for row, _ in corners} == {0, 8, 16, 24, 32}
    assert {column for _, column in corners} == {0, 8, 16, 24, 32}


def test_a_row_is_cropped_whatever_stands_beside_it():
    both = torch.cat([flashing(8, 56), flashing(56, 8)])
    assert torch.equal(crop(both, 0.5).obs, torch.cat([crop(both[:1], 0.5).obs, crop(both[1:], 0.5).obs]))


def test_a_frame_that_is_narrower_than_the_part_keeps_its_side():
    cut = crop(numbered(height=24, width=48), 0.9, size=32)
    assert cut.obs.shape == (1, 5, 3, 24, 32)
    assert corner(cut, 24, 48)[0] == 0


def objective(size: int, crop_size: int) -> DenoiserObjective:
    spec = WorldSpec("Breakout", size, size, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), L, (-1.0, 0.0, 1.0), 15)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(presets["tiny"], spec, Sampling(), "fp32")
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    config = DenoiserLossConfig(crop_size=crop_size, motion_radius=0)
    return objectives(model, LossConfig(denoiser=config))[0]


def test_the_loss_is_that_of_a_world_that_is_only_the_part():
    """The same weights, on frames that someone else has cut out: a convolutional network has no size of its own."""
    obs = flashing(40, 24, T=6)
    large, small = objective(64, crop_size=32), objective(32, crop_size=0)
    small.network.load_state_dict(large.network.state_dict())
    part = obs[:, :, :, 24:56, 8:40].contiguous()
    assert score(large, segment(obs), 1)[0].item() == score(small, segment(part), 1)[0].item()


def test_what_lies_outside_the_part_costs_nothing():
    obs = flashing(40, 24, T=6)
    other = obs.clone()
    other[..., 60:] = -1.0
    assert score(objective(64, 32), segment(obs), 1)[0] == score(objective(64, 32), segment(other), 1)[0]
    assert score(objective(64, 0), segment(obs), 1)[0] != score(objective(64, 0), segment(other), 1)[0]


def test_a_negative_size_is_refused():
    with pytest.raises(InvalidArgument, match="crop_size is -8; it must be 0, for whole frames, or more"):
        DenoiserLossConfig(crop_size=-8)
