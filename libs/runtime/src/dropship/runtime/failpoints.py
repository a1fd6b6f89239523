"""Named places where a test may kill, fail or stall a process: one ``if`` each in production.

They stand at every await that crosses a boundary, so that the kill matrix can prove that nothing is
lost or doubled whichever one a process dies at. A specification is a list such as
``relay.published=kill@1;hearing.before_commit=error@3;asking.received=stall:10@1%/tmp/fired``.
"""

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dropship.runtime.telemetry import get_logger

NAMES = frozenset(
    {
        "journal.before_commit",
        "journal.after_commit",
        "relay.locked",
        "relay.fenced",
        "relay.read",
        "relay.published",
        "relay.marked",
        "hearing.received",
        "hearing.handled",
        "hearing.before_commit",
        "hearing.committed",
        "working.received",
        "working.claimed",
        "working.called",
        "working.before_outcome",
        "working.outcome_committed",
        "working.acked",
        "asking.received",
        "asking.before_commit",
        "asking.committed",
        "asking.replied",
    }
)
"""Every failpoint there is. Another name can be neither armed nor, once armed, passed."""

_RULE = re.compile(
    r"(?P<name>[a-z_.]+)=(?P<action>kill|error|stall:(?P<stall_s>\d+(\.\d+)?))"
    r"(@(?P<passage>[1-9]\d*))?(%(?P<marker>.+))?"
)
_log = get_logger()


class FailpointError(Exception):
    """A planted failure. Only an armed failpoint raises it."""


@dataclass
class _Rule:
    """Fire once, on the given passage; `marker` remembers across restarts that it has fired."""

    name: str
    action: str
    stall_s: float
    passage: int
    marker: Path | None
    passed: int = 0

    def is_due(self) -> bool:
        self.passed += 1
        return self.passed == self.passage and (self.marker is None or _created(self.marker))

    async def fire(self) -> None:
        _log.warning("failpoint_fired", failpoint=self.name, action=self.action)
        match self.action:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "error":
                raise FailpointError(f"failpoint {self.name}")
            case _:
                await asyncio.sleep(self.stall_s)


_armed: list[_Rule] | None = None


async def failpoint(name: str) -> None:
    """A place where a test may strike. Raises FailpointError when armed with ``error``."""
    if _armed is not None:
        await _pass(name, _armed)


def arm(spec: str, development: bool) -> None:
    """Arm the failpoints of a specification; an empty one disarms all.

    A rule is ``name=action[@passage][%marker]``. The action is ``kill`` (SIGKILL to this process),
    ``error`` or ``stall:<seconds>``. It fires once, on the given passage (default 1). With a
    marker, a file that must not exist yet and is created just before firing, a restarted process
    does not fire again. Raises ValueError for anything misspelt and outside development.
    """
    global _armed  # noqa: PLW0603 - the price of costing one `if` when not armed
    rules = list(_parsed(spec))
    if rules and not development:
        raise ValueError("failpoints are refused outside development")
    _armed = rules or None


async def _pass(name: str, rules: list[_Rule]) -> None:
    if name not in NAMES:
        raise ValueError(f"failpoint {name!r} is not registered in NAMES")
    for rule in rules:
        if rule.name == name and rule.is_due():
            await rule.fire()


def _parsed(spec: str) -> Iterator[_Rule]:
    for text in filter(None, map(str.strip, spec.split(";"))):
        match = _RULE.fullmatch(text)
        if match is None:
            raise ValueError(f"failpoint rule {text!r} is not name=kill|error|stall:<s>[@n][%file]")
        if match["name"] not in NAMES:
            raise ValueError(f"failpoint {match['name']!r} does not exist")
        yield _Rule(
            name=match["name"],
            action=match["action"].partition(":")[0],
            stall_s=float(match["stall_s"] or 0),
            passage=int(match["passage"] or 1),
            marker=Path(match["marker"]) if match["marker"] else None,
        )


def _created(marker: Path) -> bool:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
