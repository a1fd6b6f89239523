"""The one checker of invariants: what must be true whenever a toy house has come to rest.

The kill matrix, the hazards and the planted bugs all use it, so that a check which would see
nothing is found out by the planted bugs.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from toy_words import fetch_id, list_id

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.runtime.bus import Bus
from dropship.runtime.testing import eventually
from toy_house import Toy

AT_ONCE = 200


@dataclass(frozen=True)
class Stored:
    """One message of the stream, as the server gives it by sequence."""

    seq: int
    subject: str
    id: str
    envelope: Envelope


@dataclass
class Promised:
    """What the toy has acknowledged and therefore owes."""

    asked: set[UUID] = field(default_factory=set)
    moves: int = 0
    ordering: bool = True
    heard: bool = True
    parked: int = 0


async def everything(bus: Bus, stream: str = "EVENTS") -> list[Stored]:
    """All events of a stream, read one by one and not by any part of the runtime's hearing."""
    last = int((await bus.api(f"STREAM.INFO.{stream}"))["state"]["last_seq"])
    found: list[Stored] = []
    for start in range(1, last + 1, AT_ONCE):
        end = min(start + AT_ONCE, last + 1)
        messages = await asyncio.gather(*(bus.stored_message(stream, n) for n in range(start, end)))
        for message in filter(None, messages):
            headers = message.headers or {}
            if "fence" in headers["Nats-Subject"].split(".", 1)[0]:
                continue
            found.append(
                Stored(
                    int(headers["Nats-Sequence"]),
                    headers["Nats-Subject"],
                    headers["Nats-Msg-Id"],
                    open_envelope(message.data),
                )
            )
    return found


async def at_rest(toy: Toy, *, heard: bool = True, within_s: float = 30.0) -> None:
    """Wait until nothing is unsent, in work, or (if anybody hears) unheard."""

    async def rests() -> bool:
        if await toy.value("SELECT count(*) FROM journal WHERE stream_seq IS NULL"):
            return False
        if await toy.value("SELECT count(*) FROM done_commands WHERE state = 'doing'"):
            return False
        ordered = await toy.value("SELECT count(*) FROM journal WHERE stream = 'WORK'")
        if await toy.value("SELECT count(*) FROM done_commands") < ordered:
            return False
        said = await toy.value("SELECT count(*) FROM journal WHERE subject LIKE 'evt.%%.moved'")
        taken = await toy.value(
            "SELECT (SELECT count(DISTINCT id) FROM effects) + (SELECT count(*) FROM parked)"
        )
        return not heard or bool(taken >= said)

    await eventually(rests, within_s=within_s, what="rest")


async def violations(toy: Toy, promised: Promised) -> list[str]:
    """Each broken invariant as a sentence; empty when all hold."""
    async with toy.bus("checker") as bus:
        stored = await everything(bus)
    return [
        *await _journal_and_stream_agree(toy, stored),
        *_versions_ascend(stored),
        *_asks_took_effect_once(stored, promised),
        *(await _heard_once(toy, stored, promised) if promised.heard else []),
        *(await _commands_ended_once(toy, promised) if promised.ordering else []),
    ]


async def _journal_and_stream_agree(toy: Toy, stored: list[Stored]) -> list[str]:
    rows = await toy.rows("SELECT id::text, stream_seq FROM journal WHERE stream = 'EVENTS'")
    times = Counter(message.id for message in stored)
    place = {message.id: message.seq for message in stored}
    marks = dict(rows)
    return [
        *_if("lost on the way to the stream", [id_ for id_ in marks if not times[id_]]),
        *_if("twice in the stream", [id_ for id_, n in times.items() if n > 1]),
        *_if("in the stream and in no journal", [id_ for id_ in times if id_ not in marks]),
        *_if("wrongly marked", [i for i, s in rows if s is not None and place.get(i) != s]),
        *_if("never marked", [id_ for id_, seq in rows if seq is None]),
    ]


def _versions_ascend(stored: list[Stored]) -> list[str]:
    last: dict[str, int] = {}
    broken = []
    for message in stored:
        if not message.envelope.subject.startswith("counter:"):
            continue
        number = int(msgspec.json.decode(message.envelope.data)["number"])
        if number != last.get(message.envelope.subject, 0) + 1:
            broken.append(f"{message.envelope.subject}={number}")
        last[message.envelope.subject] = number
    return _if("out of order in the stream", broken)


def _asks_took_effect_once(stored: list[Stored], promised: Promised) -> list[str]:
    moved = [m for m in stored if m.subject.endswith(".counter.moved")]
    times = Counter(message.envelope.causationid for message in moved)
    wrong = [str(asked) for asked in promised.asked if times[str(asked)] != 1]
    found = _if("acknowledged without exactly one effect", wrong)
    if promised.moves and len(moved) != promised.moves:
        found.append(f"{promised.moves} moves were acknowledged, {len(moved)} are in the stream")
    return found


async def _heard_once(toy: Toy, stored: list[Stored], promised: Promised) -> list[str]:
    said = {m.id for m in stored if m.subject.endswith(".counter.moved")}
    rows = await toy.rows("SELECT id::text, counter, number FROM effects ORDER BY place")
    times = Counter(row[0] for row in rows)
    last: dict[str, int] = {}
    disorder = []
    for _, counter, number in rows:
        if number != last.get(counter, 0) + 1:
            disorder.append(f"{counter}={number}")
        last[counter] = number
    parked = await toy.value("SELECT count(*) FROM parked")
    missed = [] if promised.parked else [id_ for id_ in said if not times[id_]]
    return [
        *_if("heard twice", [id_ for id_, n in times.items() if n > 1]),
        *_if("never heard", missed),
        *_if("heard out of order", disorder),
        *([f"{parked} parked, not {promised.parked}"] if parked != promised.parked else []),
    ]


async def _commands_ended_once(toy: Toy, promised: Promised) -> list[str]:
    outcomes = Counter(row[0] for row in await toy.rows("SELECT command FROM outcomes"))
    listed = Counter(row[0] for row in await toy.rows("SELECT natural_key FROM shop"))
    open_ = await toy.rows("SELECT id::text, state FROM done_commands WHERE state <> 'done'")
    expected = [f(asked) for asked in promised.asked for f in (fetch_id, list_id)]
    return [
        *_if("commands without exactly one outcome", [c for c in expected if outcomes[c] != 1]),
        *_if("outcomes twice", [c for c, n in outcomes.items() if n > 1]),
        *_if("done twice outside", [key for key, n in listed.items() if n > 1]),
        *_if("commands not brought to their end", [f"{i} {state}" for i, state in open_]),
    ]


def _if(what: str, wrong: Iterable[object]) -> list[str]:
    few = [str(one) for one in wrong]
    return [f"{len(few)} {what}: {', '.join(few[:3])}"] if few else []
