"""Two ways to see small things sooner: errors near motion count more, and reward/end sees what changed."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gym_diamond.data.segments import Segment
from gym_diamond.world_models.diamond import LossConfig, build, objectives, presets
from gym_diamond.world_models.diamond.denoiser_loss import DenoiserLossConfig
from gym_diamond.world_models.diamond.motion import motion_map
from gym_diamond.world_models.diamond.reward_end import RewardEndModel
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.scoring import score

SPEC = WorldSpec("Breakout", 16, 16, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)


def still(B: int = 1, L: int = 4, size: int = 4) -> Tensor:
    return torch.zeros(B, L, 3, size, size)


def noisy_play(T: int, B: int = 2) -> Segment:
    generator = torch.Generator().manual_seed(0)
    obs = torch.rand(B, T, 3, 16, 16, generator=generator) * 2 - 1
    act = torch.randint(4, (B, T - 1), generator=generator)
    none = torch.zeros(B, T - 1)
    return Segment(obs, act, none, none.bool(), torch.ones(B, T, dtype=torch.bool))


def test_a_pixel_that_moved_in_the_corner_in_literal_numbers():
    """Four of the 16 pixels are within one of the corner: they weigh 1 + 4 = 5, and the mean of all is 2."""
    history = still()
    history[0, -1, 1, 0, 0] = 0.5  # one channel of one pixel of the newest frame
    near, far = 2.5, 0.5
    expected = [[near, near, far, far], [near, near, far, far], [far] * 4, [far] * 4]
    assert motion_map(history, weight=4.0, radius=1).tolist() == [[expected]]


def test_a_radius_of_zero_is_the_pixel_itself():
    history = still()
    history[0, -1, 0, 2, 1] = 0.5
    found = motion_map(history, weight=16.0, radius=0)[0, 0]
    assert found[2, 1] == 8.5  # 17 over the mean of 15 ones and a 17, which is 2
    assert (found == 0.5).sum() == 15


@pytest.mark.parametrize("weight", [0.0, 0.5, 8.0])
def test_the_mean_is_one_whatever_moves(weight: float):
    generator = torch.Generator().manual_seed(0)
    here = torch.rand(16, 16, generator=generator) < 0.1
    history = torch.rand(5, 4, 3, 16, 16, generator=generator) * here
    assert weight == 0 or motion_map(history, weight, 2).std() > 0.05
    assert torch.allclose(motion_map(history, weight, 2).mean(dim=(1, 2, 3)), torch.ones(5))


def test_a_weight_of_zero_weighs_all_pixels_alike():
    assert torch.equal(motion_map(noisy_play(4).obs, weight=0.0, radius=6), torch.ones(2, 1, 16, 16))


def test_where_nothing_moves_or_everything_does_all_pixels_weigh_alike():
    assert torch.equal(motion_map(still(), weight=8.0, radius=6), torch.ones(1, 1, 4, 4))
    flash = still()
    flash[:, -1] = 1.0
    assert torch.equal(motion_map(flash, weight=8.0, radius=6), torch.ones(1, 1, 4, 4))


@pytest.mark.parametrize(("change", "moved"), [(0.12, False), (0.13, True), (-0.13, True)])
def test_edges_may_flicker_by_16_levels_before_they_count_as_moving(change: float, moved: bool):
    history = still()
    history[0, -1, 0, 0, 0] = change
    assert (motion_map(history, 1.0, 0)[0, 0, 0, 0] > 1) == moved


@pytest.mark.parametrize(("frame", "moved"), [(0, False), (1, True), (2, True), (3, True)])
def test_the_last_three_frames_are_looked_at(frame: int, moved: bool):
    history = still()
    history[0, frame, 0, 0, 0] = 0.5
    assert (motion_map(history, 1.0, 0)[0, 0, 0, 0] > 1) == moved


def test_rows_do_not_see_each_other():
    history = still(B=2)
    history[0, -1, 0, 0, 0] = 0.5
    assert torch.equal(motion_map(history, 8.0, 1)[:1], motion_map(history[:1], 8.0, 1))
    assert torch.equal(motion_map(history, 8.0, 1)[1], torch.ones(1, 4, 4))


def test_a_history_of_padding_moves_nowhere_and_its_border_with_play_moves_where_play_is_not_grey():
    """Padding is obs 0, mid-grey. Frames of one row weigh alike before and after; the mean stays 1 in any case."""
    history = still()
    history[0, -1, :, :2] = -1.0  # the episode's first frame: black above, mid-grey below
    found = motion_map(history, weight=2.0, radius=0)[0, 0]
    assert torch.equal(found[:2], torch.full((2, 4), 1.5))
    assert torch.equal(found[2:], torch.full((2, 4), 0.5))


def test_a_history_of_one_frame_has_no_motion():
    assert torch.equal(motion_map(noisy_play(1).obs, weight=8.0, radius=1), torch.ones(2, 1, 16, 16))


def denoiser_with(weight: float):
    torch.manual_seed(0)
    model = build(presets["tiny"], SPEC, Sampling(), "fp32")
    config = DenoiserLossConfig(motion_weight=weight, motion_radius=1)
    return objectives(model, LossConfig(denoiser=config))[0]


def first_loss(objective, play: Segment) -> float:
    return score(objective, play, 1)[1]["loss_0"].item()


def test_the_loss_is_weighed_by_the_history_and_never_by_the_target():
    """Weights that looked at the target would move the best denoiser; these leave it where it is.

    The untrained denoiser says 0, so of a still history and one with a moving pixel only the weights differ.
    """
    plain, weighted = denoiser_with(0.0), denoiser_with(8.0)
    play = noisy_play(plain.window.length)
    still_history = play._replace(obs=play.obs.clone())
    still_history.obs[:, :4] = 0.0
    assert first_loss(weighted, still_history) == first_loss(plain, still_history)  # though the target is noise
    moving = still_history._replace(obs=still_history.obs.clone())
    moving.obs[:, 3, :, 5, 5] = 0.5
    assert first_loss(plain, moving) == first_loss(plain, still_history)
    assert first_loss(weighted, moving) != first_loss(plain, moving)


def reward_end_with(difference: bool, patch_size: int = 4) -> RewardEndModel:
    config = replace(presets["tiny"].reward_end, difference=difference, patch_size=patch_size)
    torch.manual_seed(0)
    return RewardEndModel(config, SPEC)


@pytest.mark.parametrize(("patch_size", "without", "channels"), [(1, 6, 9), (2, 24, 36), (4, 96, 144)])
def test_the_difference_is_a_third_picture_at_the_input(patch_size: int, without: int, channels: int):
    assert reward_end_with(False, patch_size).encoder.conv_in.in_channels == without
    assert reward_end_with(True, patch_size).encoder.conv_in.in_channels == channels == 3 * 3 * patch_size**2


@torch.no_grad()
def logits(model: RewardEndModel, play: Segment) -> Tensor:
    obs, next_obs = play.obs[:, :-1], play.obs[:, 1:]
    reward, end, _ = model(obs, play.act, next_obs, model.initial_state(len(obs)))
    return torch.cat([reward, end], dim=-1)


def test_the_third_picture_is_the_next_frame_minus_the_last():
    """With weights that look at the third picture only, frames that rise alike are alike, however bright they are."""
    model = reward_end_with(True)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    pixels = 4 * 4  # of a patch; unshuffled, the channels of a picture stay together
    with torch.no_grad():
        model.encoder.conv_in.weight[:, : 2 * 3 * pixels] = 0.0
    play = noisy_play(2)
    bright, steeper = play.obs.clone() + 0.25, play.obs.clone()
    steeper[:, 1] += 0.25
    assert torch.allclose(logits(model, play), logits(model, play._replace(obs=bright)), atol=1e-5)
    assert not torch.allclose(logits(model, play), logits(model, play._replace(obs=steeper)), atol=1e-3)
