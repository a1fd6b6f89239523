"""Is this process able to work, and if not, why: the answer of /health/ready.

A service creates neither schema, stream nor consumer. It verifies that `dropship migrate` has made
them, and waits, not ready and with the reason, until it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import psycopg

from dropship.runtime.bus import ApiError, Bus, Uncertain
from dropship.runtime.database import Database
from dropship.runtime.errors import Retry
from dropship.runtime.living import STREAMS, Living
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry.logs import get_logger

EVERY_S = 1.0
_log = get_logger()
Check = Callable[[], Awaitable[str | None]]


def migration_head(package: Path) -> str | None:
    """The newest revision that this release brings, by the names of its files (``0001_….py``)."""
    names = sorted(path.name[:4] for path in (package / "migrations/versions").glob("[0-9]*.py"))
    return names[-1] if names else None


class Readiness:
    """Gathers the reasons once a second, so that the health endpoint answers from memory."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        checks: Mapping[str, Check],
        living: Living,
        head: str | None,
        consumers: list[str],
    ) -> None:
        self._database, self._bus, self._checks = database, bus, checks
        self._living, self._head, self._consumers = living, head, consumers
        self._found: dict[str, str] = {}
        self.started = False
        self.draining = False

    def reasons(self) -> dict[str, str]:
        reasons = dict(self._found) | self._living.reasons
        if not self._bus.connected:
            reasons["nats"] = "not connected"
        if not self.started:
            reasons["start"] = "not started yet"
        if self.draining:
            reasons["drain"] = "draining"
        return reasons

    async def watch(self) -> None:
        """Look again every second, for ever."""
        while unless_cancelled():
            if self.started:
                self._found = await self._look()
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            await self._database.fetch_one("SELECT 1")
        except (psycopg.Error, Retry) as error:
            found["postgres"] = type(error).__name__
        for name, check in self._checks.items():
            if reason := await check():
                found[name] = reason
        return found

    async def foundations(self) -> None:
        """Wait until the schema, the streams and the consumers are there."""
        said = None
        while unless_cancelled():
            reason = await self._missing()
            if reason is None:
                self._found.pop("migrate", None)
                return
            if reason != said:
                _log.warning("waiting_for_migrate", reason=reason)
            self._found["migrate"] = said = reason
            await asyncio.sleep(0.2)

    async def _missing(self) -> str | None:
        try:
            if self._head is not None:
                row = await self._database.fetch_one("SELECT version_num FROM alembic_version")
                if row is None or row[0] < self._head:
                    return f"schema {self._database.service} is older than {self._head}"
            for stream in STREAMS:
                await self._bus.api(f"STREAM.INFO.{stream}")
            for consumer in self._consumers:
                await self._bus.api(f"CONSUMER.INFO.WORK.{consumer}")
        except (psycopg.Error, Retry) as error:
            return f"postgres: {type(error).__name__}"
        except (ApiError, Uncertain) as error:
            return f"nats: {error}"
        return None
