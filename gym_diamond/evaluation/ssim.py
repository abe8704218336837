"""The structural similarity of frames (Wang et al., 2004): are light, contrast and pattern the same, around each pixel?

The usual one: windows of 11x11 pixels under a Gaussian, wholly within the frame. The Gaussian is a product of two, one
for each axis, so each is one matrix product; that takes a tenth of the time of a convolution on a CPU.
"""

import torch
from torch import Tensor

from gym_diamond.frames import MAX_LEVEL

WINDOW = 11  # pixels
SIGMA = 1.5  # pixels
AT_ONCE = 8  # frames: few enough to stay in the cache
C1 = (0.01 * MAX_LEVEL) ** 2
C2 = (0.03 * MAX_LEVEL) ** 2


def ssim(real: Tensor, dreamt: Tensor) -> Tensor:
    """The structural similarity of each frame, the mean over its windows and channels: `(N,)` float64, at most 1.

    In a frame smaller than a window, the window is as large as the frame allows.

    Args:
        real, dreamt: `(N, H, W, C)` uint8.
    """
    height, width = real.shape[1:3]
    size = min(WINDOW, height, width)
    rows, columns = (_windows(length, size).to(real.device) for length in (height, width))
    pairs = zip(real.split(AT_ONCE), dreamt.split(AT_ONCE), strict=True)
    return torch.cat([_compare(x, y, rows, columns) for x, y in pairs])


def _compare(real: Tensor, dreamt: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    x, y = (frames.permute(0, 3, 1, 2).contiguous().double() for frames in (real, dreamt))  # NHWC -> NCHW
    mean_x, mean_y, power, product = (rows @ (each @ columns.T) for each in (x, y, x * x + y * y, x * y))
    both, means = mean_x * mean_y, mean_x.square() + mean_y.square()
    light = (2 * both + C1) / (means + C1)
    pattern = (2 * (product - both) + C2) / (power - means + C2)
    return (light * pattern).mean(dim=(1, 2, 3))  # (N, C, H', W') -> (N,)


def _windows(length: int, size: int) -> Tensor:
    """The weights `(length - size + 1, length)` of all windows of `size` along an axis: row i has that which begins
    at pixel i.
    """
    distance = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-distance.square() / (2 * SIGMA**2))
    matrix = torch.zeros(length - size + 1, length, dtype=torch.float64)
    for first in range(len(matrix)):
        matrix[first, first : first + size] = weights / weights.sum()
    return matrix
