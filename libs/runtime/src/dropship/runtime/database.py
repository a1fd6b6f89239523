"""A service's own schema in Postgres: a pool for its transactions and its reads.

Every connection carries the service's own role, which can reach no other schema. Locks do not live
here but on the one unpooled session of `dropship.runtime.leases`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from dropship.contracts.envelope import Envelope
from dropship.runtime.clock import Clock
from dropship.runtime.errors import Retry, SessionLost
from dropship.runtime.failpoints import failpoint
from dropship.runtime.journal import Cause, Transaction, fresh_cause
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.traces import database_trace

STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_S = 5
TRANSACTION_S = 12
"""A hung process must lose the rows it has locked, or who takes over waits for them for ever.

Stopped in the middle of a pipeline it counts neither as idle nor as running a statement; only the
limit on the whole transaction (PostgreSQL 17 and later) ends it then.
"""

POOL_WAIT_S = 2.0

Nudge = Callable[[Iterable[str]], Awaitable[None]]


async def _nobody(_streams: Iterable[str]) -> None:
    """Until a relay listens, the sweep finds the rows."""


def session_options(schema: str, **settings: str) -> str:
    """The start-up options of every connection of a service."""
    options = {
        "search_path": schema,
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "timezone": "UTC",
        **settings,
    }
    return " ".join(f"-c {name}={value}" for name, value in options.items())


class Busy(Retry):
    """No connection became free in time: nobody's fault who waited for one."""

    def __init__(self) -> None:
        super().__init__(1.0, "database_busy")


def stores_are_lost(error: Exception) -> bool:
    """Whether the stores failed, and not what was asked; a slow statement is its own fault."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return False
    return isinstance(error, SessionLost | Busy | psycopg.OperationalError)


class Reads(Protocol):
    """A database or a transaction, as far as a question needs it."""

    async def fetch_one(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None: ...

    async def fetch_all(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]: ...


class Database:
    """Transactions that speak, and plain reads, on a bounded pool.

    A caller waits at most 2 s for a connection and then gets `Retry`, so overload shows as an
    answer and not as a hang.
    """

    def __init__(self, dsn: str, service: str, clock: Clock, pool_size: int = 8) -> None:
        self.service = service
        self.clock = clock
        self.nudge: Nudge = _nobody
        self.pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            dsn,
            min_size=2,
            max_size=pool_size,
            timeout=POOL_WAIT_S,
            max_lifetime=1800,
            open=False,
            kwargs={
                "autocommit": True,
                "options": session_options(
                    service,
                    application_name=f"dropship-{service}",
                    idle_in_transaction_session_timeout=f"{IDLE_IN_TRANSACTION_S}s",
                    transaction_timeout=f"{TRANSACTION_S}s",
                ),
            },
        )

    async def open(self) -> None:
        """Start filling the pool; does not wait for Postgres."""
        await self.pool.open(wait=False)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection in autocommit mode. Raises Retry when the pool is exhausted."""
        try:
            connection = await self.pool.getconn()
        except PoolTimeout:
            metrics.POOL_WAITS.inc()
            raise Busy from None
        try:
            yield connection
        finally:
            await self.pool.putconn(connection)

    @asynccontextmanager
    async def transaction(
        self,
        cause: Cause | Envelope | None = None,
        *,
        tenant: str | None = None,
        actor: str | None = None,
        command_id: UUID | None = None,
    ) -> AsyncIterator[Transaction]:
        """One transaction: rows and what is said commit together, then the relay is nudged.

        Without a cause a new chain begins, for `tenant` and `actor`, at `command_id` if given.
        """
        if cause is None:
            cause = (
                Cause.first(command_id, tenant=tenant, actor=actor)
                if command_id
                else fresh_cause(tenant, actor)
            )
        elif isinstance(cause, Envelope):
            cause = Cause.of(cause)
        async with self.connection() as connection, connection.transaction():
            if carried := database_trace(self.service):
                await connection.execute(*carried)
            tx = Transaction(connection, self.service, self.clock.now(), cause)
            yield tx
            said = await tx.flush()
        if said:
            await failpoint("journal.after_commit")
            for stream, rows in said.items():
                metrics.JOURNAL_SAID[stream].inc(rows)
            await self.nudge(said)

    async def fetch_one(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None:
        """Read one row outside any transaction."""
        async with self.connection() as connection:
            cursor = await connection.execute(sql, params)
            return await cursor.fetchone()

    async def fetch_all(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """Read all rows outside any transaction."""
        async with self.connection() as connection:
            cursor = await connection.execute(sql, params)
            return await cursor.fetchall()
