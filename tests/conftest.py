"""Settings of the whole suite: no network, nobody's own cache, and one thread a process, which for networks this small
is the fastest."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GYM_DIAMOND_HOME"] = os.path.join(os.path.dirname(__file__), "no-cache")  # never made: offline

import torch

torch.set_num_threads(1)
