"""The CloudEvents 1.0 structured envelope that every event and command travels in.

Reading has two steps, so that a reader routes on the envelope and decodes `data` only when it
cares: `open_envelope` for the outside, then `dropship.contracts.reading.Reader` for the inside.
"""

import msgspec
from msgspec import Raw, Struct

from dropship.contracts.moments import Moment

SPEC = "1.0"
JSON = "application/json"
SCHEMAS = "https://dropship.central/schemas/"


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message with its history.

    `id` is a UUID (version 7, or 5 where it is derived from its cause). `subject` is the aggregate,
    for example ``product:<id>``; `partitionkey` (the CloudEvents extension) decides the partition,
    and with it the order. `tenant` is absent on facts that belong to nobody, such as a product's
    price. `correlationid` is the id of the first cause of the chain, `causationid` that of the
    direct one.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    dataschema: str
    datacontenttype: str
    partitionkey: str
    data: Raw
    correlationid: str
    causationid: str | None = None
    tenant: str | None = None
    actor: str | None = None
    traceparent: str | None = None


_decoder = msgspec.json.Decoder(Envelope)


def open_envelope(payload: bytes | memoryview) -> Envelope:
    """Read the outside of a message.

    Raises msgspec.DecodeError (or its child ValidationError) when it is no envelope of ours.
    """
    return _decoder.decode(payload)


def split_type(type_: str) -> tuple[str, int]:
    """``dropship.price.changed.v2`` → (``dropship.price.changed``, 2). Raises ValueError."""
    name, _, version = type_.rpartition(".v")
    if not name or not version.isdigit():
        raise ValueError(f"type {type_!r} does not end in .v<number>")
    return name, int(version)
