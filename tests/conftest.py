"""Settings of the whole suite: no network, and one thread a process, which for networks this small is the fastest."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch

torch.set_num_threads(1)
