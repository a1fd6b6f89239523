"""Who leads what: one direct Postgres session per process, holding all its advisory locks.

The locks only spare work; what keeps the data right are the relay's epoch fence and the
compare-and-set of the checkpoints. `idle_session_timeout` makes a hung process lose its session,
and with it everything it leads, so that a healthy replica can take over.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import ceil
from typing import Any

import psycopg
from psycopg import AsyncConnection

from dropship.contracts.ids import PARTITIONS
from dropship.runtime.database import session_options
from dropship.runtime.errors import SessionLost
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry import metrics

IDLE_TIMEOUT_S = 5
BEATS_MISSED = 3

_BEAT = """
WITH gone AS (DELETE FROM replicas WHERE beat_at < now() - interval '1 minute'),
     beat AS (
       INSERT INTO replicas (replica, backend_pid, beat_at)
       VALUES (%(me)s, pg_backend_pid(), now())
       ON CONFLICT (replica) DO UPDATE SET beat_at = now(), backend_pid = excluded.backend_pid)
SELECT count(*) + 1 FROM replicas r JOIN pg_stat_activity a ON a.pid = r.backend_pid
 WHERE r.replica <> %(me)s AND r.beat_at > now() - make_interval(secs => %(alive_s)s)
"""
_LOCK = "SELECT pg_try_advisory_lock(hashtext(%s), %s)"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext(%s), %s)"


class Leases:
    """The session of one process, and what it leads through it.

    `partitions(name)` is the set led for a subscription now. A loop compares it with what it hears,
    and calls `release` for the surplus between two batches, never in the middle of one.
    """

    def __init__(self, dsn: str, service: str, replica: str, beat_s: float) -> None:
        self._dsn = dsn
        self.service = service
        self.replica = replica
        self.beat_s = beat_s
        self._subscriptions: dict[str, set[int]] = {}
        self._quota = PARTITIONS
        self._single: set[str] = set()
        self._connection: AsyncConnection[Any] | None = None
        self._grown: dict[str, asyncio.Event] = {}

    @property
    def connection(self) -> AsyncConnection[Any]:
        """The session itself. Raises SessionLost while there is none."""
        if self._connection is None or self._connection.closed:
            raise SessionLost(self.service)
        return self._connection

    def subscribe(self, name: str) -> None:
        """Lead a fair share of the partitions of this subscription."""
        self._subscriptions.setdefault(name, set())
        self._grown.setdefault(name, asyncio.Event())

    async def grown(self, name: str) -> None:
        """Wait until this subscription leads something new."""
        self._grown[name].clear()
        await self._grown[name].wait()

    def partitions(self, name: str) -> frozenset[int]:
        return frozenset(self._subscriptions[name])

    def surplus(self, name: str) -> frozenset[int]:
        """What this process leads beyond its share: to be released between two batches."""
        led = sorted(self._subscriptions[name])
        return frozenset(led[self._quota :])

    def leads(self, name: str) -> bool:
        """Whether this process holds the single lock of that name."""
        return name in self._single

    def summary(self) -> Mapping[str, list[int]]:
        return {name: sorted(led) for name, led in self._subscriptions.items()}

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Open the session; on leaving, everything led is lost at once."""
        options = session_options(
            self.service,
            application_name=f"dropship-{self.service}-session",
            idle_session_timeout=f"{IDLE_TIMEOUT_S}s",
            synchronous_commit="off",
        )
        connection = await AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            options=options,
            connect_timeout=3,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None
            self._single.clear()
            for led in self._subscriptions.values():
                led.clear()
            self._count_led()
            await connection.close()

    async def keep(self) -> None:
        """Beat, and take or mark for release, until the session is lost. Raises SessionLost."""
        while unless_cancelled():
            try:
                async with asyncio.timeout(IDLE_TIMEOUT_S):
                    await self._beat()
            except (psycopg.Error, TimeoutError) as error:
                raise SessionLost(type(error).__name__) from error
            await asyncio.sleep(self.beat_s)

    async def _beat(self) -> None:
        parameters = {"me": self.replica, "alive_s": self.beat_s * BEATS_MISSED + 0.5}
        row = await (await self.connection.execute(_BEAT, parameters)).fetchone()
        assert row is not None
        self._quota = ceil(PARTITIONS / row[0])
        for name in self._subscriptions:
            await self._take(name)
        self._count_led()

    def _count_led(self) -> None:
        for name, led in self._subscriptions.items():
            metrics.LEASES_LED[name].set(len(led))

    async def _take(self, name: str) -> None:
        led = self._subscriptions[name]
        taken: set[int] = set()
        for part in range(PARTITIONS):
            if len(led) + len(taken) >= self._quota:
                break
            if part not in led and await self._try(f"{self.service}.{name}", part):
                taken.add(part)
        if taken:
            led |= taken
            self._grown[name].set()

    async def _try(self, name: str, part: int) -> bool:
        row = await (await self.connection.execute(_LOCK, (name, part))).fetchone()
        return bool(row and row[0])

    async def release(self, name: str, parts: frozenset[int]) -> None:
        """Give partitions back; the caller no longer touches them."""
        for part in sorted(parts):
            self._subscriptions[name].discard(part)
            try:
                await self.connection.execute(_UNLOCK, (f"{self.service}.{name}", part))
            except psycopg.Error as error:
                raise SessionLost(type(error).__name__) from error

    async def lead(self, name: str) -> bool:
        """Try to become the only one for `name` (the relay, a round); true when this process is."""
        try:
            if name not in self._single and await self._try(f"{self.service}.{name}", -1):
                self._single.add(name)
        except psycopg.Error as error:
            raise SessionLost(type(error).__name__) from error
        return name in self._single
