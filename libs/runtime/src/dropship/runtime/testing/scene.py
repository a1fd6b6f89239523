"""Given, when, then: at the height of a pure rule, and at that of a handler on a real database."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw

from dropship.contracts.envelope import JSON, SCHEMAS, SPEC, Envelope, open_envelope
from dropship.contracts.messages import Event, Message
from dropship.contracts.reading import Reader
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard

S = TypeVar("S")
AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
_IDS = UUID("00000000-0000-5000-8000-000000000000")


class Given(Generic[S]):
    """The facts so far, folded into a state. See `given`."""

    def __init__(self, state: S, evolve: Callable[[S, Any], S]) -> None:
        self.state = state
        self._evolve = evolve

    def when(self, decide: Callable[..., Iterable[Any]], *seen: Any, **more: Any) -> "When[S]":
        """What the rule says to something seen."""
        return When(self, list(decide(self.state, *seen, **more)))

    def and_then(self, facts: Iterable[Any]) -> "Given[S]":
        """The same scene, some facts later."""
        state = self.state
        for fact in facts:
            state = self._evolve(state, fact)
        return Given(state, self._evolve)


class When(Generic[S]):
    """What was said; ends with `then`."""

    def __init__(self, before: Given[S], said: list[Any]) -> None:
        self.said = said
        self._before = before

    def then(self, *expected: Any) -> Given[S]:
        """Exactly these orders or facts, in this order; returns the scene after them."""
        assert self.said == list(expected)
        return self._before.and_then(self.said)


def given(*facts: Any, initial: S, evolve: Callable[[S, Any], S]) -> Given[S]:
    """``given(ListingPaused(…), initial=…, evolve=…).when(decide, stock(9)).then()``"""
    return Given(initial, evolve).and_then(facts)


def envelope_of(
    event: Event,
    number: int,
    *,
    key: str,
    at: datetime,
    tenant: str | None = None,
    subject: str | None = None,
    correlation: str | None = None,
    causation: str | None = None,
) -> Envelope:
    """How the event travels when its owner says it; the id follows from the number."""
    id_ = str(uuid5(_IDS, str(number)))
    return Envelope(
        specversion=SPEC,
        id=id_,
        source=event.owner,
        type=event.wire_type(),
        subject=subject or key,
        time=at,
        dataschema=f"{SCHEMAS}{event.wire_type()}.json",
        datacontenttype=JSON,
        partitionkey=key,
        data=Raw(msgspec.json.encode(event)),
        correlationid=correlation or id_,
        causationid=causation,
        tenant=tenant,
    )


class Scene:
    """Handlers on a real database, without NATS: given facts heard, when one is heard, then said.

    What was said is read from the journal, as the relay would. `at` stands still unless moved.
    """

    def __init__(self, database: Database, types: Sequence[type[Message]]) -> None:
        self.database = database
        self._reader = Reader(types)
        self._heard = 0
        self._read_to = 0

    def heard(
        self, event: Event, *, key: str, tenant: str | None = None, **more: Any
    ) -> Heard[Any]:
        """The event as it would come from the log."""
        self._heard += 1
        at = more.pop("at", AT)
        envelope = envelope_of(event, self._heard, key=key, at=at, tenant=tenant, **more)
        return Heard(event, envelope, self._heard, at)

    async def hears(self, handler: Callable[..., Awaitable[None]], *heard: Heard[Any]) -> None:
        """Let a one-by-one handler hear these, each in its own transaction."""
        for one in heard:
            async with self.database.transaction(one.envelope) as tx:
                await handler(one, tx)

    async def hears_many(self, handler: Callable[..., Awaitable[None]], *heard: Heard[Any]) -> None:
        """Let a batch handler hear these in one transaction."""
        async with self.database.transaction(heard[0].envelope) as tx:
            await handler(list(heard), tx)

    async def said(self) -> list[Message]:
        """What was said since the last call, in order."""
        return [self._reader.read(envelope) for envelope in await self.envelopes()]

    async def envelopes(self) -> list[Envelope]:
        """The same with their outsides."""
        rows = await self.database.fetch_all(
            "SELECT position, payload FROM journal WHERE position > %s ORDER BY position",
            (self._read_to,),
        )
        self._read_to = rows[-1][0] if rows else self._read_to
        return [open_envelope(bytes(payload)) for _, payload in rows]
