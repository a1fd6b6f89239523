"""One recorded example of everything we ever said: what these say can be read for ever."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from dropship.contracts.catalogue import EVENTS, MESSAGES, READER
from dropship.contracts.envelope import SCHEMAS, Envelope, open_envelope, split_type
from dropship.contracts.messages import Message
from dropship.contracts.upcasts import UPCASTS

GOLDEN = Path(__file__).parent / "golden"
TRAVELS = sorted(name for name, type_ in MESSAGES.items() if not hasattr(type_, "answer"))
"""Events, and commands for the outside world: they travel in an envelope."""

ASKED = sorted(name for name, type_ in MESSAGES.items() if hasattr(type_, "answer"))
"""Queries, and commands to the owner's memory: a bare body, and a bare answer."""

RECORDED = sorted(path.stem for path in GOLDEN.glob("*.json"))


def recorded(wire_type: str) -> bytes:
    return (GOLDEN / f"{wire_type}.json").read_bytes()


def compact(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=-1)


def enveloped(message: Message, envelope: Envelope) -> bytes:
    data = msgspec.Raw(msgspec.json.encode(message))
    return msgspec.json.encode(msgspec.structs.replace(envelope, data=data))


@pytest.mark.parametrize("name", TRAVELS)
def test_what_was_said_is_read_and_said_again_in_the_same_bytes(name: str) -> None:
    message_type = MESSAGES[name]
    text = recorded(message_type.wire_type())
    envelope = open_envelope(text)

    message = READER.read(envelope)

    assert type(message) is message_type
    assert enveloped(message, envelope) == compact(text)


@pytest.mark.parametrize("name", ASKED)
def test_what_was_asked_and_answered_is_read_and_written_in_the_same_bytes(name: str) -> None:
    asked: Any = MESSAGES[name]
    exchange = msgspec.json.decode(recorded(asked.wire_type()), type=dict[str, msgspec.Raw])

    question = msgspec.json.decode(exchange["question"], type=asked)
    answer = msgspec.json.decode(exchange["answer"], type=asked.answer)

    assert msgspec.json.encode(question) == compact(bytes(exchange["question"]))
    assert msgspec.json.encode(answer) == compact(bytes(exchange["answer"]))


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_version_of_every_message_is_recorded(name: str) -> None:
    versions = range(1, MESSAGES[name].version + 1)

    assert {f"{name}.v{version}" for version in versions} <= set(RECORDED)


@pytest.mark.parametrize("wire_type", RECORDED)
def test_every_recorded_version_can_still_be_read(wire_type: str) -> None:
    name, version = split_type(wire_type)
    assert name in MESSAGES, "a message is never deleted, only no longer said"
    steps = range(version, MESSAGES[name].version)
    assert all((name, step) in UPCASTS for step in steps)
    if name in TRAVELS:
        READER.read(open_envelope(recorded(wire_type)))


@pytest.mark.parametrize("name", TRAVELS)
def test_an_envelope_names_its_type_its_schema_and_its_owner(name: str) -> None:
    message_type = MESSAGES[name]
    envelope = open_envelope(recorded(message_type.wire_type()))

    assert envelope.type == message_type.wire_type()
    assert envelope.dataschema == f"{SCHEMAS}{envelope.type}.json"
    if name in EVENTS and message_type.owner != "runtime":
        assert envelope.source == message_type.owner
