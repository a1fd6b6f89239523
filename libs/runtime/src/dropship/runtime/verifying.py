"""`dropship log verify`: does the log hold what the services said, all of it, once, unchanged?

Every message of EVENTS is compared with the journal row that it was published from, byte by byte,
and every row with the log. Reads only; may run beside everything else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID, uuid4

from nats.aio.msg import Msg
from psycopg import AsyncConnection, sql

from dropship.runtime.bus import MSG_ID, Bus, Uncertain
from dropship.runtime.errors import LogRegressed
from dropship.runtime.logfence import Mark, StreamState, check
from dropship.runtime.puller import Puller, position_of

FAULTS_SHOWN = 20
BATCH = 1000
MARKING_S = 1.0
"""A message just published may not be marked yet: look twice before calling it a fault."""
Progress = Callable[[int, int], None]


@dataclass
class Verdict:
    """What was compared, and the first faults found; `ok` when there are none."""

    generation: str = ""
    messages: int = 0
    rows: int = 0
    unsent: int = 0
    faults: list[str] = field(default_factory=list)
    fault_count: int = 0

    @property
    def ok(self) -> bool:
        return self.fault_count == 0

    def fault(self, text: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append(text)


@dataclass(frozen=True)
class _Said:
    service: str
    id: UUID
    subject: str
    payload: bytes


async def verify_events(
    bus: Bus, admin_dsn: str, services: Sequence[str], progress: Progress
) -> Verdict:
    """Compare EVENTS with all journals and checkpoints. `progress` gets (compared, in all)."""
    verdict = Verdict()
    async with await AsyncConnection.connect(admin_dsn, autocommit=True) as connection:
        try:
            state = await check(bus, "EVENTS", await _marks(connection, services))
        except LogRegressed as error:
            verdict.fault(str(error))
            return verdict
        verdict.generation = state.generation
        for service in services:
            verdict.unsent += await _count(connection, service, "stream_seq IS NULL")
            verdict.rows += await _count(connection, service, "stream_seq IS NOT NULL")
        async for first, last, messages in _ranges(bus, state):
            rows = await _rows(connection, services, first, last)
            if not _compare(messages, rows, Verdict()).ok:
                await asyncio.sleep(MARKING_S)
                rows = await _rows(connection, services, first, last)
            _compare(messages, rows, verdict)
            verdict.messages += len(messages)
            progress(last, state.last_seq)
    return verdict


async def _marks(connection: AsyncConnection[Any], services: Sequence[str]) -> list[Mark]:
    marks: list[Mark] = []
    for service in services:
        statement = sql.SQL(
            "SELECT DISTINCT generation, seq, id FROM {}.checkpoint WHERE subscription = 'EVENTS'"
        ).format(sql.Identifier(service))
        marks += [Mark(*row) for row in await (await connection.execute(statement)).fetchall()]
    return marks


async def _count(connection: AsyncConnection[Any], service: str, where: LiteralString) -> int:
    statement = sql.SQL("SELECT count(*) FROM {}.journal_events WHERE {}").format(
        sql.Identifier(service), sql.SQL(where)
    )
    row = await (await connection.execute(statement)).fetchone()
    return int(row[0]) if row else 0


async def _ranges(bus: Bus, state: StreamState) -> AsyncIterator[tuple[int, int, list[Msg]]]:
    """The whole stream as it stood at the start, as (first seq, last seq, messages)."""
    if state.messages == 0:
        return
    name = f"verify-{uuid4().hex[:12]}"
    puller = await Puller.ephemeral(bus, "EVENTS", name, 1, ["evt.>", "fence.>"], 2 * BATCH)
    first = 1
    try:
        while first <= state.last_seq:
            messages = await puller.take(BATCH, 2.0)
            if puller.lost:
                raise Uncertain("the log stopped answering while it was read")
            messages = [m for m in messages if position_of(m).seq <= state.last_seq]
            if messages:
                last = position_of(messages[-1]).seq
                yield first, last, messages
                first = last + 1
    finally:
        await puller.close()


async def _rows(
    connection: AsyncConnection[Any], services: Sequence[str], first: int, last: int
) -> dict[int, list[_Said]]:
    rows: dict[int, list[_Said]] = {}
    for service in services:
        statement = sql.SQL(
            "SELECT stream_seq, id, subject, payload FROM {}.journal_events"
            " WHERE stream_seq BETWEEN %s AND %s"
        ).format(sql.Identifier(service))
        for seq, id_, subject, payload in await (
            await connection.execute(statement, (first, last))
        ).fetchall():
            rows.setdefault(seq, []).append(_Said(service, id_, subject, bytes(payload)))
    return rows


def _compare(messages: list[Msg], rows: dict[int, list[_Said]], verdict: Verdict) -> Verdict:
    rows = dict(rows)
    for message in messages:
        seq = position_of(message).seq
        said = rows.pop(seq, [])
        if message.subject.startswith("fence."):
            if said:
                verdict.fault(f"{seq}: a fence stands where {said[0].service} has a row")
            continue
        if len(said) != 1:
            owners = ", ".join(row.service for row in said) or "no journal"
            verdict.fault(f"{seq}: {message.subject} belongs to {owners}")
            continue
        row = said[0]
        if (message.headers or {}).get(MSG_ID) != str(row.id):
            verdict.fault(f"{seq}: {row.service} said {row.id}, the log holds another message")
        elif message.subject != row.subject or message.data != row.payload:
            verdict.fault(f"{seq}: {row.service} said {row.id} in other words")
    for seq, missing in rows.items():
        verdict.fault(f"{seq}: said by {missing[0].service}, not in the log")
    return verdict
