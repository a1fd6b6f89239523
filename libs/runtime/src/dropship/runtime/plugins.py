"""Finding plugins: whatever installed distribution offers something under an entry point group.

First-party plugins come in by the same door. A broken one is refused by name; the others live.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dropship.runtime.telemetry import get_logger
from dropship.runtime.telemetry.redaction import redacted

_log = get_logger()


@dataclass(frozen=True)
class Plugin:
    """One plugin and where it came from. `loaded` is what its entry point names, unchecked."""

    name: str
    distribution: str
    version: str
    loaded: Any


@dataclass(frozen=True)
class Plugins:
    """What was found under a group, by name, and why the rest was refused."""

    found: Mapping[str, Plugin] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)


def load(group: str) -> Plugins:
    """Import every plugin of a group, in the order of their names.

    It runs their code: an import that fails, or tries to end the process, breaks that plugin only.
    Two distributions that offer one name are both refused, because choosing one would be a guess.
    """
    entries = sorted(entry_points(group=group), key=lambda entry: entry.name)
    offers = Counter(entry.name for entry in entries)
    found: dict[str, Plugin] = {}
    broken: dict[str, str] = {}
    for entry in entries:
        if offers[entry.name] > 1:
            broken[entry.name] = "more than one distribution offers this name"
            continue
        try:
            found[entry.name] = _loaded(entry)
        except (Exception, SystemExit) as error:
            broken[entry.name] = redacted(f"{type(error).__name__}: {error}")
    for name, reason in broken.items():
        _log.error("plugin_refused", group=group, plugin=name, reason=reason)
    return Plugins(found, broken)


def _loaded(entry: EntryPoint) -> Plugin:
    distribution = entry.dist
    return Plugin(
        name=entry.name,
        distribution=distribution.name if distribution else "unknown",
        version=distribution.version if distribution else "unknown",
        loaded=entry.load(),
    )
