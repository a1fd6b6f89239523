"""Questions, and commands that need only the owner's own memory: request, reply, two seconds.

Answers are ready JSON bytes that the gateway passes through untouched. A command carries an id; its
owner stores the answer in the same transaction as the deed, so the same id gets the same answer for
48 hours, and the same id with another body is refused.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import psycopg
from nats.errors import NoRespondersError
from nats.micro import add_service
from nats.micro.request import Request
from nats.micro.service import Service as MicroService

from dropship.contracts.ids import uuid7
from dropship.contracts.messages import Command, Message, Query
from dropship.runtime.bus import Bus, Uncertain
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.errors import NoAnswer, RefusalKind, Refused, Retry
from dropship.runtime.failpoints import failpoint
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import metrics
from dropship.runtime.telemetry.logs import get_logger
from dropship.runtime.telemetry.traces import current_traceparent, span

DEADLINE_S = 2.0
AT_ONCE = 64
TENANT, ACTOR, COMMAND_ID = "Dropship-Tenant", "Dropship-Actor", "Dropship-Command-Id"
OUTCOME, TRACE = "Dropship-Outcome", "traceparent"
_log = get_logger()
_PATH = re.compile(r"at `\$\.([^`]+)`$")
_NAMED = re.compile(r"(?:missing required|unknown) field `([^`]+)`")
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Asked(Generic[M]):
    """A question or command as it reached its owner; the gateway vouches for tenant and actor."""

    question: M
    tenant: str
    actor: str | None
    command_id: UUID
    at: datetime


class Refusal(msgspec.Struct, frozen=True):
    """A consequence on its way back to whoever asked."""

    reason: str
    detail: str = ""
    kind: RefusalKind = "invalid"
    field: str | None = None
    after_s: float = 0


Answer = msgspec.Struct | bytes | None
Answerer = Callable[[Asked[Any], Database], Awaitable[Answer]]
Obeyer = Callable[[Asked[Any], Transaction], Awaitable[Answer]]
Handler = Callable[[Asked[Any]], Awaitable[bytes]]


def ask_subject(message: type[Message]) -> str:
    """Where a question is put: ``ask.tracker.product_details``."""
    return f"ask.{message.owner}.{message.token()}"


def to_bytes(answer: Answer) -> bytes:
    return answer if isinstance(answer, bytes) else msgspec.json.encode(answer)


class Asker:
    """Asks the owners. Used by the gateway and the command line, and by nobody else."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def ask(
        self,
        question: Query | Command,
        *,
        tenant: str,
        actor: str | None = None,
        command_id: UUID | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> bytes:
        """The owner's ready JSON bytes.

        Raises Refused as the owner does, Retry when the owner is busy, and NoAnswer when it is away
        or too slow; a command may then have been obeyed all the same: ask again with the same id.
        """
        headers = {TENANT: tenant, COMMAND_ID: str(command_id or uuid7())}
        if actor:
            headers[ACTOR] = actor
        if traceparent := current_traceparent():
            headers[TRACE] = traceparent
        payload = msgspec.json.encode(question)
        return await self.ask_raw(ask_subject(type(question)), payload, headers, deadline_s)

    async def ask_raw(
        self,
        subject: str,
        payload: bytes,
        headers: Mapping[str, str],
        deadline_s: float = DEADLINE_S,
    ) -> bytes:
        """The same for a subject by name."""
        owner = subject.split(".", 2)[1]
        try:
            reply = await self._bus.request(subject, payload, headers, deadline_s)
        except (Uncertain, NoRespondersError) as error:
            raise NoAnswer(owner) from error
        outcome = (reply.headers or {}).get(OUTCOME, "ok")
        if outcome == "ok":
            return reply.data
        refusal = msgspec.json.decode(reply.data, type=Refusal)
        if outcome == "retry":
            raise Retry(refusal.after_s, refusal.reason)
        raise Refused(refusal.reason, refusal.detail, kind=refusal.kind, field=refusal.field)


class Asking:
    """What a service answers, found by anyone through NATS micro."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database, self._bus, self._clock = database, bus, clock
        self._handlers: dict[str, tuple[type[Message] | None, Handler]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self._micro: MicroService | None = None

    def answers(self, query: type[Query], answerer: Answerer) -> None:
        """Answer a question from what is remembered."""

        async def handler(asked: Asked[Any]) -> bytes:
            return to_bytes(await answerer(asked, self._database))

        self._handlers[query.token()] = (query, handler)

    def obeys(self, command: type[Command], obeyer: Obeyer) -> None:
        """Obey a command within our own memory, once per command id."""

        async def handler(asked: Asked[Any]) -> bytes:
            return await self._obey(asked, obeyer)

        self._handlers[command.token()] = (command, handler)

    def serves(self, name: str, handler: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer the operator (`dropship dead`, `status`) by a bare name."""

        async def adapter(asked: Asked[Any]) -> bytes:
            return await handler(asked.question)

        self._handlers[name] = (None, adapter)

    async def start(self) -> None:
        """Take questions. Every replica shares them through one queue group."""
        service = self._database.service
        self._micro = await add_service(self._bus.client, name=service, version="1.0.0")
        for name in self._handlers:
            await self._micro.add_endpoint(
                name=name, subject=f"ask.{service}.{name}", handler=self._received
            )

    async def drain(self, within_s: float) -> None:
        """Take no more; let what is in hand be answered."""
        if self._micro is not None and self._bus.connected:
            await self._micro.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)

    async def _received(self, request: Request) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._reply(request))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("answer_crashed", error=repr(error)[:300])

    async def _reply(self, request: Request) -> None:
        await failpoint("asking.received")
        name = request.subject.rsplit(".", 1)[1]
        headers = request.headers or {}
        started = perf_counter()
        with span(f"answer {name}", "server", parent=headers.get(TRACE)):
            payload, outcome = await self._outcome(name, request.data, headers)
        metrics.ASKING_SECONDS.labels(name).observe(perf_counter() - started)
        await request.respond(payload, {OUTCOME: outcome} if outcome != "ok" else None)
        await failpoint("asking.replied")

    async def _outcome(
        self, name: str, payload: bytes, headers: Mapping[str, str]
    ) -> tuple[bytes, str]:
        try:
            return await self._handled(name, payload, headers), "ok"
        except Refused as refusal:
            metrics.ASKING_REFUSED.labels(name, refusal.kind).inc()
            return msgspec.json.encode(
                Refusal(refusal.reason, refusal.detail, refusal.kind, refusal.field)
            ), "refused"
        except Retry as again:
            return msgspec.json.encode(Refusal(again.reason, after_s=again.after_s)), "retry"
        except Exception as error:
            _log.error("answer_failed", ask=name, error=repr(error)[:300])
            busy = isinstance(error, psycopg.OperationalError)
            reason = "database_unavailable" if busy else "internal"
            return msgspec.json.encode(Refusal(reason, after_s=1)), "retry"

    async def _handled(self, name: str, payload: bytes, headers: Mapping[str, str]) -> bytes:
        message, handler = self._handlers[name]
        question: Any = payload
        if message is not None:
            try:
                question = msgspec.json.decode(payload, type=message)
            except msgspec.DecodeError as error:
                raise Refused("invalid", str(error), field=_field_of(str(error))) from error
        return await handler(
            Asked(
                question=question,
                tenant=headers.get(TENANT, ""),
                actor=headers.get(ACTOR),
                command_id=_command_id(headers.get(COMMAND_ID)),
                at=self._clock.now(),
            )
        )

    async def _obey(self, asked: Asked[Any], obeyer: Obeyer) -> bytes:
        name = asked.question.wire_type().encode()
        digest = hashlib.sha256(name + msgspec.json.encode(asked.question)).digest()
        async with self._database.transaction(
            tenant=asked.tenant, actor=asked.actor, command_id=asked.command_id
        ) as tx:
            stored = await stored_answer(tx, asked.command_id, digest)
            if stored is not None:
                return stored
            answer = to_bytes(await obeyer(asked, tx))
            await tx.execute(
                "UPDATE answered SET answer = %s WHERE id = %s", (answer, asked.command_id)
            )
            await failpoint("asking.before_commit")
        await failpoint("asking.committed")
        return answer


async def stored_answer(tx: Transaction, command_id: UUID, digest: bytes) -> bytes | None:
    """The answer given to this command before, or None with the id now taken in this transaction.

    Two requests with one id meet here: the second waits for the first one's commit. Raises Refused
    (`key_reused`) when the body differs.
    """
    cursor = await tx.execute(
        "INSERT INTO answered (id, body_hash, answer) VALUES (%s, %s, '') ON CONFLICT DO NOTHING",
        (command_id, digest),
    )
    if cursor.rowcount == 1:
        return None
    row = await tx.fetch_one("SELECT body_hash, answer FROM answered WHERE id = %s", (command_id,))
    assert row is not None
    if bytes(row[0]) != digest:
        raise Refused(
            "key_reused",
            "this Idempotency-Key was used with another body; use a new key",
            kind="key_reused",
            field="Idempotency-Key",
        )
    return bytes(row[1])


def _command_id(text: str | None) -> UUID:
    try:
        return UUID(text) if text else uuid7()
    except ValueError:
        raise Refused("invalid", "a command's id is a UUID", field=COMMAND_ID) from None


def _field_of(error: str) -> str | None:
    """msgspec names a field that is missing or unknown, and ends with the path: ``at `$.a.b```."""
    path = [found[1]] if (found := _PATH.search(error)) else []
    name = [found[1]] if (found := _NAMED.search(error)) else []
    return ".".join(path + name) or None
