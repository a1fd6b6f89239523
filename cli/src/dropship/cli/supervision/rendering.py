"""A log line as a person reads it: time, level, what happened, and what it was about."""

import json
from collections.abc import Mapping
from typing import Any

import click

COLOURS = ("cyan", "magenta", "green", "blue", "bright_cyan", "bright_magenta", "bright_blue")
LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}
SILENT = frozenset(
    (
        "timestamp",
        "level",
        "event",
        "service",
        "replica",
        "logger",
        "trace_id",
        "span_id",
        "exception",
    )
)


def colour_of(name: str, names: list[str]) -> str:
    """A colour for a program's prefix, the same in every line."""
    return COLOURS[names.index(name) % len(COLOURS)] if name in names else "white"


def prefixed(name: str, line: bytes, *, colour: str, width: int) -> str:
    """The line with its program's name in front; a JSON line is rendered short."""
    text = line.decode(errors="replace")
    return f"{click.style(name.ljust(width), fg=colour)} {_short(text)}"


def _short(text: str) -> str:
    if not text.startswith("{"):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        return text
    if not isinstance(fields, Mapping) or "event" not in fields:
        return text
    return _sentence(fields)


def _sentence(fields: Mapping[str, Any]) -> str:
    at = str(fields.get("timestamp", ""))[11:23]
    level = str(fields.get("level", "info")).lower()
    rest = " ".join(f"{key}={_plain(fields[key])}" for key in fields if key not in SILENT)
    event = click.style(str(fields["event"]), fg=LEVELS.get(level), bold=level in LEVELS)
    parts = [
        click.style(at, dim=True) if at else "",
        event,
        click.style(rest, dim=True) if rest else "",
    ]
    lines = [" ".join(filter(None, parts))]
    if exception := fields.get("exception"):
        lines.append(str(exception))
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
