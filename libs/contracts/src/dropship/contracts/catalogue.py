"""Every message there is, by name: the one list that readers, schemas and permissions come from."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

import msgspec
from dropship.contracts import imports, jobs, offers, products, suppliers, tenants, work
from dropship.contracts.envelope import Envelope, split_type
from dropship.contracts.messages import Command, Event, Message, Query
from dropship.contracts.upcasts import UPCASTS

NOUNS: tuple[ModuleType, ...] = (imports, jobs, offers, products, suppliers, tenants, work)


class UnknownType(Exception):
    """The name is not in the catalogue: skip it and count it."""


class NewerVersion(Exception):
    """The name is known, the version is newer than this release: stop, do not guess."""


def _found() -> Iterable[type[Message]]:
    for module in NOUNS:
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Message)
                and value not in (Message, Event, Command, Query)
                and value.__module__ == module.__name__
            ):
                yield value


MESSAGES: dict[str, type[Message]] = {message.type_name(): message for message in _found()}
EVENTS: dict[str, type[Event]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Event)}
COMMANDS: dict[str, type[Command]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Command)}
QUERIES: dict[str, type[Query]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Query)}

_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {
    message: msgspec.json.Decoder(message) for message in MESSAGES.values()
}


def read(envelope: Envelope) -> Message:
    """The message inside, brought up to this release's version.

    Raises UnknownType, NewerVersion, or msgspec.ValidationError when known but malformed.
    """
    name, version = split_type(envelope.type)
    message = MESSAGES.get(name)
    if message is None:
        raise UnknownType(envelope.type)
    if version > message.version:
        raise NewerVersion(f"{envelope.type} is newer than v{message.version}")
    if version == message.version:
        return _decoders[message].decode(envelope.data)  # type: ignore[no-any-return]
    data: dict[str, Any] = msgspec.json.decode(envelope.data)
    while version < message.version:
        data = UPCASTS[name, version](data)
        version += 1
    return msgspec.convert(data, message)
