"""What must exist before any service works, read from one declarative file.

Roles, schemas, streams and durable consumers: `dropship migrate` makes them so, and nothing else
ever does. A consumer line is a template over plugins, so that a new supplier adds no line here.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

PluginNames = Callable[[str], Sequence[str]]

_DURATION = re.compile(r"^(\d+)(ms|s|m|h|d)$")
_NANOS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATIONS = ("max_age", "duplicate_window", "ack_wait", "inactive_threshold")


@dataclass(frozen=True)
class Consumer:
    """A durable consumer: its stream, and its configuration as JetStream takes it."""

    stream: str
    config: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.config["durable_name"])


@dataclass(frozen=True)
class Topology:
    """Everything that `dropship migrate` brings about."""

    services: tuple[str, ...]
    streams: tuple[dict[str, Any], ...]
    consumers: tuple[Consumer, ...]


def read(text: str, plugins: PluginNames) -> Topology:
    """Read the file. `plugins` names those of an entry-point group, for the templates.

    Durations are written ``30s``, ``72h``. Raises ValueError naming what is wrong.
    """
    table = tomllib.loads(text)
    services = tuple(table["services"])
    streams = tuple(_in_nanos(stream) for stream in table.get("stream", []))
    consumers = [
        consumer
        for line in table.get("consumer", [])
        for consumer in _expanded(_in_nanos(line), plugins)
    ]
    return Topology(services, streams, tuple(consumers))


def _expanded(line: dict[str, Any], plugins: PluginNames) -> list[Consumer]:
    line = dict(line)
    stream, service = line.pop("stream"), line.pop("service")
    group, lanes = line.pop("for_each"), line.pop("lanes")
    return [
        Consumer(
            stream,
            {
                **line,
                "durable_name": f"{service}-{plugin}-{lane}",
                "filter_subject": f"work.{service}.{plugin}.{lane}.>",
            },
        )
        for plugin in plugins(group)
        for lane in lanes
    ]


def _in_nanos(line: dict[str, Any]) -> dict[str, Any]:
    return {key: _nanos(key, value) if key in _DURATIONS else value for key, value in line.items()}


def _nanos(key: str, value: Any) -> int:
    match = _DURATION.match(str(value))
    if match is None:
        raise ValueError(f"{key} = {value!r} is no duration; write it like 30s or 72h")
    return int(match[1]) * _NANOS[match[2]]
