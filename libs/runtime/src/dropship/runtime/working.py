"""A service does: each command performed once as far as rows can tell.

A command's first transaction writes its id into `done_commands`, and a repeat is acknowledged
unperformed; the outcome is a compare-and-set on the attempt, so a worker that was overtaken says
nothing. An *effect* (anything that changes the outside) is looked up outside before it is repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.contracts.messages import Command
from dropship.contracts.reading import NewerVersion, Reader, UnknownType
from dropship.contracts.work import WorkFailed, WorkRetried, WorkStarted
from dropship.runtime import claims
from dropship.runtime.bus import Bus
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused, Retry, Unknown, Unreadable
from dropship.runtime.failpoints import failpoint
from dropship.runtime.journal import Transaction
from dropship.runtime.puller import position_of
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger
from dropship.runtime.telemetry.traces import span

ATTEMPTS = 5
HEARTBEAT_S = 5.0
POLL_S = 0.5
_log = get_logger()
C = TypeVar("C", bound=Command)
Outcome = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Task(Generic[C]):
    """One command in hand. `attempt` counts from 1; `at` is when it was taken up."""

    command: C
    command_id: UUID
    envelope: Envelope
    attempt: int
    at: datetime

    @property
    def job_id(self) -> str | None:
        return getattr(self.command, "job_id", None)


Doer = Callable[[Task[Any]], Awaitable[Outcome]]
GiveUp = Callable[[Task[Any], Transaction, str], Awaitable[None]]


class Effect(Protocol):
    """Something that changes the outside world, and can be found there by its natural key.

    `deadline_s` bounds one call; `read_lag_s` is how long the outside may take to show it.
    """

    deadline_s: float
    read_lag_s: float

    def natural_key(self, command: Any) -> str:
        """What the outside world would recognise it by; one intent per key at a time."""

    async def call(self, task: Task[Any]) -> Outcome:
        """Do it, once. Raises Unknown when nobody can tell whether it happened."""

    async def find(self, task: Task[Any]) -> Outcome | None:
        """Look outside for what an earlier attempt may have done; None when it did not happen."""


@dataclass(frozen=True)
class Deed:
    """How one kind of command is done by one plugin."""

    command: type[Command]
    plugin: str
    width: int
    doer: Doer | None
    effect: Effect | None
    give_up: GiveUp | None


class Working:
    """One kind of command, as one plugin does it in this process."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, deed: Deed, replica: str
    ) -> None:
        self.deed = deed
        self.name = deed.command.__name__
        self._database, self._bus, self._clock = database, bus, clock
        self._replica = replica
        self._reader = Reader([deed.command])

    async def attend(self, message: Msg) -> None:
        """Do one delivered command, telling the server meanwhile that it is being worked on."""
        beat = asyncio.create_task(self._keep_alive(message))
        started = perf_counter()
        metrics.WORKING_IN_FLIGHT.labels(self.name).inc()
        try:
            await failpoint("working.received")
            outcome = await self._settle(message)
            metrics.WORKING_TASKS.labels(self.name, outcome).inc()
        except claims.Overtaken:
            _log.warning("work_overtaken", command=self.name)
        except Retry as again:
            await self._bus.tell(message.reply, _nak(again.after_s))
        except Exception as error:
            _log.warning("work_interrupted", command=self.name, error=repr(error)[:300])
            await self._bus.tell(message.reply, _nak(1.0))
        finally:
            beat.cancel()
            metrics.WORKING_IN_FLIGHT.labels(self.name).dec()
            metrics.WORKING_SECONDS.labels(self.name).observe(perf_counter() - started)

    async def _keep_alive(self, message: Msg) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._bus.tell(message.reply, b"+WPI")

    async def _settle(self, message: Msg) -> str:
        try:
            envelope = open_envelope(message.data)
            command = self._reader.read(envelope)
            id_ = UUID(envelope.id)
        except NewerVersion:
            raise Retry(30.0, "newer_version") from None
        except (UnknownType, msgspec.MsgspecError, ValueError) as error:
            return await self.bury_unreadable(message, f"unreadable: {error}")
        assert isinstance(command, Command)
        with span(f"do {self.name}", "consumer", parent=envelope.traceparent):
            delivered = position_of(message).delivered
            claim = await self._claim(command, id_, envelope, delivered)
            if claim is None:
                await self._ack(message)
                return "repeated"
            task = Task(command, id_, envelope, claim.attempt, self._clock.now())
            if claim.attempt > ATTEMPTS:
                return await self._bury(message, task, "gave up: it never came to an end")
            return await self._do(message, task, claim)

    async def _claim(
        self, command: Command, id_: UUID, envelope: Envelope, delivered: int
    ) -> claims.Claim | None:
        """The first transaction: the id is ours to do, or it was done before (None)."""
        effect = self.deed.effect
        async with self._database.transaction(envelope) as tx:
            claim = await claims.take(
                tx,
                claims.Wanted(
                    id_,
                    self.name,
                    self._replica,
                    delivered,
                    effect.natural_key(command) if effect else None,
                    tx.at + timedelta(seconds=effect.deadline_s + effect.read_lag_s)
                    if effect
                    else None,
                ),
            )
            job_id = getattr(command, "job_id", None)
            if claim is not None and job_id is not None and claim.attempt <= ATTEMPTS:
                started = WorkStarted(
                    job_id=job_id, command_id=str(id_), command=self.name, attempt=claim.attempt
                )
                _say_work(tx, started, await claims.next_fact(tx, id_))
        await failpoint("working.claimed")
        return claim

    async def _do(self, message: Msg, task: Task[Any], claim: claims.Claim) -> str:
        try:
            outcome = await self._perform(task, claim)
            await failpoint("working.called")
        except Retry as again:
            if task.attempt >= ATTEMPTS:
                return await self._bury(message, task, again.reason)
            await self._put_off(message, task, again)
            return "retried"
        except Refused as refusal:
            return await self._refuse(message, task, refusal)
        except Unreadable as error:
            return await self._bury(message, task, error.reason)
        except Unknown as error:
            assert claim.settle_at is not None
            wait_s = max((claim.settle_at - self._clock.now()).total_seconds(), 0.1)
            await self._put_off(message, task, Retry(wait_s, error.reason))
            return "retried"
        await failpoint("working.before_outcome")
        async with self._database.transaction(task.envelope) as tx:
            await claims.finish(tx, task.command_id, task.attempt, "done")
            await outcome(tx)
        await failpoint("working.outcome_committed")
        await self._ack(message)
        return "done"

    async def _perform(self, task: Task[Any], claim: claims.Claim) -> Outcome:
        if self.deed.doer is not None:
            return await self.deed.doer(task)
        effect = self.deed.effect
        assert effect is not None
        assert claim.settle_at is not None
        left_s = (claim.settle_at - self._clock.now()).total_seconds() - effect.read_lag_s
        if left_s <= 0:
            raise Unknown("too late to begin: another may look for it soon")
        try:
            async with asyncio.timeout(left_s):
                if claim.again and (found := await effect.find(task)) is not None:
                    return found
                return await effect.call(task)
        except TimeoutError as error:
            raise Unknown("timeout") from error

    async def _put_off(self, message: Msg, task: Task[Any], again: Retry) -> None:
        async with self._database.transaction(task.envelope) as tx:
            await claims.hold(tx, task.command_id, task.attempt)
            if task.job_id is not None:
                retried = WorkRetried(
                    job_id=task.job_id,
                    command_id=str(task.command_id),
                    command=self.name,
                    attempt=task.attempt,
                    next_at=tx.at + timedelta(seconds=again.after_s),
                    reason=again.reason,
                )
                _say_work(tx, retried, await claims.next_fact(tx, task.command_id))
        await self._bus.tell(message.reply, _nak(again.after_s))

    async def _refuse(self, message: Msg, task: Task[Any], refusal: Refused) -> str:
        async with self._database.transaction(task.envelope) as tx:
            await claims.finish(tx, task.command_id, task.attempt, "refused")
            await self._say_failed(tx, task, refusal.reason)
            if self.deed.give_up is not None:
                await self.deed.give_up(task, tx, refusal.reason)
        await self._ack(message)
        return "refused"

    async def _bury(self, message: Msg, task: Task[Any], reason: str) -> str:
        """Give it up for good: parked for a person, its job told, the next one gets its turn."""
        async with self._database.transaction(task.envelope) as tx:
            await claims.finish(tx, task.command_id, task.attempt, "dead")
            await claims.bury(tx, str(task.command_id), self.name, message, reason)
            await self._say_failed(tx, task, reason)
            if self.deed.give_up is not None:
                await self.deed.give_up(task, tx, reason)
        return await self._buried(message, reason)

    async def bury_unreadable(self, message: Msg, reason: str) -> str:
        """Park what cannot be understood at all, for a person to see."""
        place = position_of(message)
        async with self._database.transaction() as tx:
            await claims.bury(tx, f"WORK-{place.seq}", self.name, message, reason)
        return await self._buried(message, reason)

    async def _buried(self, message: Msg, reason: str) -> str:
        metrics.WORKING_DEAD.labels(self.name).inc()
        _log.error("command_dead", command=self.name, reason=reason)
        await self._ack(message)
        return "dead"

    async def _say_failed(self, tx: Transaction, task: Task[Any], reason: str) -> None:
        if task.job_id is not None:
            failed = WorkFailed(
                job_id=task.job_id,
                command_id=str(task.command_id),
                command=self.name,
                reason=reason,
            )
            _say_work(tx, failed, await claims.next_fact(tx, task.command_id))

    async def _ack(self, message: Msg) -> None:
        await self._bus.tell(message.reply, b"+ACK")
        await failpoint("working.acked")


def _say_work(tx: Transaction, fact: WorkStarted | WorkRetried | WorkFailed, version: int) -> None:
    tx.say(fact, about=f"work:{fact.command_id}", version=version, key=fact.job_id)


def _nak(after_s: float) -> bytes:
    return b"-NAK " + msgspec.json.encode({"delay": int(max(after_s, 0) * 1e9)})
