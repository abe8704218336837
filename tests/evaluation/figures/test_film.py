"""The film plays reality beside the dreams, counts its frames and keeps within a mebibyte."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gym_diamond.evaluation.figures.film import GAP, MAX_BYTES, REST, SEAM, TOP, film, milliseconds, pages
from gym_diamond.evaluation.figures.pairs import pairs
from gym_diamond.evaluation.rollout import Rollout
from gym_diamond.evaluation.starts import Start


def rollout(real: torch.Tensor, dreamt: torch.Tensor) -> Rollout:
    valid = torch.ones(real.shape[0], real.shape[1] - 1, dtype=torch.bool)
    return Rollout([Start(0, 3)] * len(real), real, dreamt, valid, [], 1.0)


def flat(levels: list[int], num_frames: int) -> torch.Tensor:
    """Frames of 8 x 8, for each row of its own level plus the number of the frame."""
    shades = torch.tensor(levels)[:, None] + torch.arange(num_frames)[None]
    return shades.to(torch.uint8)[:, :, None, None, None].expand(-1, -1, 8, 8, 3)


def noise(num: int, num_frames: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (num, num_frames, 64, 64, 3), dtype=torch.uint8, generator=generator)


def test_each_page_has_the_real_frame_left_and_the_dreamt_one_right():
    found = [np.asarray(page) for page in pages(pairs([rollout(flat([10], 3), flat([100], 3))], [0]))]
    assert len(found) == 3
    assert [page[TOP, GAP].tolist() for page in found] == [[10] * 3, [11] * 3, [12] * 3]
    assert [page[TOP, GAP + 16 + SEAM, 0] for page in found] == [100, 101, 102], "frames are shown twice as large"


def test_the_pages_are_counted():
    still = torch.zeros(1, 3, 8, 8, 3, dtype=torch.uint8)
    found = [np.asarray(page) for page in pages(pairs([rollout(still, still)], [0]))]
    assert (found[1][: TOP - 14] != found[2][: TOP - 14]).any(), "only the counter differs"
    assert (found[1][TOP:] == found[2][TOP:]).all()


def test_the_first_four_of_the_chosen_starts_play_in_two_rows_at_the_games_pace():
    gif = Image.open(
        io.BytesIO(film([rollout(flat([0, 50, 100, 150, 200], 3), flat([25] * 5, 3))], [4, 2, 0, 1, 3], 15))
    )
    assert (gif.format, gif.n_frames) == ("GIF", 3)  # pyright: ignore[reportAttributeAccessIssue]
    assert (gif.info["duration"], gif.info["loop"]) == (70, 0), "GIFs count hundredths of a second"
    first = np.asarray(gif.convert("RGB"))
    across, down = 2 * 16 + SEAM + GAP, 16 + GAP
    corners = [first[TOP + down * (i // 2), GAP + across * (i % 2), 0] for i in range(4)]
    assert np.abs(np.array(corners, int) - [200, 100, 0, 50]).max() <= 8, "but for the few colours"
    gif.seek(2)
    assert gif.info["duration"] == REST


@pytest.mark.parametrize(
    ("fps", "duration"), [(1, 1000), (10, 100), (12, 80), (15, 70), (30, 30), (50, 20), (60, 20), (1000, 20)]
)
def test_a_frame_is_shown_for_hundredths_of_a_second_and_for_two_at_least(fps: int, duration: int):
    """Browsers play what is below two of them at ten."""
    assert milliseconds(fps) == duration


def test_even_noise_takes_at_most_a_mebibyte():
    data = film([rollout(noise(4, 61, 0), noise(4, 61, 1))], [0, 1, 2, 3], 15)
    assert len(data) <= MAX_BYTES
    assert Image.open(io.BytesIO(data)).n_frames == 61  # pyright: ignore[reportAttributeAccessIssue]
