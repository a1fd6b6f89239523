"""`dropship log rebuild`: is what a service remembers what its events add up to?

They are folded again from the first one, by the service's own handler, up to exactly what the
service has heard: into temporary tables of one session, which hide the real ones from the handler.
So the service goes on hearing and answering meanwhile, both sides stand at the same event and can
be compared to the byte, and a rebuild that is killed leaves nothing behind. Only where something
differs is a row touched: all are replaced in one transaction, under the locks of the checkpoints.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NoReturn
from uuid import uuid4

import msgspec
import psycopg
from nats.aio.msg import Msg
from psycopg import AsyncConnection, sql
from sqlalchemy import Table

from dropship.contracts.envelope import open_envelope
from dropship.contracts.messages import Event
from dropship.contracts.reading import NewerVersion, Reader, UnknownType
from dropship.runtime.bus import Bus, Uncertain
from dropship.runtime.database import session_options
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.logfence import Mark, check
from dropship.runtime.puller import Puller, position_of
from dropship.runtime.service import heard_types

BATCH = 1000
AHEAD = 4000
WAIT_S = 0.5
REPLACE_S = 8.0
"""A running service waits 10 s for its checkpoints and then takes its event for a bad one."""

Progress = Callable[[int, int], None]
Handler = Callable[[Sequence[Heard[Any]], Transaction], Awaitable[None]]
_MARKS: LiteralString = """
SELECT part, generation, seq, id FROM checkpoint WHERE subscription = 'EVENTS' ORDER BY part
"""
_MARKS_LOCKED = _MARKS + "FOR UPDATE"
_ALIVE: LiteralString = """
SELECT count(*) FROM replicas r JOIN pg_stat_activity a ON a.pid = r.backend_pid
 WHERE r.beat_at > now() - interval '10 seconds'
"""


class NotRebuilt(Exception):
    """The rows stand as they stood. The text says why, and what to do."""


@dataclass(frozen=True)
class Memory:
    """Everything that a service remembers of EVENTS: its tables, and the handler that fills them.

    Only for a service that says nothing and orders nothing: what was heard again would be said
    again. `tables` stand before those that refer to them.
    """

    service: str
    tables: tuple[Table, ...]
    handler: Handler


@dataclass(frozen=True)
class Standing:
    """What a service has heard of EVENTS: the last one by partition, less those that are parked."""

    marks: dict[int, Mark]
    parked: frozenset[int]

    @property
    def last(self) -> int:
        return max((mark.seq for mark in self.marks.values()), default=0)


@dataclass
class Rebuilt:
    """What was found. `before` and `after` are digests by table: of the rows, and of the fold.

    `failed` names events that could not be folded; the service does without them too, if all is
    equal. `parked` ones wait for a person, and stand on neither side.
    """

    seq: int
    parked: int
    running: bool
    before: dict[str, str]
    after: dict[str, str] = field(default_factory=dict)
    events: int = 0
    failed: list[str] = field(default_factory=list)
    replaced: bool = False

    @property
    def differing(self) -> list[str]:
        return [table for table, digest in self.before.items() if self.after[table] != digest]


class _Silent(Transaction):
    """What a handler is given here: it may write rows, and nothing else."""

    def say(self, *_: Any, **__: Any) -> NoReturn:
        raise NotRebuilt("it says things, and would say them again: it cannot be rebuilt so")

    order = pass_on = mark_due = say


async def rebuild(bus: Bus, admin_dsn: str, memory: Memory, progress: Progress) -> Rebuilt:
    """Fold again, compare, and replace what differs. `progress` gets (sequence, last sequence).

    Raises NotRebuilt when the rows differ and must not, or cannot be replaced,
    LogRegressed when the log is not the one that was heard, and Uncertain when it falls silent.
    """
    options = session_options(memory.service, statement_timeout="0", temp_buffers="64MB")
    async with await AsyncConnection.connect(
        admin_dsn, autocommit=True, options=options, application_name="dropship-rebuild"
    ) as connection:
        standing, rebuilt = await _as_it_stands(connection, memory)
        await check(bus, "EVENTS", list(standing.marks.values()))
        fold = _Fold(bus, connection, memory, progress)
        await fold.begin()
        await fold.go_on(standing)
        rebuilt.events, rebuilt.failed = fold.events, fold.failed
        rebuilt.after = await _digests(connection, "pg_temp", memory.tables)
        if rebuilt.differing:
            within_s = REPLACE_S if rebuilt.running else None
            await _replace(connection, fold, memory, standing, within_s)
            rebuilt.replaced = True
    return rebuilt


def digest_of(digests: dict[str, str]) -> str:
    """One digest over those of all tables."""
    lines = "".join(f"{digest}  {table}\n" for table, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


async def _as_it_stands(
    connection: AsyncConnection[Any], memory: Memory
) -> tuple[Standing, Rebuilt]:
    """Checkpoints and rows of one moment; they are always committed together."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        standing = await _standing(connection)
        (alive,) = await _one(connection, _ALIVE)
        before = await _digests(connection, memory.service, memory.tables)
    return standing, Rebuilt(standing.last, len(standing.parked), alive > 0, before)


async def _standing(connection: AsyncConnection[Any], marks: LiteralString = _MARKS) -> Standing:
    rows = await (await connection.execute(marks)).fetchall()
    found = {part: Mark(*mark) for part, *mark in rows}
    parked = await connection.execute("SELECT seq FROM parked WHERE subscription = 'EVENTS'")
    return Standing(found, frozenset(seq for (seq,) in await parked.fetchall()))


async def _one(
    connection: AsyncConnection[Any], statement: LiteralString | sql.Composed
) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return row


async def _digests(
    connection: AsyncConnection[Any], schema: str, tables: Sequence[Table]
) -> dict[str, str]:
    """SHA-256 over that of every row as text, in the order of the primary key, by table."""
    found: dict[str, str] = {}
    for table in tables:
        statement = sql.SQL(
            "SELECT encode(sha256(coalesce(string_agg("
            "sha256(convert_to(t::text, 'UTF8')), '' ORDER BY {}), '')), 'hex') FROM {} t"
        ).format(
            sql.SQL(", ").join(sql.Identifier("t", key.name) for key in table.primary_key),
            sql.Identifier(schema, table.name),
        )
        (found[table.name],) = await _one(connection, statement)
    return found


async def _replace(
    connection: AsyncConnection[Any],
    fold: "_Fold",
    memory: Memory,
    standing: Standing,
    within_s: float | None,
) -> None:
    """Put the fold in the place of the rows, brought up to what has been heard by then."""
    if fold.failed:
        raise NotRebuilt(f"the rows differ, and cannot be folded again: {fold.failed[0]}")
    try:
        async with asyncio.timeout(within_s), connection.transaction():
            now = await _standing(connection, _MARKS_LOCKED)
            if standing.parked - now.parked:
                raise NotRebuilt("parked events were retried meanwhile. Repeat the rebuild")
            await fold.go_on(now)
            if fold.failed:
                raise NotRebuilt(f"an event cannot be folded: {fold.failed[-1]}")
            for table in reversed(memory.tables):
                await connection.execute(
                    sql.SQL("DELETE FROM {}").format(sql.Identifier(memory.service, table.name))
                )
            for table in memory.tables:
                await connection.execute(
                    sql.SQL("INSERT INTO {} SELECT * FROM {}").format(
                        sql.Identifier(memory.service, table.name),
                        sql.Identifier("pg_temp", table.name),
                    )
                )
    except TimeoutError:
        raise NotRebuilt(
            f"the rows differ, and are too many to replace within {within_s} s while"
            f" {memory.service} runs. Stop it and repeat the rebuild"
        ) from None


class _Fold:
    """The fold so far: temporary tables, and up to where it has come in each partition."""

    def __init__(
        self, bus: Bus, connection: AsyncConnection[Any], memory: Memory, progress: Progress
    ) -> None:
        self._bus, self._connection, self._memory = bus, connection, memory
        self._progress = progress
        types = heard_types(memory.handler)
        self._reader = Reader(types)
        self._filters = sorted(f"evt.*.{type_.noun()}.{type_.verb()}" for type_ in types)
        self._done: dict[int, int] = {}
        self.events = 0
        self.failed: list[str] = []

    async def begin(self) -> None:
        """Make the tables, empty. By their names the handler now finds these."""
        for table in self._memory.tables:
            statement = sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING ALL)").format(
                sql.Identifier(table.name), sql.Identifier(self._memory.service, table.name)
            )
            await self._connection.execute(statement)

    async def go_on(self, to: Standing) -> None:
        """Fold what was heard since: from the first event on, the first time."""
        behind = [
            self._done.get(part, 0)
            for part, mark in to.marks.items()
            if self._done.get(part, 0) < mark.seq
        ]
        if behind:
            await self._read(min(behind) + 1, to)
        self._done = {part: mark.seq for part, mark in to.marks.items()}

    async def _read(self, start: int, to: Standing) -> None:
        name = f"rebuild-{uuid4().hex[:12]}"
        puller = await Puller.ephemeral(self._bus, "EVENTS", name, start, self._filters, AHEAD)
        arrived = 0
        try:
            while True:
                messages = await puller.take(BATCH, WAIT_S)
                if puller.lost:
                    raise Uncertain("the log stopped answering while it was read")
                arrived += len(messages)
                await self._take([m for m in messages if self._is_wanted(m, to)])
                if messages:
                    place = position_of(messages[-1])
                    self._progress(min(place.seq, to.last), to.last)
                    if place.seq >= to.last or place.pending == 0:
                        return
                elif await self._is_over(name, arrived):
                    return
        finally:
            await puller.close()

    def _is_wanted(self, message: Msg, to: Standing) -> bool:
        part, seq = int(message.subject.split(".", 2)[1]), position_of(message).seq
        mark = to.marks.get(part)
        heard = mark is not None and self._done.get(part, 0) < seq <= mark.seq
        return heard and seq not in to.parked

    async def _is_over(self, name: str, arrived: int) -> bool:
        """Nothing came for a while: because there is no more of it, or because it is slow?"""
        state = await self._bus.api(f"CONSUMER.INFO.EVENTS.{name}")
        return bool(state["num_pending"] == 0 and state["delivered"]["consumer_seq"] == arrived)

    async def _take(self, messages: list[Msg]) -> None:
        batch = [heard for message in messages if (heard := self._understood(message))]
        if not batch:
            return
        try:
            await self._fold(batch)
        except (NotRebuilt, psycopg.OperationalError):
            raise
        except Exception:
            for heard in batch:
                await self._fold_or_note(heard)

    def _understood(self, message: Msg) -> Heard[Any] | None:
        place = position_of(message)
        try:
            envelope = open_envelope(message.data)
            event = self._reader.read(envelope)
        except NewerVersion as error:
            raise NotRebuilt(f"event {place.seq}: {error}. Use the newer release") from error
        except (msgspec.MsgspecError, UnknownType, ValueError) as error:
            self.failed.append(f"event {place.seq} ({message.subject}): {error!r}"[:500])
            return None
        assert isinstance(event, Event)
        return Heard(event, envelope, place.seq, place.stored_at)

    async def _fold(self, batch: Sequence[Heard[Any]]) -> None:
        first = batch[0]
        async with self._connection.transaction():
            tx = _Silent(
                self._connection,
                self._memory.service,
                first.stored_at,
                Cause.of(first.envelope),
            )
            await self._memory.handler(batch, tx)
        self.events += len(batch)

    async def _fold_or_note(self, heard: Heard[Any]) -> None:
        try:
            await self._fold([heard])
        except (NotRebuilt, psycopg.OperationalError):
            raise
        except Exception as error:
            what = f"event {heard.seq} ({heard.envelope.type} {heard.envelope.id})"
            self.failed.append(f"{what}: {error!r}"[:500])
