"""Streams read from a sequence on by direct gets: no consumer is made, nothing is acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from nats.aio.msg import Msg

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.runtime.bus import ApiError, Bus, Uncertain

STREAMS = ("EVENTS", "OBSERVATIONS", "WORK", "DEAD")
BATCH = 512
SILENCE_S = 5.0
END_OF_BATCH, NOTHING = "204", "404"


@dataclass(frozen=True)
class Entry:
    """One message of a stream. `seq` is 0 for one that came from a journal."""

    stream: str
    seq: int
    stored_at: datetime
    envelope: Envelope


async def last_sequence(bus: Bus, stream: str) -> int:
    """The newest sequence of a stream, 0 when it is empty or not there."""
    try:
        return int((await bus.api(f"STREAM.INFO.{stream}"))["state"]["last_seq"])
    except ApiError as error:
        if error.status == 404:
            return 0
        raise


async def entries(
    bus: Bus, stream: str, start: int = 1, subject: str = ">"
) -> AsyncIterator[Entry]:
    """Everything from `start` to what is the end now, on these subjects.

    What is no envelope of ours is left out.
    """
    end = await last_sequence(bus, stream)
    while start <= end:
        batch = await _batch(bus, stream, start, subject)
        if not batch:
            return
        for message in batch:
            entry = _entry(stream, message)
            if entry is not None:
                yield entry
        start = int((batch[-1].headers or {})["Nats-Sequence"]) + 1


async def _batch(bus: Bus, stream: str, start: int, subject: str) -> list[Msg]:
    inbox = bus.client.new_inbox()
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await bus.listen(inbox, arrived.put)
    request = {"seq": start, "batch": BATCH, "next_by_subj": subject}
    await bus.tell(f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox)
    found: list[Msg] = []
    try:
        while True:
            message = await asyncio.wait_for(arrived.get(), SILENCE_S)
            status = (message.headers or {}).get("Status")
            if status in (END_OF_BATCH, NOTHING):
                return found
            if status is not None:
                raise Uncertain(f"{stream} answers {status}")
            found.append(message)
    except TimeoutError as error:
        raise Uncertain(f"{stream} is silent") from error
    finally:
        await subscription.unsubscribe()


def _entry(stream: str, message: Msg) -> Entry | None:
    headers = message.headers or {}
    try:
        envelope = open_envelope(message.data)
    except msgspec.DecodeError:
        return None
    return Entry(
        stream,
        int(headers["Nats-Sequence"]),
        datetime.fromisoformat(headers["Nats-Time-Stamp"]),
        envelope,
    )
