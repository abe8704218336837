"""The peak of a machine is the best of what was measured."""

import pytest

from gym_diamond.benchmarking.probe import Peak, ProbeSettings, probe
from gym_diamond.errors import InvalidArgument


def test_every_probe_gives_a_speed():
    peak = probe(ProbeSettings("cpu", "fp32", seconds=0.0, size=64, copy_bytes=2**16))
    assert min(peak) > 0


def test_the_peak_in_flops_is_the_better_of_product_and_convolution():
    assert Peak(matmul=2.0, conv=3.0, bytes_per_second=9.0).flops_per_second == 3.0


def test_an_unknown_precision_is_refused_in_words():
    with pytest.raises(InvalidArgument, match="fp8"):
        probe(ProbeSettings("cpu", "fp8"))
