"""A result says which code it was measured with, and on which instructions."""

import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from gym_diamond.benchmarking.origin import commit, instructions

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / "code.py").write_text("1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


@needs_git
def test_the_commit_of_a_checkout_is_told_and_whether_files_of_it_were_changed_since(checkout: Path):
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "notes.txt").write_text("not the checkout's\n")
    assert commit(checkout) == head
    (checkout / "code.py").write_text("2\n")
    assert commit(checkout) == f"{head}-dirty"


@needs_git
def test_a_package_that_is_installed_inside_the_checkout_of_something_else_has_no_commit(checkout: Path):
    (checkout / "site-packages").mkdir()
    assert commit(checkout / "site-packages") is None


def test_without_git_or_with_one_that_refuses_there_is_no_commit_and_no_error(tmp_path: Path, monkeypatch):
    (tmp_path / ".git").write_text("no repository at all")
    assert commit(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) is None


@pytest.mark.parametrize(
    ("capability", "has_bf16", "has_amx", "told"),
    [
        ("AVX2", False, False, "avx2"),
        ("AVX512", False, False, "avx512"),
        ("AVX512", True, False, "avx512_bf16"),
        ("AVX512", True, True, "amx_bf16"),
        ("AVX2", True, True, "avx2"),  # held back by ATEN_CPU_CAPABILITY
        ("DEFAULT", False, False, "default"),
    ],
)
def test_of_a_processor_the_best_instructions_are_told(capability, has_bf16, has_amx, told, monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has_amx)
    assert instructions(torch.device("cpu")) == told


def test_a_bound_of_the_environment_is_told_too(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert instructions(torch.device("cpu")) == "avx2, ONEDNN_MAX_CPU_ISA=SSE41"
