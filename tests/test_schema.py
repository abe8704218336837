"""A config read from a file is exactly what its dataclass declares, or the error names the field."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from gym_diamond.errors import InvalidArgument
from gym_diamond.schema import decode, encode


@dataclass(frozen=True)
class Inner:
    widths: tuple[int, ...] = (1, 2)
    mode: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Outer:
    name: str
    rate: float = 0.5
    flag: bool = False
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)


def test_what_is_encoded_decodes_to_the_same_config() -> None:
    config = Outer("x", 1.5, True, 3.0, Inner((4, 5, 6), "b"))
    assert decode(Outer, encode(config)) == config


def test_json_lists_become_tuples_and_whole_numbers_become_floats() -> None:
    config = decode(Outer, {"name": "x", "rate": 2, "inner": {"widths": [7]}})
    assert config == Outer("x", 2.0, inner=Inner((7,)))
    assert isinstance(config.rate, float)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "must be an object"),
        ({}, "lacks the field 'name'"),
        ({"name": "x", "ratte": 1}, "has no field 'ratte'"),
        ({"name": 3}, r"config.name is 3; it must be of type str"),
        ({"name": "x", "flag": 1}, r"config.flag is 1; it must be of type bool"),
        ({"name": "x", "rate": True}, r"config.rate is True; it must be of type float"),
        ({"name": "x", "rate": "fast"}, r"config.rate is 'fast'"),
        ({"name": "x", "inner": {"mode": "c"}}, r"config.inner.mode is 'c'; it must be one of 'a', 'b'"),
        ({"name": "x", "inner": {"widths": 3}}, r"config.inner.widths is 3; it must be a list"),
        ({"name": "x", "inner": {"widths": [1, "2"]}}, r"config.inner.widths\[1\] is '2'"),
    ],
)
def test_a_wrong_field_is_named(values: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        decode(Outer, values)
