"""A released checkpoint says everything about itself by its shapes, and is read without running any code."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gym_diamond.errors import InvalidWorld
from gym_diamond.nn.actor_critic import ActorCritic
from gym_diamond.world_models.diamond import build, presets
from gym_diamond.world_models.diamond.upstream import infer_architecture, load_released, read_state_dict
from gym_diamond.world_models.protocol import Sampling, WorldSpec
from tests.golden.fill import HERE

SPEC = WorldSpec("Breakout", 64, 64, 3, 4, ("NOOP", "FIRE", "RIGHT", "LEFT"), 4, (-1.0, 0.0, 1.0), 15)
PAPER = presets["paper"]


def released_weights() -> dict[str, torch.Tensor]:
    """A flat agent state dict of the released layout, with random values."""
    torch.manual_seed(0)
    world = build(PAPER, SPEC, Sampling(), "fp32").state_dict()
    policy = ActorCritic(num_actions=4).state_dict()
    return {**world, **{f"actor_critic.{key}": value for key, value in policy.items()}}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "Breakout.pt"
    torch.save(released_weights(), path)
    return path


def test_every_architectural_value_is_inferred_from_the_released_shapes() -> None:
    lines = (HERE / "state_dict_main.txt").read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    shapes = {name: [int(n) for n in shape.strip("()").split(",") if n] for name, shape, *_ in rows}
    weights = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    spec, config = infer_architecture(weights, "Breakout", Path("Breakout.pt"))
    assert spec == SPEC
    assert config.denoiser == replace(PAPER.denoiser, quantizer="floor")
    assert config.reward_end == replace(PAPER.reward_end, remember_padding=True)


def test_the_released_weights_arrive_in_both_parts(checkpoint: Path) -> None:
    released, weights = load_released(checkpoint, "Breakout"), released_weights()
    for name, value in released.world.state_dict().items():
        assert torch.equal(value, weights[name])
    for name, value in released.policy.state_dict().items():
        assert torch.equal(value, weights[f"actor_critic.{name}"])


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    torch.save({"denoiser.inner_model.x": Path("a stand-in for any object")}, path)
    with pytest.raises(InvalidWorld, match="can be read safely"):
        read_state_dict(path)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidWorld, match=r"no checkpoint at .*nowhere\.pt"):
        load_released(tmp_path / "nowhere.pt", "Breakout")


def test_a_truncated_checkpoint_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.pt"
    path.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(InvalidWorld, match="is not a checkpoint that can be read safely"):
        load_released(path, "Breakout")


def test_a_trainers_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.save({"epoch": 3}, path)
    with pytest.raises(InvalidWorld, match="no flat state dict"):
        load_released(path, "Breakout")


def test_a_checkpoint_without_a_policy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.pt"
    torch.save({k: v for k, v in released_weights().items() if not k.startswith("actor_critic")}, path)
    with pytest.raises(InvalidWorld, match=r"no tensors called actor_critic\."):
        load_released(path, "Breakout")


def test_a_checkpoint_of_another_game_is_refused(checkpoint: Path) -> None:
    with pytest.raises(InvalidWorld, match="has 4 actions, but Pong has 6"):
        load_released(checkpoint, "Pong")


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    weights = released_weights()
    del weights["denoiser.inner_model.conv_in.weight"]
    path = tmp_path / "holed.pt"
    torch.save(weights, path)
    with pytest.raises(InvalidWorld, match=r"conv_in\.weight"):
        load_released(path, "Breakout")
