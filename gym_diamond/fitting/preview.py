"""Strips of real frames above dreamt frames: the quickest way to see how a fit goes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gym_diamond.data.segments import SegmentStore, Window
from gym_diamond.frames import to_frames, to_pictures
from gym_diamond.world_models.protocol import Context, WorldModel


@torch.no_grad()
def strip(
    model: WorldModel[Any, Any], store: SegmentStore, num_frames: int, seed: int, num_strips: int = 2
) -> np.ndarray:
    """A picture of `num_strips` pairs of rows: what happened, and below it what the model dreams for the same actions.

    The first L columns are the real frames that the dream starts from.

    Args:
        model: what dreams.
        store: the play that the dreams are held against.
        num_frames: how many frames are dreamt; fewer where no episode is as long.
        seed: decides which play and what noise.
        num_strips: S.

    Returns:
        `(2 * S * H, (L + num_frames) * W, 3)` uint8; what is not in colour is grey.
    """
    L = model.spec.context_length
    longest = int(store.offsets.diff().max())
    T = min(L + num_frames, max(longest, L + 1))
    pad = max(0, T - longest)
    segment = store.sample(Window(T, pad, 0), num_strips, torch.Generator(store.frames.device).manual_seed(seed))
    real = segment.obs
    context = Context(real[:, :L], segment.act[:, : L - 1], segment.is_real[:, :L])
    state, dreamt = model.reset(context), [real[:, i] for i in range(L)]
    keys = torch.arange(2 * num_strips, device=real.device).view(num_strips, 2)
    for t in range(T - L):
        noise = model.draw(keys, torch.full((num_strips,), t, device=real.device))
        state, transition = model.step(state, segment.act[:, L - 1 + t], noise)
        dreamt.append(transition.obs)
    return _tile(torch.stack([real, torch.stack(dreamt, dim=1)], dim=1))  # (S, 2, T, C, H, W)


def _tile(obs: Tensor) -> np.ndarray:
    pictures = to_pictures(to_frames(obs).cpu().numpy())  # (S, 2, T, H, W, 3)
    S, two, T, H, W, C = pictures.shape
    return pictures.transpose(0, 1, 3, 2, 4, 5).reshape(S * two * H, T * W, C)  # time to the right, strips downwards
