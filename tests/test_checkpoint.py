"""A world directory: what goes in comes out, and whatever was damaged is named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gym_diamond.checkpoint import MEASURED, load_world, save_world
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.world_models.protocol import Context
from tests.tiny import write_tiny_world


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_world(tmp_path_factory.mktemp("worlds") / "pristine")


@pytest.fixture
def world(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(pristine, tmp_path / "world"))


def edit_config(world: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = world / "config.json"
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))


def edit_weights(world: Path, edit: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(world / "model.safetensors")
    edit(weights)
    save_file(weights, world / "model.safetensors")


def dream_one_step(model: Any, contexts: ContextBank) -> Tensor:
    state = model.reset(Context(*contexts.tensors()))
    rows = len(contexts)
    noise = model.draw(torch.zeros(rows, 2, dtype=torch.int64), torch.zeros(rows, dtype=torch.int64))
    return model.step(state, torch.zeros(rows, dtype=torch.int64), noise)[1].obs


def test_a_saved_world_loads_as_it_was_and_dreams_the_same(pristine: Path, tmp_path: Path):
    first = load_world(pristine, precision="fp32")
    save_world(
        tmp_path / "copy",
        model=first.model,
        state_dict=first.model.state_dict(),  # pyright: ignore[reportAttributeAccessIssue]
        contexts=first.contexts,
        provenance={"seed": 3},
        card="# A copy",
    )
    second = load_world(str(tmp_path / "copy"), precision="fp32")
    assert second.model.spec == first.model.spec
    assert second.model.config == first.model.config  # pyright: ignore[reportAttributeAccessIssue]
    assert second.model.sampling == first.model.sampling  # pyright: ignore[reportAttributeAccessIssue]
    assert second.provenance == {"seed": 3}
    assert second.directory == tmp_path / "copy"
    assert (tmp_path / "copy" / "README.md").read_text() == "# A copy"
    assert np.array_equal(second.contexts.frames, first.contexts.frames)
    assert torch.equal(dream_one_step(first.model, first.contexts), dream_one_step(second.model, second.contexts))


def test_weights_stored_in_bf16_halve_the_file_and_load_into_float32(pristine: Path, tmp_path: Path):
    world = load_world(pristine, precision="fp32")
    weights = world.model.state_dict()  # pyright: ignore[reportAttributeAccessIssue]
    save_world(
        tmp_path,
        model=world.model,
        state_dict=weights,
        contexts=world.contexts,
        provenance={},
        card="",
        weights_dtype=torch.bfloat16,
    )
    assert (tmp_path / "model.safetensors").stat().st_size < 0.6 * (pristine / "model.safetensors").stat().st_size
    loaded = load_world(tmp_path, precision="fp32").model.state_dict()  # pyright: ignore[reportAttributeAccessIssue]
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    assert all(torch.equal(loaded[name], weights[name].bfloat16().float()) for name in weights)


def test_loading_gives_an_inference_model_and_leaves_random_numbers_alone(pristine: Path):
    before = torch.random.get_rng_state()
    model: Any = load_world(pristine).model
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_sampling_values_can_be_replaced_and_the_others_stay(pristine: Path):
    model: Any = load_world(pristine, sampling={"num_denoising_steps": 5, "end_mode": "never"}).model
    assert (model.sampling.num_denoising_steps, model.sampling.end_mode, model.sampling.reward_mode) == (
        5,
        "never",
        "sample",
    )


@pytest.mark.parametrize("sampling", [{"num_steps": 3}, {"num_denoising_steps": 0}, {"end_mode": "always"}])
def test_a_sampling_value_that_cannot_be_is_the_callers_mistake(pristine: Path, sampling: dict[str, object]):
    with pytest.raises(InvalidArgument, match=next(iter(sampling))):
        load_world(pristine, sampling=sampling)


def test_precision_and_device_are_checked_before_anything_is_read(tmp_path: Path):
    with pytest.raises(InvalidArgument, match=r"fp16.*'auto', 'fp32', 'bf16'"):
        load_world(tmp_path / "nowhere", precision="fp16")
    with pytest.raises(InvalidArgument, match=r'toaster.*device="cpu"'):
        load_world(tmp_path / "nowhere", device="toaster")


def test_cuda_where_there_is_none_is_said_so(pristine: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InvalidArgument, match=r'device "?\'?cuda.*0 CUDA devices.*device="cpu"'):
        load_world(pristine, device="cuda")


def test_a_directory_that_does_not_exist_is_named_with_what_a_world_holds(tmp_path: Path):
    with pytest.raises(InvalidWorld, match=r"nowhere' does not exist.*config\.json.*model\.safetensors.*contexts\.npz"):
        load_world(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InvalidWorld, match="is a file"):
        load_world(tmp_path / "file")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "contexts.npz", "provenance.json"])
def test_a_missing_file_is_named(world: Path, name: str):
    (world / name).unlink()
    with pytest.raises(InvalidWorld, match=name):
        load_world(world)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "contexts.npz", "provenance.json"])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.98])
def test_a_truncated_file_is_named(world: Path, name: str, keep: float):
    content = (world / name).read_bytes()
    if name == "provenance.json":
        content = b'{"seed": 1}'
    (world / name).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(InvalidWorld, match=name):
        load_world(world)


def test_another_format_version_says_which_this_one_reads(world: Path):
    edit_config(world, lambda config: config.update(format=2))
    with pytest.raises(InvalidWorld, match=r"format 2.*reads format 1"):
        load_world(world)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c.update(backend="transformer"), "transformer.*diamond"),
        (lambda c: c.update(extra=1), "extra"),
        (lambda c: c.pop("spec"), "spec"),
        (lambda c: c.update(model=[1]), "model"),
        (lambda c: c["spec"].update(height="64"), r"spec\.height is '64'"),
        (lambda c: c["spec"].update(height=0), r"spec\.height"),
        (lambda c: c["spec"].update(colour=True), "colour"),
        (lambda c: c["spec"].pop("fps"), "fps"),
        (lambda c: c["sampling"].update(order=3), "order is 3"),
        (lambda c: c["sampling"].update(num_denoising_steps=True), "num_denoising_steps is True"),
        (lambda c: c["model"]["denoiser"].update(channels=8), r"model\.denoiser\.channels is 8"),
        (lambda c: c["model"]["denoiser"].update(depth=3), "depth"),
        (lambda c: c["model"]["denoiser"].update(quantizer="ceil"), "ceil.*round"),
        (lambda c: c["spec"].update(context_length=3), "cond_channels"),
        (lambda c: c["spec"].update(height=2**62), r"config\.json asks for networks that cannot be built"),
        (lambda c: c["spec"].update(reward_values=[0.0, float("inf")]), r"reward_values .* must be finite"),
        (lambda c: c["sampling"].update(sigma_max=float("inf")), "sigma_max is inf; it must be finite"),
        (lambda c: c["sampling"].update(s_noise=float("nan")), "s_noise is nan; it must be finite"),
        (lambda c: c["model"]["denoiser"].update(sigma_data=float("nan")), "sigma_data must be positive"),
    ],
)
def test_a_tampered_config_is_refused_with_the_field(world: Path, edit: Callable[[Any], object], message: str):
    edit_config(world, edit)
    with pytest.raises(InvalidWorld, match=message):
        load_world(world)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda w: w.pop("denoiser.inner_model.conv_in.bias"),
            r"lacks 1 tensors.*denoiser\.inner_model\.conv_in\.bias",
        ),
        (lambda w: w.update(stranger=torch.zeros(1)), "has 1 tensors.*stranger"),
        (
            lambda w: w.update({"denoiser.inner_model.conv_in.bias": torch.zeros(3)}),
            r"conv_in\.bias has shape \(3,\).*\(8,\)",
        ),
        (
            lambda w: w.update({"denoiser.inner_model.conv_in.bias": torch.zeros(8, dtype=torch.int64)}),
            r"conv_in\.bias holds torch\.int64",
        ),
        (
            lambda w: w["denoiser.inner_model.conv_in.weight"].view(-1)[0].fill_(float("nan")),
            "conv_in.weight has numbers",
        ),
    ],
)
def test_weights_that_do_not_fit_the_config_are_refused(world: Path, edit: Callable[[Any], object], message: str):
    edit_weights(world, edit)
    with pytest.raises(InvalidWorld, match=message):
        load_world(world)


def test_a_config_of_other_widths_than_the_weights_is_refused(world: Path):
    edit_config(world, lambda config: config["model"]["denoiser"].update(channels=[8, 16]))
    with pytest.raises(InvalidWorld, match=r"model\.safetensors"):
        load_world(world)


def bank(num: int = 2, length: int = 4, size: int = 64, action: int = 0) -> ContextBank:
    return ContextBank(
        np.zeros((num, length, size, size, 3), np.uint8),
        np.full((num, length - 1), action, np.int64),
        np.ones((num, length), np.bool_),
    )


@pytest.mark.parametrize(
    ("contexts", "message"),
    [
        (bank(size=32), r"frames of \(32, 32, 3\).*\(64, 64, 3\)"),
        (bank(length=3), "3 frames a context.*looks back on 4"),
        (bank(action=4), "actions 4 to 4.*0 to 3"),
        (bank(action=-1), "actions -1 to -1"),
        (replace(bank(), actions=np.zeros((2, 3, 2), np.int64)), r"actions of shape \(2,\); this world's have \(\)"),
    ],
)
def test_contexts_that_do_not_fit_the_spec_are_refused_when_loaded_and_when_saved(
    world: Path, contexts: ContextBank, message: str
):
    model: Any = load_world(world).model
    before = (world / "model.safetensors").read_bytes()
    with pytest.raises(InvalidWorld, match=message):
        save_world(world, model=model, state_dict=model.state_dict(), contexts=contexts, provenance={}, card="")
    assert (world / "model.safetensors").read_bytes() == before
    contexts.save(world / "contexts.npz")
    with pytest.raises(InvalidWorld, match=message):
        load_world(world)


def test_a_pickle_in_place_of_arrays_is_not_executed(world: Path):
    np.savez(world / "contexts.npz", frames=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InvalidWorld, match=r"contexts\.npz"):
        load_world(world)


def test_provenance_must_be_an_object(world: Path):
    (world / "provenance.json").write_text("[1, 2]")
    with pytest.raises(InvalidWorld, match=r"provenance\.json must hold a JSON object, not list"):
        load_world(world)


def test_new_weights_take_away_what_was_measured_of_the_old_ones(pristine: Path, tmp_path: Path):
    world: Any = load_world(pristine, precision="fp32")
    kept = {"model": world.model, "state_dict": world.model.state_dict(), "contexts": world.contexts, "provenance": {}}
    save_world(tmp_path, **kept, card="Not measured.")
    for name in (*MEASURED, "notes.txt"):
        (tmp_path / name).write_text("as it was")
    assert load_world(tmp_path).provenance == {}, "a world may hold more files than those that it is"
    save_world(tmp_path, **kept, card="Not measured.")
    assert [name for name in MEASURED if (tmp_path / name).exists()] == []
    assert (tmp_path / "notes.txt").read_text() == "as it was"
