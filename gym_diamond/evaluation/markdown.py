"""Numbers and tables in Markdown, as the dream card and the terminal show them."""

from collections.abc import Mapping, Sequence
from typing import Any


def with_interval(estimate: Mapping[str, Any], form: str = "{:.2f}") -> str:
    """The mean of `estimate` and its 95% interval: "0.92 [0.89, 0.94]"; "-" where there was nothing to average."""
    mean = number(estimate["mean"], form)
    if estimate["low"] is None or estimate["mean"] is None:
        return mean
    return f"{mean} [{number(estimate['low'], form)}, {number(estimate['high'], form)}]"


def number(value: float | None, form: str = "{:.2f}") -> str:
    """`value` in `form`, "-" for None; what rounds to zero has no sign."""
    if value is None:
        return "-"
    text = form.format(value)
    return text.replace("-", "") if float(text.replace(",", "")) == 0 else text


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, also readable as it stands; the first of `rows` is its head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def image(words: str, name: str) -> str:
    """The picture in the file `name` beside the card."""
    return f"![{words}]({name})"
