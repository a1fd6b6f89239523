"""From bytes on the wire to a message of this release: names looked up, old versions brought up."""

from collections.abc import Iterable
from typing import Any

import msgspec

from dropship.contracts.envelope import Envelope, split_type
from dropship.contracts.messages import Message
from dropship.contracts.upcasts import UPCASTS


class UnknownType(Exception):
    """The reader does not know the name: skip it and count it."""


class NewerVersion(Exception):
    """The name is known, the version is newer than this release: stop, do not guess."""


class Reader:
    """Reads the messages it was made for, and no others.

    Old versions are brought up by the pure upcasts; the current one is decoded straight from bytes.
    """

    def __init__(self, types: Iterable[type[Message]]) -> None:
        self.types = {type_.type_name(): type_ for type_ in types}
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            type_.wire_type(): msgspec.json.Decoder(type_) for type_ in self.types.values()
        }

    def read(self, envelope: Envelope) -> Message:
        """The message inside.

        Raises UnknownType, NewerVersion, or msgspec.ValidationError when known but malformed.
        """
        decoder = self._decoders.get(envelope.type)
        if decoder is not None:
            return decoder.decode(envelope.data)  # type: ignore[no-any-return]
        try:
            name, version = split_type(envelope.type)
            message = self.types[name]
        except (ValueError, KeyError):
            raise UnknownType(envelope.type) from None
        if version > message.version:
            raise NewerVersion(f"{envelope.type} is newer than v{message.version}")
        fields: dict[str, Any] = msgspec.json.decode(envelope.data)
        while version < message.version:
            fields = UPCASTS[name, version](fields)
            version += 1
        return msgspec.convert(fields, message)
