"""Settings of the whole suite: no network, nobody's own cache, and one thread a process, which for networks this small
is the fastest."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GYM_DIAMOND_HOME"] = os.path.join(os.path.dirname(__file__), "no-cache")  # never made: offline

import pytest

try:
    import torch
except ImportError:
    pytest.exit('The tests need more than this environment has: pip install -c constraints.txt ".[test]"', 4)

torch.set_num_threads(1)
