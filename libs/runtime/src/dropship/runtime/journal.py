"""One transaction: what a service knows, and what it says because of it.

Whatever is said is a row of the `journal` in the same Postgres transaction as the state that caused
it; the relay carries the rows to JetStream afterwards. There is no other way to speak.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Self
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw
from psycopg import AsyncConnection, AsyncCursor
from psycopg.sql import SQL
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement

from dropship.contracts.envelope import JSON, SCHEMAS, SPEC, Envelope
from dropship.contracts.ids import partition_of, uuid7
from dropship.contracts.messages import Command, Event, Lane, Message
from dropship.runtime.failpoints import failpoint
from dropship.runtime.telemetry.traces import current_traceparent

COPY_FROM_ROWS = 16
"""From this many rows on COPY beats VALUES (journal.md 2: the crossover lies between 10 and 20)."""

_JOURNAL = "id, stream, aggregate, version, subject, payload"
_INSERT = SQL(f"INSERT INTO journal ({_JOURNAL}) VALUES (%s, %s, %s, %s, %s, %s)")  # noqa: S608
_COPY = SQL(f"COPY journal ({_JOURNAL}) FROM STDIN (FORMAT BINARY)")
_DIALECT = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


class _Inherit:
    """Stands for "as the cause has it"; None means "nobody's"."""


INHERIT = _Inherit()


@dataclass(frozen=True)
class Cause:
    """Why something is said: it gives the new message its history.

    `id` is the direct cause, `correlation` the first one of the chain.
    """

    id: UUID
    correlation: str
    tenant: str | None = None
    actor: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """The message in hand is the cause of what is said next."""
        return cls(
            UUID(envelope.id),
            envelope.correlationid,
            envelope.tenant,
            envelope.actor,
            envelope.traceparent,
        )

    @classmethod
    def first(cls, id_: UUID, *, tenant: str | None = None, actor: str | None = None) -> Self:
        """The beginning of a chain: a request from outside, or a timer."""
        return cls(id_, str(id_), tenant, actor, current_traceparent())


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of the journal before it is written."""

    id: UUID
    stream: str
    aggregate: str
    version: int
    subject: str
    payload: bytes


@cache
def _tail(event: type[Event]) -> str:
    return f"{event.noun()}.{event.verb()}"


def subject_of(event: type[Event], key: str, source: str) -> str:
    """Where an event travels. Low cardinality on purpose: identity lives in the envelope."""
    part = f"{partition_of(key):02d}"
    if event.stream == "OBSERVATIONS":
        return f"obs.{part}.{source}"
    return f"evt.{part}.{_tail(event)}"


class Transaction:
    """One Postgres transaction of a service: rows, and what is said because of them.

    `at` is when it began, by the service's clock; `cause` is what is being handled and is inherited
    by everything said. Not safe for concurrent use.
    """

    def __init__(
        self, connection: AsyncConnection[Any], service: str, at: datetime, cause: Cause
    ) -> None:
        self.connection = connection
        self.service = service
        self.at = at
        self.cause = cause
        self._rows: list[Row] = []

    async def execute(self, sql: str, params: Any = ()) -> AsyncCursor[Any]:
        """Run one statement with ``%s`` or ``%(name)s`` parameters."""
        return await self.connection.execute(sql, params)

    async def fetch_one(self, sql: str, params: Any = ()) -> tuple[Any, ...] | None:
        return await (await self.execute(sql, params)).fetchone()

    async def fetch_all(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        return await (await self.execute(sql, params)).fetchall()

    async def executemany(self, sql: str, rows: Sequence[Any]) -> None:
        """Run one statement for many rows; psycopg pipelines them."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(sql, rows)

    async def run(self, statement: Executable) -> AsyncCursor[Any]:
        """Run a SQLAlchemy Core statement (compiled each time: not for hot paths)."""
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=_DIALECT)
        return await self.execute(str(compiled), compiled.params)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside leaves neither rows nor words behind; the transaction goes on."""
        said = len(self._rows)
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            del self._rows[said:]
            raise

    def because(self, cause: Cause | Envelope) -> None:
        """From here on, what is said is said because of this."""
        self.cause = cause if isinstance(cause, Cause) else Cause.of(cause)

    def say(
        self,
        event: Event,
        *,
        about: str,
        version: int,
        key: str | None = None,
        tenant: str | _Inherit | None = INHERIT,
        cause: Cause | Envelope | None = None,
        event_id: UUID | None = None,
    ) -> UUID:
        """Say a fact about an aggregate; it is heard after the commit, exactly once.

        `version` grows with every fact about the aggregate and must be taken under the lock of its
        state row: a reused one fails the whole transaction, which is what keeps the order.
        `key` (default: `about`) decides the partition. The id is derived from cause, aggregate,
        version and type, so a handler that runs again after a crash says the same message.
        """
        cause = self._cause(cause)
        name = f"{self.service}/{about}/{version}/{event.wire_type()}"
        id_ = event_id or uuid5(cause.id, name)
        source = getattr(event, "source", self.service)
        subject = subject_of(type(event), key or about, source)
        payload = self._sealed(event, id_, about, key or about, tenant, cause)
        self._rows.append(Row(id_, event.stream, about, version, subject, payload))
        return id_

    def order(
        self,
        command: Command,
        *,
        plugin: str,
        lane: Lane,
        command_id: UUID,
        tenant: str | _Inherit | None = INHERIT,
        cause: Cause | Envelope | None = None,
    ) -> UUID:
        """Ask a doer for something in the outside world.

        `command_id` must be derived from its cause: a repeat with the same id is acknowledged
        unperformed by the doer.
        """
        cause = self._cause(cause)
        about = f"command:{command_id}"
        subject = f"work.{command.owner}.{plugin}.{lane}.{command.token()}"
        payload = self._sealed(command, command_id, about, about, tenant, cause)
        self._rows.append(Row(command_id, "WORK", about, 1, subject, payload))
        return command_id

    def pass_on(self, row: Row) -> None:
        """Say bytes as they are: a revived command, a parked message on its way to `dead`."""
        self._rows.append(row)

    async def mark_due(self, key: str, reason: str) -> None:
        """A fact about no single product touches this one: its own loop will look, in its order."""
        await self.execute(
            "INSERT INTO due (key, reason, part, cause) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (key, reason) DO UPDATE SET cause = excluded.cause",
            (key, reason, partition_of(key), msgspec.json.encode(self.cause)),
        )

    def _cause(self, cause: Cause | Envelope | None) -> Cause:
        if cause is None:
            return self.cause
        return cause if isinstance(cause, Cause) else Cause.of(cause)

    def _sealed(
        self,
        message: Message,
        id_: UUID,
        about: str,
        key: str,
        tenant: str | _Inherit | None,
        cause: Cause,
    ) -> bytes:
        type_ = message.wire_type()
        return msgspec.json.encode(
            Envelope(
                specversion=SPEC,
                id=str(id_),
                source=self.service,
                type=type_,
                subject=about,
                time=self.at,
                dataschema=f"{SCHEMAS}{type_}.json",
                datacontenttype=JSON,
                partitionkey=key,
                data=Raw(msgspec.json.encode(message)),
                correlationid=cause.correlation,
                causationid=str(cause.id),
                tenant=cause.tenant if isinstance(tenant, _Inherit) else tenant,
                actor=cause.actor,
                traceparent=current_traceparent() or cause.traceparent,
            )
        )

    async def flush(self) -> Counter[str]:
        """Write what was said into the journal, as the last thing before the commit.

        Returns how many rows were said for each stream.
        """
        rows, self._rows = self._rows, []
        if not rows:
            return Counter()
        values = [(r.id, r.stream, r.aggregate, r.version, r.subject, r.payload) for r in rows]
        async with self.connection.cursor() as cursor:
            if len(rows) < COPY_FROM_ROWS:
                await cursor.executemany(_INSERT, values)
            else:
                async with cursor.copy(_COPY) as copy:
                    copy.set_types(["uuid", "text", "text", "int8", "text", "bytea"])
                    for value in values:
                        await copy.write_row(value)
        await failpoint("journal.before_commit")
        return Counter(row.stream for row in rows)


def fresh_cause(tenant: str | None = None, actor: str | None = None) -> Cause:
    """A chain that begins here and now."""
    return Cause.first(uuid7(), tenant=tenant, actor=actor)


def on_behalf(cause: Cause | Envelope, tenant: str | None) -> Cause:
    """The same history, told to this tenant: without the name of another tenant's user."""
    cause = cause if isinstance(cause, Cause) else Cause.of(cause)
    actor = cause.actor if cause.tenant == tenant else None
    return replace(cause, tenant=tenant, actor=actor)
