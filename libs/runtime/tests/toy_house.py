"""A made-up house for the runtime's own tests: one service, its database and its log."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from toy_words import count

from dropship.runtime.asking import Asker
from dropship.runtime.bus import Bus
from dropship.runtime.clock import SystemClock
from dropship.runtime.database import Database
from dropship.runtime.embedded import NatsServer
from dropship.runtime.leases import Leases
from dropship.runtime.service import Service
from dropship.runtime.testing import Servers, eventually, settings_for
from dropship.runtime.topology import Topology, read

TOPOLOGY = """
services = ["toy"]
[[stream]]
name = "EVENTS"
subjects = ["evt.>", "fence.>"]
storage = "file"
allow_atomic = true
allow_direct = true
duplicate_window = "{window}"
[[stream]]
name = "OBSERVATIONS"
subjects = ["obs.>", "obsfence.>"]
storage = "file"
allow_atomic = true
allow_direct = true
duplicate_window = "{window}"
[[stream]]
name = "WORK"
subjects = ["work.>"]
retention = "workqueue"
storage = "file"
allow_direct = true
duplicate_window = "{window}"
[[stream]]
name = "DEAD"
subjects = ["dead.>"]
storage = "file"
allow_direct = true
[[consumer]]
stream = "WORK"
service = "toy"
for_each = "toys"
lanes = ["now", "soon", "later"]
ack_policy = "explicit"
ack_wait = "{ack_wait}"
max_deliver = -1
"""


@dataclass
class Toy:
    """A database, a log, and as many replicas of the toy service as a test starts."""

    servers: Servers
    nats: NatsServer
    database: str

    def settings(self, name: str = "toy-1", **more: Any) -> Any:
        dsn = self.servers.app_dsn(self.database, "toy")
        url = more.pop("nats_url", self.nats.url)
        return settings_for("toy", dsn, url, self.servers.password, replica=name, **more)

    @asynccontextmanager
    async def running(
        self, wire: Callable[[Service], None] | None = None, name: str = "toy-1", **more: Any
    ) -> AsyncIterator[Service]:
        """One replica, up and able to work; drained at the end."""
        service = Service("toy", self.settings(name, **more))
        (wire or (lambda s: s.hears(count)))(service)
        stop = asyncio.Event()
        task = asyncio.create_task(service.live(stop))
        try:
            await eventually(lambda: service.working or task.done(), what="working", within_s=30)
            if task.done():
                task.result()
            yield service
        finally:
            stop.set()
            await task

    @asynccontextmanager
    async def database_of_toy(self) -> AsyncIterator[Database]:
        """The service's own database without the service: what is said here only waits."""
        dsn = self.servers.app_dsn(self.database, "toy")
        database = Database(dsn, "toy", SystemClock())
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    @asynccontextmanager
    async def bus(self, name: str = "test", **more: Any) -> AsyncIterator[Bus]:
        bus = Bus(self.settings(**more), name)
        await bus.connect()
        try:
            yield bus
        finally:
            await bus.close()

    @asynccontextmanager
    async def asker(self) -> AsyncIterator[Asker]:
        async with self.bus("asker") as bus:
            yield Asker(bus)

    def leases(self, name: str = "toy-1") -> Leases:
        return Leases(self.servers.app_dsn(self.database, "toy"), "toy", name, 0.2)

    async def rows(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """Read the toy's schema with a connection of the test's own, as the superuser."""
        async with await psycopg.AsyncConnection.connect(
            self.servers.postgres.dsn(self.database),
            autocommit=True,
            options="-c search_path=toy",
        ) as connection:
            cursor = await connection.execute(sql, params)
            return await cursor.fetchall() if cursor.description else []

    async def value(self, sql: str, params: Any = ()) -> Any:
        rows = await self.rows(sql, params)
        return rows[0][0]


async def why_not_ready(service: Service) -> dict[str, str]:
    """What the process says of itself at /health/ready, as a supervisor asks it."""
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{service.health_port}/health/ready")
    except httpx.TransportError as error:
        raise ConnectionError("no answer at all") from error
    reasons: dict[str, str] = {} if answer.status_code == 200 else answer.json()["reasons"]
    return reasons


def topology(window: str = "2m", ack_wait: str = "2s") -> Topology:
    text = TOPOLOGY.replace("{window}", window).replace("{ack_wait}", ack_wait)
    return read(text, lambda _: ["tin", "shop"])
