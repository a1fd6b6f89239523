"""One line for one message, and all of it as JSON."""

import json
from typing import Any

import click
import msgspec

from dropship.cli.log.reading import Entry
from dropship.contracts.envelope import split_type

LONGEST_VALUE = 60
COLOURS = {"EVENTS": "green", "OBSERVATIONS": "cyan", "WORK": "yellow", "DEAD": "red"}


def as_json(entry: Entry, depth: int | None = None) -> str:
    """The whole envelope with where it stands."""
    whole: dict[str, Any] = json.loads(msgspec.json.encode(entry.envelope))
    whole |= {"stream": entry.stream, "seq": entry.seq}
    if depth is not None:
        whole["depth"] = depth
    return json.dumps(whole, default=str)


def as_line(entry: Entry, depth: int = 0, *, dim: bool = False) -> str:
    """Time, name, who said it, and its values, indented below its cause."""
    envelope = entry.envelope
    at = envelope.time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    indent = "   " * (depth - 1) + "└─ " if depth else ""
    name = click.style(spoken(envelope.type), fg=COLOURS.get(entry.stream), dim=dim, bold=not dim)
    where = f"{entry.stream}/{entry.seq}" if entry.seq else f"{entry.stream} (journal)"
    rest = click.style(f"{envelope.source}  {_values(entry)}  [{where}]", dim=True)
    return f"{click.style(at, dim=True)}  {indent}{name}  {rest}"


def spoken(type_: str) -> str:
    """``dropship.price.changed.v2`` → ``price changed``; a type of others' as it is."""
    try:
        name, _ = split_type(type_)
    except ValueError:
        return type_
    return name.removeprefix("dropship.").replace(".", " ").replace("_", " ")


def _values(entry: Entry) -> str:
    fields = json.loads(bytes(entry.envelope.data))
    return " ".join(
        f"{key}={_short(value)}" for key, value in fields.items() if value not in (None, "", [])
    )


def _short(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
