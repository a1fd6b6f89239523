"""The life of a thing is told with its causes, in the order in which it happened."""

from datetime import UTC, datetime, timedelta

import click
import msgspec

from dropship.cli.log.life import chain, is_about, missing_causes, walk
from dropship.cli.log.reading import Entry
from dropship.cli.log.telling import as_json, as_line, spoken
from dropship.contracts.envelope import Envelope

BEGAN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def said(
    id_: str,
    cause: str | None = None,
    *,
    minute: int = 0,
    type_: str = "dropship.price.changed.v1",
    subject: str = "product:p1",
    data: object = None,
) -> Entry:
    envelope = Envelope(
        specversion="1.0",
        id=id_,
        source="tracker",
        type=type_,
        subject=subject,
        time=BEGAN + timedelta(minutes=minute),
        dataschema="",
        datacontenttype="application/json",
        partitionkey=subject.partition(":")[2],
        data=msgspec.Raw(msgspec.json.encode(data or {})),
        correlationid="first",
        causationid=cause,
    )
    return Entry("EVENTS", minute + 1, envelope.time, envelope)


def outline(*entries: Entry) -> list[str]:
    return [f"{'  ' * depth}{link.entry.envelope.id}" for depth, link in walk(chain(entries))]


def test_effects_stand_below_their_causes_whatever_order_they_are_read_in() -> None:
    asked, looked, seen, changed = (
        said("asked"),
        said("looked", "asked", minute=1),
        said("seen", "looked", minute=2),
        said("changed", "seen", minute=3),
    )
    done = said("done", "asked", minute=4)
    assert outline(done, changed, seen, looked, asked) == [
        "asked",
        "  looked",
        "    seen",
        "      changed",
        "  done",
    ]


def test_a_message_that_is_in_stream_and_journal_is_told_once() -> None:
    assert outline(said("asked"), said("asked")) == ["asked"]


def test_a_cause_that_is_kept_nowhere_is_remembered_as_missing() -> None:
    orphan = said("seen", "a-done-command")
    assert missing_causes([orphan]) == {"a-done-command"}
    (root,) = chain([orphan])
    assert root.missing == "a-done-command"


def test_a_thing_is_found_by_aggregate_bare_id_or_mention() -> None:
    changed = said("e1", subject="product:p1", data={"product_id": "p1", "job_id": "j9"}).envelope
    for thing in ("product:p1", "p1", "e1", "job:j9", "j9"):
        assert is_about(changed, thing), thing
    assert not is_about(changed, "p2")
    assert not is_about(changed, "product:p")


def test_a_line_reads_as_a_sentence() -> None:
    entry = said(
        "e1", data={"product_id": "p1", "old": None, "new": {"amount": "3.50", "currency": "EUR"}}
    )
    line = click.unstyle(as_line(entry, depth=2))
    assert line == (
        "2026-11-23 14:30:00.000     └─ price changed  "
        "tracker  product_id=p1 new=3.50 EUR  [EVENTS/1]"
    )


def test_json_holds_the_whole_envelope_and_its_place() -> None:
    told = msgspec.json.decode(as_json(said("e1", data={"product_id": "p1"}), depth=1))
    assert told["data"] == {"product_id": "p1"}
    assert (told["stream"], told["seq"], told["depth"]) == ("EVENTS", 1, 1)


def test_a_type_of_others_is_shown_as_it_is() -> None:
    assert spoken("dropship.import.requested.v2") == "import requested"
    assert spoken("com.example.thing") == "com.example.thing"
