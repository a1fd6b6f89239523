"""A made-up house for the runtime's own tests: one service that counts what it hears."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID, uuid5

from dropship.contracts.ids import Id, partition_of
from dropship.contracts.messages import Command, Event, Query, Stream
from dropship.runtime.embedded import NatsServer
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction
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
deny_delete = false
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
ack_wait = "2s"
max_deliver = -1
"""

DDL = (
    "CREATE TABLE counters (id text PRIMARY KEY, version bigint NOT NULL, heard bigint NOT NULL DEFAULT 0,"
    " last bigint NOT NULL DEFAULT 0, broken boolean NOT NULL DEFAULT false)",
    "CREATE TABLE effects (id uuid PRIMARY KEY, counter text NOT NULL, version bigint NOT NULL)",
    "CREATE TABLE sent (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())",
)
IDS = UUID("00000000-0000-5000-8000-00000000abcd")


class CounterMoved(Event, frozen=True, kw_only=True):
    """A counter of a toy moved; `number` is its version."""

    owner: ClassVar[str] = "toy"
    counter: Id
    number: int


class CounterSeen(Event, frozen=True, kw_only=True):
    """The same on OBSERVATIONS."""

    owner: ClassVar[str] = "toy"
    stream: ClassVar[Stream] = "OBSERVATIONS"
    counter: Id
    number: int


class FetchToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owner: ClassVar[str] = "toy"
    toy: Id
    job_id: Id | None = None


class PaintToy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owner: ClassVar[str] = "toy"
    answer: ClassVar[Any] = None
    toy: Id
    colour: str


class ToyDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owner: ClassVar[str] = "toy"
    answer: ClassVar[Any] = None
    toy: Id


async def move(tx: Transaction, counter: str) -> int:
    """Move a counter and say so: the version is taken under the lock of its row."""
    row = await tx.fetch_one(
        "INSERT INTO counters (id, version) VALUES (%s, 1)"
        " ON CONFLICT (id) DO UPDATE SET version = counters.version + 1 RETURNING version",
        (counter,),
    )
    assert row is not None
    moved = CounterMoved(counter=counter, number=row[0])
    tx.say(moved, about=f"counter:{counter}", version=row[0], key=counter)
    return int(row[0])


async def count(heard: Heard[CounterMoved], tx: Transaction) -> None:
    """Remember each event once by id, and that each counter moved by one."""
    event = heard.event
    await tx.execute(
        "INSERT INTO effects (id, counter, version) VALUES (%s, %s, %s)",
        (UUID(heard.envelope.id), event.counter, event.number),
    )
    row = await tx.fetch_one(
        "INSERT INTO counters (id, version, heard, last) VALUES (%(id)s, 0, 1, %(n)s)"
        " ON CONFLICT (id) DO UPDATE SET heard = counters.heard + 1, last = %(n)s,"
        " broken = counters.broken OR %(n)s <> counters.last + 1 RETURNING broken",
        {"id": event.counter, "n": event.number},
    )
    assert row is not None


@dataclass
class Toy:
    """A database, a log, and as many replicas of the toy service as a test starts."""

    servers: Servers
    nats: NatsServer
    database: str

    def settings(self, name: str = "toy-1", **more: Any) -> Any:
        dsn = self.servers.app_dsn(self.database, "toy")
        return settings_for("toy", dsn, self.nats.url, self.servers.password, replica=name, **more)

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
            await eventually(lambda: service.working or task.done(), what="working")
            if task.done():
                task.result()
            yield service
        finally:
            stop.set()
            await task


def topology(window: str = "2m") -> Topology:
    return read(TOPOLOGY.replace("{window}", window), lambda _: ["tin"])


def key_in(part: int) -> str:
    """A key of that partition."""
    return next(k for i in range(10_000) if partition_of(k := f"k{i}") == part)


def cause(number: int) -> Cause:
    """A derived cause, so that what is said has a derived id."""
    return Cause.first(uuid5(IDS, str(number)))
