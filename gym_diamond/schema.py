"""A typed dataclass from a plain mapping, checked field by field.

Configs cross the border of a file (a world's `config.json`, a run's `config.json`), where anything may have been
edited. `decode` accepts exactly what the dataclass declares and names the field that is wrong.
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gym_diamond.errors import InvalidArgument

T = TypeVar("T")


def decode(cls: type[T], values: object, where: str = "config") -> T:
    """An instance of the dataclass `cls` built from `values`.

    Args:
        cls: a dataclass whose fields are bool, int, float, str, Literal, tuple, optional or other dataclasses.
        values: a mapping of field names to JSON values. Fields that have a default may be absent.
        where: how error messages name the place that is being read.

    Raises:
        InvalidArgument: a field is unknown, missing, of another type, or refused by the dataclass itself.
    """
    if not isinstance(values, Mapping):
        raise InvalidArgument(f"{where} must be an object of named fields, not {values!r}.")
    known = {field.name: field for field in fields(cls)}  # pyright: ignore[reportArgumentType]
    for name in values:
        if name not in known:
            raise InvalidArgument(f"{where} has no field {name!r}; it has {', '.join(known)}.")
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InvalidArgument(f"{where} lacks the field {name!r}.")
    hints = get_type_hints(cls)
    decoded = {name: _decode_value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    return cls(**decoded)


def encode(config: object) -> dict[str, Any]:
    """The JSON-able mapping from which `decode` rebuilds `config`."""
    return asdict(config)  # pyright: ignore[reportArgumentType]


def _decode_value(hint: Any, value: Any, where: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return decode(hint, value, where)
    if origin is Literal:
        if value not in args or isinstance(value, bool) != isinstance(args[0], bool):
            raise InvalidArgument(f"{where} is {value!r}; it must be one of {', '.join(map(repr, args))}.")
        return value
    if origin in (Union, UnionType):
        if value is None and NoneType in args:
            return None
        inner = next(arg for arg in args if arg is not NoneType)
        return _decode_value(inner, value, where)
    if origin is tuple:
        return _decode_tuple(args, value, where)
    return _decode_scalar(hint, value, where)


def _decode_tuple(args: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise InvalidArgument(f"{where} is {value!r}; it must be a list.")
    hints = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
    if len(hints) != len(value):
        raise InvalidArgument(f"{where} has {len(value)} entries; it must have {len(hints)}.")
    pairs = zip(hints, value, strict=True)
    return tuple(_decode_value(hint, entry, f"{where}[{i}]") for i, (hint, entry) in enumerate(pairs))


def _decode_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool) != (hint is bool):
        raise InvalidArgument(f"{where} is {value!r}; it must be of type {hint.__name__}.")
    return value
