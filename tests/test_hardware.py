"""Devices and precisions by name."""

import os
import platform
import subprocess
import sys

import pytest
import torch

from gym_diamond.errors import InvalidArgument
from gym_diamond.hardware import check_can_compile, describe, resolve_device, resolve_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


XEON, EPYC = "Intel(R) Xeon(R) Processor", "AMD EPYC"
ON_WINDOWS = "AMD64 Family 25 Model 97 Stepping 2, AuthenticAMD"


@pytest.mark.parametrize(
    ("machine", "model", "has", "precision"),
    [
        ("x86_64", XEON, {"bf16", "avx512_bf16", "amx"}, "bf16"),
        ("x86_64", XEON, {"bf16", "avx512_bf16"}, "fp32"),
        ("x86_64", XEON, {"bf16"}, "fp32"),  # AVX-512 alone
        ("x86_64", EPYC, {"bf16", "avx512_bf16"}, "bf16"),  # from Zen 4 on
        ("AMD64", ON_WINDOWS, {"bf16", "avx512_bf16"}, "bf16"),
        ("AMD64", "AMD64", {"bf16", "avx512_bf16"}, "fp32"),  # where Windows tells no more than that
        ("AMD64", "Intel64 Family 6 Model 143 Stepping 8, GenuineIntel", {"bf16", "avx512_bf16"}, "fp32"),
        ("x86_64", EPYC, set(), "fp32"),
        ("aarch64", "", {"bf16"}, "bf16"),
        ("arm64", "", set(), "fp32"),
    ],
)
def test_auto_is_bf16_on_processors_on_which_it_is_faster(
    machine: str, model: str, has: set[str], precision: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr("platform.processor", lambda: model)
    monkeypatch.setattr("gym_diamond.hardware._cpu_model", lambda: model)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: "bf16" in has)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: "avx512_bf16" in has)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: "amx" in has)
    assert resolve_precision("auto", CPU) == precision


@pytest.mark.parametrize(("capability", "precision"), [((7, 5), "fp32"), ((8, 0), "bf16"), ((9, 0), "bf16")])
def test_auto_is_bf16_on_gpus_that_have_it(
    capability: tuple[int, int], precision: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert resolve_precision("auto", GPU) == precision


def test_what_is_asked_for_by_name_is_given():
    assert (resolve_precision("fp32", CPU), resolve_precision("bf16", CPU)) == ("fp32", "bf16")
    assert resolve_device("cpu") == CPU


def test_auto_takes_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == GPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == CPU


def test_a_gpu_beyond_those_that_exist_is_refused_with_their_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InvalidArgument, match=r'cuda:2.*2 CUDA devices.*device="cpu"'):
        resolve_device("cuda:2")


def test_a_kind_of_device_that_nobody_tried_is_refused():
    with pytest.raises(InvalidArgument, match=r"'meta' is of a kind that this package was not made for"):
        resolve_device("meta")


@pytest.mark.parametrize("name", [None, 1.5, ["cpu"]])
def test_what_is_no_name_of_a_device_is_refused(name: object):
    with pytest.raises(InvalidArgument, match=r'is not known; use device="cpu" or device="cuda"'):
        resolve_device(name)  # pyright: ignore[reportArgumentType]


def test_the_description_is_made_of_json_values():
    described = describe(CPU)
    assert described["device"] == "cpu"
    assert described["threads"] == torch.get_num_threads()
    assert isinstance(described["model"], str)


def test_compiling_for_the_cpu_needs_a_compiler(monkeypatch: pytest.MonkeyPatch):
    check_can_compile(GPU)
    monkeypatch.setenv("CXX", "no-such-compiler")
    check_can_compile(GPU)  # Triton makes its code
    with pytest.raises(
        InvalidArgument, match=r"no-such-compiler was not found.*apt install g\+\+\), or do without: leave out"
    ):
        check_can_compile(CPU)


FAULTS = """
import resource, torch
from gym_diamond.hardware import keep_freed_memory
keep_freed_memory()
def use_some():
    blocks = [torch.ones(2**20) for _ in range(14)]  # 4 MiB each
for _ in range(3):
    use_some()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
use_some()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep what they like")
def test_memory_that_was_freed_is_kept_for_the_next_use():
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "LD_PRELOAD"))}
    run = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, check=True, text=True, env=plain)
    assert int(run.stdout) < 100, "pages were cleared anew, of the 14,336 that were used before"
