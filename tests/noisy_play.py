"""Play that is noise, and the options with which a fit to it takes a moment."""

import numpy as np

from gym_diamond.data.dataset import DatasetInfo
from gym_diamond.data.episode import Episode

INFO = DatasetInfo("Breakout", 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 15, 16, 16, 3)
SMALL_BATCHES = ("--denoiser.batch-size", "2", "--reward-end.batch-size", "2", "--reward-end.every", "2")
QUICK = ("--preset", "tiny", "--threads", "1", "--num-contexts", "4", "--log-every", "2", *SMALL_BATCHES)


def make_episodes(num: int, seed: int, height: int = 16, rewards: np.ndarray | None = None) -> list[Episode]:
    """`num` episodes of 29 random actions and random 16-pixel-wide frames."""
    rng = np.random.default_rng(seed)
    return [
        Episode(
            rng.integers(256, size=(30, height, 16, 3), dtype=np.uint8),
            rng.integers(4, size=29),
            (rng.random(29) < 0.2).astype(np.float32) if rewards is None else rewards.astype(np.float32),
            True,
            False,
            True,
            "random",
        )
        for _ in range(num)
    ]
