"""The relay carries a service's journal to JetStream, every row once, in the order it was said.

One per service, by advisory lock; but a lock does not stop a process that wakes from a long sleep.
What does is the *epoch*: on taking the lock a relay publishes one message on its fence subject, and
every publish expects that message to be the last one there. The server itself shuts out the old
relay, and what it managed to store before the new fence is found by reading back from the last mark
to the fence. After any doubt the same is done again (journal.md 3).
"""

import asyncio
import contextlib
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
from nats.aio.msg import Msg
from psycopg.rows import TupleRow

from dropship.runtime.bus import (
    BATCH_LIMIT,
    EXPECTED,
    EXPECTED_ON,
    MSG_ID,
    ApiError,
    Bus,
    Entry,
    Uncertain,
)
from dropship.runtime.errors import LogRegressed, SessionLost
from dropship.runtime.failpoints import failpoint
from dropship.runtime.leases import Leases
from dropship.runtime.logfence import CHECK_EVERY_S, Mark, check
from dropship.runtime.puller import Puller, position_of
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger

AGAIN_S = 0.25
READ = 4 * BATCH_LIMIT
READ_BACK = 2000
_log = get_logger()

_UNSENT = """
SELECT position, id, subject, payload FROM journal
 WHERE stream = %s AND stream_seq IS NULL ORDER BY position LIMIT %s
"""
_MARK = """
UPDATE journal j SET stream_seq = u.seq, generation = %s
  FROM unnest(%s::bigint[], %s::bigint[]) u(position, seq)
 WHERE j.stream = %s AND j.position BETWEEN %s AND %s AND j.position = u.position
   AND j.stream_seq IS NULL
"""
_LAST_MARK = """
SELECT generation, stream_seq, id FROM journal WHERE stream = %s AND stream_seq IS NOT NULL
 ORDER BY stream_seq DESC LIMIT 1
"""
_UNSENT_IDS = "SELECT id, position, subject FROM journal WHERE stream = %s AND stream_seq IS NULL"


class Row(msgspec.Struct, frozen=True):
    """One unsent row of the journal."""

    position: int
    entry: Entry


class Relay:
    """Carries one stream of one service's journal. Runs only while this process holds the lock.

    `fenced` streams can be read back (EVENTS, OBSERVATIONS); from a work queue a done command is
    gone, so WORK is at-least-once and `done_commands` of the doer is its guard.
    """

    def __init__(self, bus: Bus, leases: Leases, stream: str) -> None:
        self._bus = bus
        self._leases = leases
        self.stream = stream
        self.fenced = stream in ("EVENTS", "OBSERVATIONS")
        prefix = "obsfence" if stream == "OBSERVATIONS" else "fence"
        self._fence_subject = f"{prefix}.{leases.service}"
        self._epoch = 0
        self._generation = ""
        self._checked_at = 0.0
        self._woken = asyncio.Event()
        self._in_doubt = True

    def wake(self) -> None:
        """Rows were committed: look now."""
        self._woken.set()

    def doubt(self) -> None:
        """The connection was interrupted: settle before anything else is published."""
        self._in_doubt = True
        self._woken.set()

    async def run(self) -> None:
        """Carry until the session is lost (SessionLost) or the log is not ours (LogRegressed)."""
        await failpoint("relay.locked")
        self._in_doubt = True
        while unless_cancelled():
            self._woken.clear()
            try:
                if self._in_doubt:
                    await self._settle()
                elif perf_counter() - self._checked_at > CHECK_EVERY_S:
                    await self._check_mark()
                if await self._carry() < READ:
                    await self._rest()
            except (Uncertain, ApiError) as error:
                self._in_doubt = True
                _log.warning("relay_uncertain", stream=self.stream, detail=str(error)[:200])
                await asyncio.sleep(AGAIN_S)

    async def _rest(self) -> None:
        unless_cancelled()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECK_EVERY_S):
                await self._woken.wait()

    async def _execute(
        self, sql: str, params: tuple[Any, ...], *, binary: bool = False
    ) -> list[TupleRow]:
        """On the session that holds the lock: who lost the lock can neither read nor mark."""
        try:
            cursor = await self._leases.connection.execute(sql, params, binary=binary)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as error:
            raise SessionLost(type(error).__name__) from error

    async def _carry(self) -> int:
        """Publish what is unsent, marking each batch while the next one is on its way."""
        found = await self._execute(_UNSENT, (self.stream, READ), binary=True)
        rows = [Row(p, Entry(subject, payload, id_)) for p, id_, subject, payload in found]
        if rows:
            await failpoint("relay.read")
        marking: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(rows), BATCH_LIMIT):
                batch = rows[start : start + BATCH_LIMIT]
                sequences = await self._timed_publish(batch)
                await failpoint("relay.published")
                if marking is not None:
                    await marking
                marking = asyncio.create_task(self._mark(batch, sequences))
        finally:
            if marking is not None:
                await marking
        return len(rows)

    async def _timed_publish(self, rows: list[Row]) -> list[int]:
        started = perf_counter()
        sequences = await self._publish(rows)
        metrics.RELAY_PUBLISH_SECONDS[self.stream].observe(perf_counter() - started)
        metrics.RELAY_BATCHES[self.stream].inc()
        metrics.RELAY_PUBLISHED[self.stream].inc(len(rows))
        return sequences

    async def _publish(self, rows: list[Row]) -> list[int]:
        """One row plainly, more as one atomic batch; the sequences they were stored under."""
        if not self.fenced:
            return await self._publish_unfenced(rows)
        fence = {EXPECTED: str(self._epoch), EXPECTED_ON: self._fence_subject}
        if len(rows) == 1:
            return [await self._publish_one(rows[0].entry, fence)]
        last = await self._bus.publish_batch([row.entry for row in rows], fence)
        return list(range(last - len(rows) + 1, last + 1))

    async def _publish_one(self, entry: Entry, extra: dict[str, str]) -> int:
        headers = {MSG_ID: str(entry.id), **extra}
        return (await self._bus.publish(entry.subject, entry.payload, headers)).seq

    async def _publish_unfenced(self, rows: list[Row]) -> list[int]:
        """Commands: no order is promised, a repeat is refused by id, so each goes by itself."""
        sent = [self._publish_one(row.entry, {}) for row in rows]
        return list(await asyncio.gather(*sent))

    async def _mark(self, rows: list[Row], sequences: list[int]) -> None:
        await self._mark_positions([row.position for row in rows], sequences)
        await failpoint("relay.marked")

    async def _mark_positions(self, positions: list[int], sequences: list[int]) -> None:
        """The range keeps the search in the index of unsent rows, however long the journal."""
        bounds = (min(positions), max(positions))
        await self._execute(_MARK, (self._generation, positions, sequences, self.stream, *bounds))

    async def _settle(self) -> None:
        """Out of doubt: check the session, take a new epoch, find what was stored, mark it.

        The rows are read again from the database afterwards, never sent again from memory: that
        second read is where a relay that lost its session dies.
        """
        self._in_doubt = False
        await self._execute("SELECT 1", ())
        mark = await self._check_mark()
        if self.fenced:
            await self._take_epoch()
            await self._read_back(mark)

    async def _check_mark(self) -> Mark | None:
        """Our own last mark must stand where we left it, or the stream is not the one we wrote."""
        rows = await self._execute(_LAST_MARK, (self.stream,))
        mark = Mark(*rows[0]) if rows else None
        known = [mark] if mark and self.fenced else []
        try:
            state = await check(self._bus, self.stream, known)
        except LogRegressed as error:
            _log.error("log_regressed", stream=self.stream, detail=str(error))
            raise
        self._generation = state.generation
        self._checked_at = perf_counter()
        return mark

    async def _take_epoch(self) -> None:
        headers = {MSG_ID: f"fence-{uuid4()}"}
        payload = self._leases.replica.encode()
        self._epoch = (await self._bus.publish(self._fence_subject, payload, headers)).seq
        metrics.RELAY_REFENCES[self.stream].inc()
        _log.info("relay_epoch", stream=self.stream, epoch=self._epoch)
        await failpoint("relay.fenced")

    async def _read_back(self, mark: Mark | None) -> None:
        """Mark what an earlier epoch stored; what is not below the fence will never appear."""
        unsent = await self._execute(_UNSENT_IDS, (self.stream,))
        if not unsent:
            return
        positions: dict[UUID, int] = {id_: position for id_, position, _ in unsent}
        filters = sorted({_any_partition(subject) for _, _, subject in unsent})
        start = mark.seq + 1 if mark else 1
        found = await self._stored(positions, filters, start)
        if found:
            await self._mark_positions([p for p, _ in found], [s for _, s in found])
        _log.info("relay_read_back", stream=self.stream, unsent=len(unsent), found=len(found))

    async def _stored(
        self, positions: dict[UUID, int], filters: list[str], start: int
    ) -> list[tuple[int, int]]:
        name = f"{self._leases.service}-readback-{uuid4().hex[:12]}"
        puller = await Puller.ephemeral(self._bus, self.stream, name, start, filters, READ_BACK)
        found: list[tuple[int, int]] = []
        try:
            if not await _pending(self._bus, self.stream, name):
                return found
            while True:
                unless_cancelled()
                messages = await puller.take(READ_BACK, 2.0)
                if puller.lost:
                    raise Uncertain("the read-back consumer is gone")
                for message in messages:
                    place = position_of(message)
                    if place.seq < self._epoch and (position := _known(message, positions)):
                        found.append((position, place.seq))
                    if place.pending == 0 or place.seq >= self._epoch:
                        return found
        finally:
            await puller.close()


async def _pending(bus: Bus, stream: str, consumer: str) -> bool:
    state = await bus.api(f"CONSUMER.INFO.{stream}.{consumer}")
    return bool(state["num_pending"] or state["delivered"]["consumer_seq"])


def _known(message: Msg, positions: dict[UUID, int]) -> int | None:
    try:
        id_ = UUID((message.headers or {}).get(MSG_ID, ""))
    except ValueError:
        return None
    return positions.get(id_)


def _any_partition(subject: str) -> str:
    kind, _, rest = subject.split(".", 2)
    return f"{kind}.*.{rest}"
