"""Each example runs, on tiny settings, and does what its first line says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    """The module examples/`name`.py."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"dream", "vector", "ppo_sb3", "fit_a_world"}


def test_a_dream_is_stepped_like_any_env() -> None:
    assert load("dream").main(steps=5) >= 0


def test_two_futures_of_one_moment_differ() -> None:
    assert 0 < load("vector").main(num_envs=2, steps=3) < 1


def test_ppo_trains_in_dreams(tmp_path: Path) -> None:
    agent = load("ppo_sb3").main(total_timesteps=64, num_envs=4, n_steps=8, out=str(tmp_path / "ppo.zip"))
    assert agent.num_timesteps == 64
    assert (tmp_path / "ppo.zip").exists()


def test_a_world_is_fitted_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    load("fit_a_world").main("Breakout", steps=800, fit_steps=4, preset="tiny", out=str(tmp_path / "world"))
    for name in ("config.json", "model.safetensors", "contexts.npz", "provenance.json", "README.md", "metrics.json"):
        assert (tmp_path / "world" / name).exists(), name
    assert (tmp_path / "world.gif").exists()
    assert "Watch them" in capsys.readouterr().out
