"""Start states drawn from a store as a fit draws its windows: where dreams begin while the play still grows."""

import torch

from gym_diamond.data.contexts import ContextBank
from gym_diamond.data.segments import SegmentStore, Window
from gym_diamond.frames import to_frames


def draw_contexts(store: SegmentStore, num: int, length: int, generator: torch.Generator) -> ContextBank:
    """N contexts drawn with replacement; beginnings of episodes are padded, and none ends with an episode's last frame.

    Args:
        store: with its weights, where it has some.
        num: N.
        length: T frames of each.
        generator: on any device.

    Raises:
        InvalidArgument: no episode has an action.
    """
    segment = store.sample(Window(length, pad_before=length - 1, pad_after=-1), num, generator)
    is_real = segment.is_real.cpu()
    frames = to_frames(segment.obs).cpu() * is_real[:, :, None, None, None]
    return ContextBank(frames.numpy(), segment.act.cpu().numpy(), is_real.numpy())
