"""Relays without a service around them, so that a test can stop one wherever it likes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from toy_words import cause, move

from dropship.runtime.bus import MSG_ID, Bus
from dropship.runtime.database import Database
from dropship.runtime.leases import Leases
from dropship.runtime.relay import Relay
from dropship.runtime.testing import eventually
from toy_house import Toy


@dataclass
class Gate:
    """Holds whoever comes by until it is opened."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def before(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(*args: Any, **more: Any) -> Any:
            self.reached.set()
            await self.opened.wait()
            return await call(*args, **more)

        return held


@dataclass
class Carrier:
    """One process's relay and the session it depends on."""

    relay: Relay
    leases: Leases
    task: asyncio.Task[None]

    async def lose_session(self, toy: Toy) -> None:
        """What Postgres does to a session that is hung."""
        pid = self.leases.connection.info.backend_pid
        await toy.rows("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    async def die(self, toy: Toy) -> None:
        """As by kill -9: nothing more is done, and the session ends."""
        await self.lose_session(toy)
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def carrying(
    toy: Toy, name: str = "toy-1", prepare: Callable[[Relay], None] | None = None
) -> AsyncIterator[Carrier]:
    """A relay of EVENTS that has won its lock and runs."""
    leases = toy.leases(name)
    async with toy.bus(name) as bus, leases.session():
        await eventually(lambda: leases.lead("relay"), what=f"{name} leads")
        relay = Relay(bus, leases, "EVENTS")
        if prepare is not None:
            prepare(relay)
        task, ping = asyncio.create_task(relay.run()), asyncio.create_task(leases.keep())
        try:
            yield Carrier(relay, leases, task)
        finally:
            task.cancel()
            ping.cancel()
            await asyncio.gather(task, ping, return_exceptions=True)


async def say_moves(database: Database, how_many: int, prefix: str = "c") -> None:
    """So many moves in one transaction, over seven counters."""
    async with database.transaction(cause(f"{prefix}/{how_many}")) as tx:
        for number in range(how_many):
            await move(tx, f"{prefix}{number % 7}")


async def all_marked(toy: Toy) -> bool:
    return not await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NULL")


async def window_over(bus: Bus, stream_subject: str = "fence.window") -> None:
    """Wait until the server has forgotten the message ids it knows now."""
    id_ = str(uuid4())
    await bus.publish(stream_subject, b"", {MSG_ID: id_})

    async def forgotten() -> bool:
        return not (await bus.publish(stream_subject, b"", {MSG_ID: id_})).duplicate

    await eventually(forgotten, what="the end of the deduplication window")
