"""A service hears: one loop per stream and replica, one transaction per batch, one checkpoint per
partition in that same transaction.

What was heard is decided by the checkpoint and nothing else: JetStream keeps no account of us. A
handler may write rows and say things; it never calls the outside, because a batch may run again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import msgspec
import psycopg
from nats.aio.msg import Msg

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.contracts.messages import Event
from dropship.contracts.reading import NewerVersion, Reader, UnknownType
from dropship.runtime.bus import ApiError, Bus, Uncertain
from dropship.runtime.clock import Clock
from dropship.runtime.database import TRANSACTION_S, Database, stores_are_lost
from dropship.runtime.draining import Drain, drain_due
from dropship.runtime.errors import CheckpointLost, Retry, TooNew
from dropship.runtime.failpoints import failpoint
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.leases import Leases
from dropship.runtime.logfence import CHECK_EVERY_S, Mark, StreamState, check
from dropship.runtime.parking import Parked, park, parked_keys
from dropship.runtime.puller import Position, Puller, position_of
from dropship.runtime.stopping import unless_cancelled
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger
from dropship.runtime.telemetry.traces import span

BATCH = 500
AHEAD = 2000
ATTEMPTS = 3
AGAIN_S = 0.2
SWEEP_S = 5.0
DRAIN_S = 1.0
_log = get_logger()
E = TypeVar("E", bound=Event)

_INITIAL = """
INSERT INTO checkpoint (subscription, part, generation, seq)
SELECT %s, part, %s, 0 FROM unnest(%s::int[]) part ON CONFLICT DO NOTHING
"""
_CHECKPOINTS = """
SELECT part, generation, seq, id FROM checkpoint WHERE subscription = %s AND part = ANY(%s)
"""
_LOCK = """
SELECT part, seq FROM checkpoint WHERE subscription = %s AND part = ANY(%s) ORDER BY part FOR UPDATE
"""
_ADVANCE = """
UPDATE checkpoint c SET seq = u.new, id = u.id
  FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::uuid[]) u(part, old, new, id)
 WHERE c.subscription = %s AND c.part = u.part AND c.seq = u.old AND c.generation = %s
"""


class Heard(msgspec.Struct, Generic[E], frozen=True):
    """One event as it was heard. `stored_at` is JetStream's time: measure ages against that."""

    event: E
    envelope: Envelope
    seq: int
    stored_at: datetime


OneByOne = Callable[[Heard[Any], Transaction], Awaitable[None]]
Many = Callable[[Sequence[Heard[Any]], Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Route:
    """Which handler hears which types; `many` takes consecutive runs of them at once."""

    types: tuple[type[Event], ...]
    handler: OneByOne | Many
    many: bool = False


class Delivery(msgspec.Struct, frozen=True):
    """A message before it is understood."""

    message: Msg
    place: Position
    part: int

    @classmethod
    def of(cls, message: Msg) -> "Delivery":
        return cls(message, position_of(message), int(message.subject.split(".", 2)[1]))


class Hearing:
    """One loop: one service, one stream, this replica. `run` ends only by an exception."""

    def __init__(
        self, database: Database, bus: Bus, leases: Leases, clock: Clock, stream: str
    ) -> None:
        self.stream = stream
        self._database, self._bus, self._leases, self._clock = database, bus, leases, clock
        self._routes: dict[str, Route] = {}
        self._reader = Reader(())
        self._drain: Drain | None = None
        self._known: dict[int, Mark] = {}
        self._heard_to = 0
        leases.subscribe(stream)

    def add(self, route: Route) -> None:
        """Hear these types. Each type has one handler in a service."""
        for type_ in route.types:
            if type_.type_name() in self._routes:
                raise ValueError(f"{type_.__name__} is heard twice")
            self._routes[type_.type_name()] = route
        self._reader = Reader([t for r in self._routes.values() for t in r.types])

    def drains(self, handler: Drain) -> None:
        """Take up products marked due by facts about no single product, under the same leases."""
        self._drain = handler

    async def run(self) -> None:
        """Hear for ever. Raises LogRegressed or TooNew to halt, SessionLost when nothing is led."""
        while unless_cancelled():
            await self._leases.release(self.stream, self._leases.surplus(self.stream))
            led = self._leases.partitions(self.stream)
            if not led:
                await self._leases.grown(self.stream)
                continue
            try:
                await self._hear(sorted(led))
            except CheckpointLost:
                metrics.HEARING_CHECKPOINT_LOST[self.stream].inc()
                _log.warning("checkpoint_lost", stream=self.stream)
            except (Uncertain, ApiError, Retry, psycopg.OperationalError) as error:
                _log.warning("hearing_interrupted", stream=self.stream, error=type(error).__name__)
                await asyncio.sleep(AGAIN_S)

    async def _hear(self, led: list[int]) -> None:
        state = await self._load(led)
        start = min(mark.seq for mark in self._known.values()) + 1
        self._heard_to = max(mark.seq for mark in self._known.values())
        name = f"{self._database.service}-hears-{uuid4().hex[:12]}"
        filters = self._filters(led)
        puller = await Puller.ephemeral(self._bus, self.stream, name, start, filters, AHEAD)
        _log.info("hearing", stream=self.stream, partitions=led, start=start, end=state.last_seq)
        checked_at = swept_at = drained_at = perf_counter()
        try:
            while unless_cancelled() and not puller.lost and self._leads_just(led):
                messages = await puller.take(BATCH, AGAIN_S)
                if messages:
                    await failpoint("hearing.received")
                    await self._batch([Delivery.of(message) for message in messages], swept_at)
                if perf_counter() - swept_at > SWEEP_S:
                    swept_at = perf_counter()
                if self._drain is not None and (
                    not messages or perf_counter() - drained_at > DRAIN_S
                ):
                    await drain_due(self._database, led, self._drain)
                    drained_at = perf_counter()
                if perf_counter() - checked_at > CHECK_EVERY_S:
                    await check(self._bus, self.stream, list(self._known.values()))
                    checked_at = perf_counter()
        finally:
            with contextlib.suppress(Uncertain):
                await puller.close()

    def _leads_just(self, led: list[int]) -> bool:
        held = self._leases.partitions(self.stream)
        return held == frozenset(led) and not self._leases.surplus(self.stream)

    def _filters(self, led: list[int]) -> list[str]:
        types = [t for r in self._routes.values() for t in r.types]
        parts = ["*"] if len(led) == 16 else [f"{part:02d}" for part in led]
        if self.stream == "OBSERVATIONS":
            return [f"obs.{part}.*" for part in parts]
        tails = sorted({f"{t.noun()}.{t.verb()}" for t in types})
        return [f"evt.{part}.{tail}" for part in parts for tail in tails]

    async def _load(self, led: list[int]) -> StreamState:
        """Read the checkpoints of what is led; refuse to go on when the log does not fit them."""
        rows = await self._database.fetch_all(_CHECKPOINTS, (self.stream, led))
        marks = {part: Mark(generation, seq, id_) for part, generation, seq, id_ in rows}
        state = await check(self._bus, self.stream, list(marks.values()))
        missing = [part for part in led if part not in marks]
        if missing:
            async with self._database.transaction() as tx:
                await tx.execute(_INITIAL, (self.stream, state.generation, missing))
            marks |= {part: Mark(state.generation, 0, None) for part in missing}
        self._known = marks
        return state

    async def _batch(self, deliveries: list[Delivery], swept_at: float) -> None:
        fresh = [d for d in deliveries if d.place.seq > self._known[d.part].seq]
        if not fresh:
            return
        links = [] if len(fresh) > 20 else [_traceparent(d.message) for d in fresh]
        with span(f"hear {self.stream}", "consumer", links=[link for link in links if link]):
            began = perf_counter()
            try:
                await self._apply(fresh, everyone=began - swept_at > SWEEP_S)
            except Exception as error:
                if _not_the_events_fault(error, perf_counter() - began):
                    raise
                _log.warning("batch_failed", stream=self.stream, error=repr(error)[:300])
                await self._one_by_one(fresh)
        last = fresh[-1].place
        self._heard_to = max(self._heard_to, last.seq)
        metrics.HEARING_LAG[self.stream].set(last.pending)
        age_s = (self._clock.now() - fresh[0].place.stored_at).total_seconds()
        metrics.HEARING_DELAY_SECONDS[self.stream].observe(max(age_s, 0))

    async def _one_by_one(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            for attempt in range(1, ATTEMPTS + 1):
                if delivery.place.seq <= self._known[delivery.part].seq:
                    break  # it was committed, and what failed came after
                began = perf_counter()
                try:
                    await self._apply([delivery])
                    break
                except Exception as error:
                    if _not_the_events_fault(error, perf_counter() - began):
                        raise
                    if attempt == ATTEMPTS:
                        await self._apply([delivery], cause=repr(error)[:500])
                        break
                    after_s = error.after_s if isinstance(error, Retry) else AGAIN_S * attempt
                    await asyncio.sleep(min(after_s, 5.0))

    async def _apply(
        self, deliveries: list[Delivery], *, everyone: bool = False, cause: str | None = None
    ) -> None:
        """One transaction for the batch. With a `cause` its one event is parked, not handled."""
        parts = sorted({d.part for d in deliveries})
        if everyone:
            parts = sorted(self._known)
        first = Cause.first(UUID(int=deliveries[0].place.seq))
        async with self._database.transaction(first) as tx:
            await self._lock(tx, parts)
            behind = await parked_keys(tx, self.stream, parts)
            handled = 0
            for route, run in self._runs(deliveries, behind, cause):
                if route is None:
                    await park(tx, self.stream, run)
                else:
                    await _handle(route, run, tx)
                    handled += len(run)
            await failpoint("hearing.handled")
            moved = await self._advance(tx, parts, deliveries, everyone)
            await failpoint("hearing.before_commit")
        self._known |= moved
        await failpoint("hearing.committed")
        metrics.HEARING_EVENTS[self.stream].inc(handled)
        metrics.HEARING_BATCHES[self.stream].inc()

    async def _lock(self, tx: Transaction, parts: list[int]) -> None:
        rows = await tx.fetch_all(_LOCK, (self.stream, parts))
        if any(self._known[part].seq != seq for part, seq in rows) or len(rows) != len(parts):
            raise CheckpointLost(self.stream)

    async def _advance(
        self, tx: Transaction, parts: list[int], deliveries: list[Delivery], everyone: bool
    ) -> dict[int, Mark]:
        generation = self._known[parts[0]].generation
        ends = {delivery.part: delivery for delivery in deliveries}
        if everyone:
            last = deliveries[-1]
            ends = {part: last for part in parts if self._known[part].seq < last.place.seq}
        moved = {
            part: Mark(generation, end.place.seq, _message_id(end.message))
            for part, end in ends.items()
        }
        touched = sorted(moved)
        cursor = await tx.execute(
            _ADVANCE,
            (
                touched,
                [self._known[part].seq for part in touched],
                [moved[part].seq for part in touched],
                [moved[part].id for part in touched],
                self.stream,
                generation,
            ),
        )
        if cursor.rowcount != len(touched):
            raise CheckpointLost(self.stream)
        return moved

    def _runs(
        self, deliveries: list[Delivery], behind: set[str], cause: str | None
    ) -> list[tuple[Route | None, list[Any]]]:
        """Consecutive events of one handler; None stands for the ones to be parked."""
        runs: list[tuple[Route | None, list[Any]]] = []
        for delivery in deliveries:
            route, item = self._understand(delivery, behind, cause)
            if item is None:
                continue
            if runs and runs[-1][0] is route and (route is None or route.many):
                runs[-1][1].append(item)
            else:
                runs.append((route, [item]))
        return runs

    def _understand(
        self, delivery: Delivery, behind: set[str], cause: str | None
    ) -> tuple[Route | None, Any]:
        message, place = delivery.message, delivery.place
        try:
            envelope = open_envelope(message.data)
            event = self._reader.read(envelope)
        except UnknownType:
            metrics.HEARING_SKIPPED_UNKNOWN[self.stream].inc()
            return None, None
        except NewerVersion as error:
            raise TooNew(str(error)) from error
        except (msgspec.MsgspecError, ValueError) as error:
            return None, self._parked(delivery, "", cause or f"unreadable: {error}")
        route = self._routes[event.type_name()]
        key = envelope.partitionkey
        if cause is None and self.stream == "EVENTS" and key in behind:
            cause = "behind a parked event of the same key"
        if cause is not None:
            behind.add(key)
            return None, self._parked(delivery, key, cause)
        assert isinstance(event, Event)
        return route, Heard(event, envelope, place.seq, place.stored_at)

    def _parked(self, delivery: Delivery, key: str, cause: str) -> Parked:
        metrics.HEARING_PARKED[self.stream].inc()
        _log.error("event_parked", stream=self.stream, seq=delivery.place.seq, cause=cause)
        id_ = _message_id(delivery.message)
        return Parked(
            part=delivery.part,
            key=key,
            seq=delivery.place.seq,
            id=str(id_ or ""),
            subject=delivery.message.subject,
            payload=delivery.message.data,
            stored_at=delivery.place.stored_at,
            cause=cause,
        )

    async def replay(self, parked: Parked, tx: Transaction) -> None:
        """Handle a parked event again in the caller's transaction; raises as its handler does."""
        envelope = open_envelope(parked.payload)
        event = self._reader.read(envelope)
        assert isinstance(event, Event)
        heard = Heard(event, envelope, parked.seq, parked.stored_at)
        await _handle(self._routes[event.type_name()], [heard], tx)


async def _handle(route: Route, run: list[Heard[Any]], tx: Transaction) -> None:
    tx.because(run[0].envelope)
    if route.many:
        await route.handler(run, tx)  # type: ignore[arg-type]
    else:
        await route.handler(run[0], tx)  # type: ignore[arg-type]


def _not_the_events_fault(error: Exception, took_s: float) -> bool:
    """A lost connection is not. But a transaction that Postgres cut off for its length looks like
    one where psycopg was in a pipeline and read no reason: only the time tells the two apart.
    """
    if isinstance(error, psycopg.OperationalError) and took_s >= TRANSACTION_S:
        return False
    return isinstance(error, CheckpointLost | TooNew) or stores_are_lost(error)


def _message_id(message: Msg) -> UUID | None:
    try:
        return UUID((message.headers or {}).get("Nats-Msg-Id", ""))
    except ValueError:
        return None


def _traceparent(message: Msg) -> str | None:
    try:
        return open_envelope(message.data).traceparent
    except (msgspec.MsgspecError, ValueError):
        return None
