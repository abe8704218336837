"""A world is a directory: this file reads and writes it.

    config.json         format, backend, spec, architecture, sampling
    model.safetensors   the weights
    contexts.npz        the moments of real play from which dreams start
    provenance.json     what it was fitted on, by which command, on which machine
    README.md           the dream card: what was measured
    policy.safetensors  where there is one: an actor-critic that plays it
    coming.npz          where there is one: moments at which the game's ball comes to the player, `contexts="coming"`

and, once it was measured, the files of `MEASURED`.

Nothing in it is executed on loading: there is no pickle. Everything that is read is checked against what the config
promises, so that a damaged, edited or hostile world fails here with its name, not later with a wrong dream; and the
config's networks are only built once the weights are known to be theirs, so it cannot ask for more memory than they.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gym_diamond import schema, world_models
from gym_diamond.banks import COMING, CONTEXTS, check_contexts, contexts_path
from gym_diamond.data.contexts import ContextBank
from gym_diamond.errors import InvalidArgument, InvalidWorld
from gym_diamond.files import MAX_JSON_BYTES, read_json, read_tensors, write_json, write_tensors, write_text
from gym_diamond.hardware import ComputePrecision, resolve_device, resolve_precision
from gym_diamond.world_models.protocol import Sampling, WorldModel, WorldSpec
from gym_diamond.world_models.shapes import shapes_only

FORMAT = 1
CONFIG, WEIGHTS, PROVENANCE, CARD = "config.json", "model.safetensors", "provenance.json", "README.md"
REQUIRED = (CONFIG, WEIGHTS, CONTEXTS, PROVENANCE)
METRICS = "metrics.json"
POLICY = "policy.safetensors"  # the tensors of an `nn.actor_critic.ActorCritic`, under its own names
MEASURED = (METRICS, "drift.png", "strips.png", "reward_end.png", "ranking.png", "dream.gif")  # of these very weights
LIMITS = {  # bytes; a larger file is neither brought from the Hub nor read
    CONFIG: 2**20,
    WEIGHTS: 2**32,
    CONTEXTS: 2**29,
    COMING: 2**29,
    PROVENANCE: MAX_JSON_BYTES,
    CARD: 2**22,
    POLICY: 2**29,
} | {name: 2**26 for name in MEASURED}


class World(NamedTuple):
    """A loaded world."""

    model: WorldModel[Any, Any]  # also an nn.Module, with `backend`, `config` and `sampling`
    contexts: ContextBank
    provenance: dict[str, Any]
    directory: Path


def load_world(
    directory: str | Path,
    *,
    device: str | torch.device = "cpu",
    precision: str = "auto",
    sampling: Mapping[str, object] | None = None,
    contexts: str | Path | None = None,
) -> World:
    """The world in `directory`, its model in evaluation mode with float32 parameters on `device`.

    Args:
        directory: a world directory.
        device: where the model computes: "cpu", "cuda", "cuda:1", "auto".
        precision: what it computes in: "bf16", "fp32", or "auto" for bf16 where the hardware has it.
        sampling: values of `Sampling` that replace those the world was saved with.
        contexts: the moments from which its dreams start: None = contexts.npz; the name of another bank of the world,
            for example "coming"; or the path of one, ending in .npz.

    Raises:
        InvalidWorld: something in the directory, or the file of contexts, is missing, damaged or does not fit the rest.
        InvalidArgument: the device, the precision or a sampling value is not allowed, or there are no such contexts.
    """
    on = resolve_device(str(device))
    compute = resolve_precision(precision, on)
    directory = _existing_directory(Path(directory))
    check_sizes(directory)
    config = _read_config(directory / CONFIG)
    chosen = schema.decode(Sampling, {**schema.encode(config.sampling), **(sampling or {})}, "sampling")
    weights, _ = read_tensors(directory / WEIGHTS, InvalidWorld)
    promised = _promised(config, chosen, compute, directory / CONFIG)
    check_tensors(weights, promised, directory / WEIGHTS)
    check_finite(weights, directory / WEIGHTS)
    model = _build(config, chosen, compute, directory / CONFIG)
    model.load_state_dict(weights)  # copies into the dtypes that the model computes in
    bank_path = contexts_path(directory, contexts)
    bank = ContextBank.load(bank_path)
    check_contexts(bank, config.spec, bank_path)
    provenance = read_json(directory / PROVENANCE, InvalidWorld)
    return World(model.requires_grad_(False).eval().to(on), bank, provenance, directory)


def save_world(
    directory: str | Path,
    *,
    model: Any,
    state_dict: Mapping[str, Tensor],
    contexts: ContextBank,
    provenance: Mapping[str, Any],
    card: str,
    weights_dtype: torch.dtype = torch.float32,
) -> None:
    """Write a world into `directory`; each file is replaced whole, `config.json` last.

    What was measured of the world that was there before is removed first: it is not true of the new weights. A
    coming.npz stays, since its moments are of real play.

    Args:
        directory: made if it does not exist.
        model: gives backend, spec, architecture and sampling; its own weights are not saved.
        state_dict: the weights that are saved, by the names of `model.state_dict()`.
        contexts: moments of real play to start from, which must fit the model's spec.
        provenance: JSON values.
        card: the text of README.md.
        weights_dtype: what floating weights are stored in, for example `torch.bfloat16` to halve the file.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    check_tensors(state_dict, model.state_dict(), directory / WEIGHTS)
    check_contexts(contexts, model.spec, directory / CONTEXTS)
    stored = {k: v.to(weights_dtype) if v.is_floating_point() else v for k, v in state_dict.items()}
    config = {
        "format": FORMAT,
        "backend": model.backend,
        "spec": schema.encode(model.spec),
        "model": schema.encode(model.config),
        "sampling": schema.encode(model.sampling),
    }
    write_text(directory / CARD, card)
    for name in MEASURED:
        (directory / name).unlink(missing_ok=True)
    write_tensors(directory / WEIGHTS, stored, {"format": "pt"})
    contexts.save(directory / CONTEXTS)
    write_json(directory / PROVENANCE, provenance)
    write_json(directory / CONFIG, config)


def check_sizes(directory: Path) -> None:
    """Nothing, if no file of the world in `directory` is larger than `LIMITS` allows.

    Raises:
        InvalidWorld: one is.
    """
    for name, limit in LIMITS.items():
        path = directory / name
        size = path.stat().st_size if path.exists() else 0
        if size > limit:
            raise InvalidWorld(f"{path} has {size:,} bytes; in a world it has at most {limit:,}.")


def check_tensors(found: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    """Nothing, if `found` can be loaded where `expected` stands.

    Raises:
        InvalidWorld: a tensor is missing, unknown, or of another shape or kind than the config says.
    """
    for difference, words in ((expected.keys() - found.keys(), "lacks"), (found.keys() - expected.keys(), "has")):
        if difference:
            names = ", ".join(sorted(difference)[:3]) + (", ..." if len(difference) > 3 else "")
            raise InvalidWorld(f"{path} {words} {len(difference)} tensors against what its config.json says: {names}.")
    for name, tensor in expected.items():
        if found[name].shape != tensor.shape:
            given, allowed = tuple(found[name].shape), tuple(tensor.shape)
            raise InvalidWorld(f"{path}: {name} has shape {given}; its config.json asks for {allowed}.")
        same_kind = found[name].is_floating_point() and tensor.is_floating_point()
        if not same_kind and found[name].dtype != tensor.dtype:
            raise InvalidWorld(f"{path}: {name} holds {found[name].dtype}; its config.json asks for {tensor.dtype}.")


def check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Nothing, if all numbers are finite: others would dream black frames.

    Raises:
        InvalidWorld: a tensor has a number that is infinite or none.
    """
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise InvalidWorld(f"{path}: {name} has numbers that are not finite; the world is damaged.")


class _Config(NamedTuple):
    backend: str
    spec: WorldSpec
    model: Mapping[str, Any]
    sampling: Sampling


def _build(config: _Config, sampling: Sampling, precision: ComputePrecision, path: Path) -> Any:
    """A model with random weights; the caller's random numbers stay as they were."""
    try:
        backend = world_models.backend(config.backend)
        architecture = schema.decode(backend.config_type, config.model, "model")
        with torch.random.fork_rng(devices=[]), _float32_by_default():
            return backend.build(architecture, config.spec, sampling, precision)
    except (InvalidArgument, InvalidWorld) as error:
        raise InvalidWorld(f"{path}: {error}") from error


@contextmanager
def _float32_by_default() -> Iterator[None]:
    """Within it networks are made of float32, whatever the caller makes theirs of."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _promised(config: _Config, sampling: Sampling, precision: ComputePrecision, path: Path) -> Mapping[str, Tensor]:
    """The shapes of the weights that a config asks for, which may be anything."""
    try:
        with shapes_only():
            return _build(config, sampling, precision, path).state_dict()
    except (TypeError, RuntimeError, OverflowError) as error:  # of numbers that no tensor can have
        raise InvalidWorld(f"{path} asks for networks that cannot be built: {error}") from error


def _existing_directory(directory: Path) -> Path:
    if directory.is_dir():
        return directory
    what = "is a file, not a directory" if directory.exists() else "does not exist"
    raise InvalidWorld(
        f"world {str(directory)!r} {what}. A world is a directory with {CONFIG}, {WEIGHTS}, {CONTEXTS} and "
        f"{PROVENANCE}, as `gym-diamond fit` writes it (looked for {directory.absolute()})."
    )


def _read_config(path: Path) -> _Config:
    values = read_json(path, InvalidWorld)
    if values.get("format") != FORMAT:
        raise InvalidWorld(
            f"{path} is of format {values.get('format')!r}; this version of gym-diamond reads format {FORMAT}. "
            "Update gym-diamond, or fit the world again."
        )
    expected = {"format", "backend", "spec", "model", "sampling"}
    if values.keys() != expected:
        wrong = ", ".join(sorted(map(repr, values.keys() ^ expected)))
        raise InvalidWorld(f"{path} must have exactly the fields {', '.join(sorted(expected))}; check {wrong}.")
    if not isinstance(values["backend"], str) or not isinstance(values["model"], dict):
        raise InvalidWorld(f"{path}: backend must be a name and model an object of named fields.")
    try:
        spec = schema.decode(WorldSpec, values["spec"], "spec")
        sampling = schema.decode(Sampling, values["sampling"], "sampling")
    except InvalidArgument as error:
        raise InvalidWorld(f"{path}: {error}") from error
    return _Config(values["backend"], spec, values["model"], sampling)
