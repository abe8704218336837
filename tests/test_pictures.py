"""A world whose frames have any number of channels can be looked at: rendered, filmed, and shown while it is fitted."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gym_diamond.cli.demo import mosaic, write_gif
from gym_diamond.data.contexts import ContextBank
from gym_diamond.data.episode import Episode
from gym_diamond.data.segments import SegmentStore
from gym_diamond.envs.dream import Dream
from gym_diamond.envs.single import DreamEnv
from gym_diamond.envs.vector import DreamVectorEnv
from gym_diamond.evaluation.figures.film import GAP, TOP, film, pages
from gym_diamond.evaluation.figures.pairs import pairs
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start
from gym_diamond.fitting.preview import strip
from gym_diamond.world_models.protocol import Transition
from tests.fakes import CountingNoise, CountingState, CountingWorld

CHANNELS = [1, 2, 3, 4, 12]


class ManyChannels(CountingWorld):
    """A `CountingWorld` whose frames have `channels` channels: its own three again and again, as far as they go."""

    def __init__(self, channels: int) -> None:
        super().__init__(max_count=200)
        self.spec = replace(self.spec, channels=channels)

    def step(self, state: CountingState, action: Tensor, noise: CountingNoise) -> tuple[CountingState, Transition]:
        count, transition = super().step(
            state._replace(frames=state.frames[:, :, :1].expand(-1, -1, 3, -1, -1)), action, noise
        )
        obs = transition.obs.repeat(1, 4, 1, 1)[:, : self.spec.channels]
        frames = torch.cat([state.frames[:, 1:], obs[:, None]], dim=1)
        return count._replace(frames=frames), transition._replace(obs=obs)


def levels(channels: int, num: int) -> np.ndarray:
    """Frames `(num, 4, 4, C)`: channel c of frame t has the level 10 t + c."""
    shades = 10 * np.arange(num)[:, None] + np.arange(channels)
    return np.broadcast_to(shades[:, None, None].astype(np.uint8), (num, 4, 4, channels)).copy()


def dream(channels: int, num_envs: int, **arguments: str) -> Dream:
    """Dreams that begin after the two frames 0 and 1 of `levels`."""
    bank = ContextBank(levels(channels, 2)[None], np.zeros((1, 1), np.int64), np.ones((1, 2), np.bool_))
    return Dream(ManyChannels(channels), bank, num_envs, frame_stack=2, **arguments)  # pyright: ignore[reportArgumentType]


def colour(channels: int, first: int, second: int) -> list[int]:
    """The first two of the three levels of a pixel that is `first` in channel 0 and `second` in channel 1."""
    return [first, second] if channels >= 3 else [first, first]


@pytest.mark.parametrize("channels", CHANNELS)
def test_the_newest_frame_is_rendered_in_three_channels(channels: int):
    env = DreamEnv(dream(channels, 1, autoreset_mode="Disabled"), "rgb_array")
    assert env.reset(seed=0)[0].shape == (4, 4, 2 * channels)
    assert env.render()[0, 0].tolist() == ([10, 11, 12] if channels >= 3 else [10] * 3)  # pyright: ignore[reportOptionalSubscript]
    env.step(2)
    picture = env.render()
    assert picture is not None
    assert (picture.shape, picture.dtype, picture[3, 3, :2].tolist()) == ((4, 4, 3), np.uint8, colour(channels, 11, 2))


@pytest.mark.parametrize("channels", CHANNELS)
def test_rows_are_rendered_and_become_a_gif(channels: int, tmp_path: Path):
    envs = DreamVectorEnv(dream(channels, 2), "rgb_array")
    envs.reset(seed=0)
    shown = []
    for actions in ([0, 1], [2, 2]):
        envs.step(actions)
        pictures = envs.render()
        assert pictures is not None
        assert [picture.shape for picture in pictures] == [(4, 4, 3)] * 2
        shown.append(mosaic(pictures))
    assert [page[0, 0, :2].tolist() for page in shown] == [colour(channels, 11, 0), colour(channels, 12, 2)]
    write_gif(tmp_path / "dream.gif", shown, fps=15)
    with Image.open(tmp_path / "dream.gif") as gif:
        assert gif.n_frames == 2  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("channels", CHANNELS)
def test_play_is_filmed_beside_its_dream(channels: int):
    frames = torch.from_numpy(levels(channels, 3))[None]
    rollout = Rollout([Start(0, 1)], frames, frames, torch.ones(1, 2, dtype=torch.bool), [], 1.0)
    pixels = [np.asarray(page)[TOP, GAP].tolist() for page in pages(pairs([rollout], [0]))]
    assert pixels == ([[0, 1, 2], [10, 11, 12], [20, 21, 22]] if channels >= 3 else [[0] * 3, [10] * 3, [20] * 3])
    assert Image.open(io.BytesIO(film([rollout], [0], 15))).n_frames == 3  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("channels", CHANNELS)
def test_a_fit_shows_play_above_its_dream(channels: int):
    actions = np.array([0, 1, 2, 0])
    play = Episode(levels(channels, 5), actions, np.zeros(4, np.float32), False, True, False, "random")
    picture = strip(ManyChannels(channels), SegmentStore.from_episodes([play]), num_frames=3, seed=0, num_strips=1)
    assert (picture.shape, picture.dtype) == ((2 * 4, 5 * 4, 3), np.uint8)
    real, dreamt = picture[0, ::4], picture[4, ::4]
    shown = [[10 * t + c for c in (0, 1, 2)] if channels >= 3 else [10 * t] * 3 for t in range(5)]
    assert real.tolist() == shown
    assert dreamt[:2].tolist() == shown[:2]
    assert dreamt[2:, :2].tolist() == [
        colour(channels, 11 + t, action) for t, action in enumerate(actions[1:].tolist())
    ]
