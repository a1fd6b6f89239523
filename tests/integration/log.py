"""The log as an outsider reads it: raw messages by direct gets, nothing made and nothing acked."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import msgspec
from nats.aio.client import Client

from dropship.contracts.envelope import Envelope, open_envelope
from dropship.contracts.messages import Message

STREAMS = ("EVENTS", "OBSERVATIONS", "WORK", "DEAD")
BATCH = 1000
SILENCE_S = 10.0


@dataclass(frozen=True)
class Stored:
    """One message of a stream, just as it lies there."""

    seq: int
    subject: str
    headers: dict[str, str]
    payload: bytes

    @cached_property
    def envelope(self) -> Envelope:
        return open_envelope(self.payload)


async def last_sequence(client: Client, stream: str) -> int:
    answer = await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=SILENCE_S)
    return int(msgspec.json.decode(answer.data)["state"]["last_seq"])


async def count(client: Client, stream: str) -> int:
    """How many messages lie in a stream now."""
    answer = await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=SILENCE_S)
    return int(msgspec.json.decode(answer.data)["state"]["messages"])


async def read(client: Client, stream: str) -> list[Stored]:
    """Everything in a stream, from its first message to what is its last one now."""
    end, found = await last_sequence(client, stream), list[Stored]()
    inbox = client.new_inbox()
    arrivals = await client.subscribe(inbox)
    try:
        while (start := found[-1].seq + 1 if found else 1) <= end:
            wish = {"seq": start, "batch": BATCH, "next_by_subj": ">"}
            await client.publish(
                f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(wish), reply=inbox
            )
            before = len(found)
            while not (
                headers := (message := await arrivals.next_msg(SILENCE_S)).headers or {}
            ).get("Status"):
                seq = int(headers["Nats-Sequence"])
                found.append(Stored(seq, headers["Nats-Subject"], dict(headers), message.data))
            if len(found) == before:
                break
    finally:
        await arrivals.unsubscribe()
    return found


async def said(client: Client, stream: str = "EVENTS") -> list[Stored]:
    """What the services have said on a stream, without the relays' fences."""
    return [one for one in await read(client, stream) if "fence." not in one.subject]


def of_type(messages: Iterable[Stored], *types: type[Message]) -> list[Stored]:
    """Those that are of one of these types, in the order of the log."""
    names = {type_.wire_type() for type_ in types}
    return [one for one in messages if one.envelope.type in names]
