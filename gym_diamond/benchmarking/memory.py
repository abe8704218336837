"""The most memory that this process ever held."""

import sys

import torch


def peak_bytes(device: torch.device) -> int | None:
    """On CUDA the most that tensors took on the device; elsewhere the most that the whole process took, Python, PyTorch
    and its compiler included. None where the platform does not tell.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most  # Linux counts in KiB
