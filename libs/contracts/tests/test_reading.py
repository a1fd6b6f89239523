"""A reader skips what it does not know, stops at what is newer, and brings up what is older."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from dropship.contracts.availability import Availability
from dropship.contracts.catalogue import READER
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.envelope import Envelope, open_envelope, split_type
from dropship.contracts.messages import Event
from dropship.contracts.moments import Moment
from dropship.contracts.offers import ScrapeProduct
from dropship.contracts.products import AmendWatch, ProductArchived, ProductDetails, StockChanged
from dropship.contracts.reading import NewerVersion, Reader, UnknownType
from dropship.contracts.upcasts import UPCASTS, Upcast

AT = datetime(2026, 8, 21, 14, 0, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden"


class KettleBoiled(Event, frozen=True, kw_only=True):
    """A third release of a message that only this test knows."""

    owner: ClassVar[str] = "kitchen"
    version: ClassVar[int] = 3
    litres: float
    boiled_at: Moment
    hurried: bool = False


def _litres(fields: dict[str, Any]) -> dict[str, Any]:
    millilitres = fields.pop("millilitres")
    return {**fields, "litres": millilitres / 1000}


def _boiled_at(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "boiled_at": fields["at"]}


STEPS: dict[tuple[str, int], Upcast] = {
    ("dropship.kettle.boiled", 1): _litres,
    ("dropship.kettle.boiled", 2): _boiled_at,
}


@pytest.fixture
def kettle(monkeypatch: pytest.MonkeyPatch) -> Reader:
    for key, step in STEPS.items():
        monkeypatch.setitem(UPCASTS, key, step)
    return Reader([KettleBoiled])


def envelope(type_: str, data: Any) -> Envelope:
    golden = (GOLDEN / "dropship.product.archived.v1.json").read_bytes()
    raw = msgspec.Raw(msgspec.json.encode(data))
    return msgspec.structs.replace(open_envelope(golden), type=type_, data=raw)


def test_a_decision_from_before_it_told_its_taxes_tells_none_and_not_zero() -> None:
    golden = open_envelope((GOLDEN / "dropship.decision.made.v1.json").read_bytes())
    fields = msgspec.json.decode(golden.data)
    told = {name: fields.pop(name) for name in ("buyer_tax", "vat")}
    assert None not in told.values()

    decision = READER.read(envelope("dropship.decision.made.v1", fields))

    assert isinstance(decision, DecisionMade)
    assert (decision.buyer_tax, decision.vat) == (None, None)


def test_a_name_nobody_knows_is_skipped_not_guessed() -> None:
    with pytest.raises(UnknownType):
        READER.read(envelope("dropship.kettle.boiled.v1", {}))


@given(st.text(max_size=40))
def test_any_other_text_as_a_type_is_unknown_too(type_: str) -> None:
    with pytest.raises(UnknownType):
        READER.read(envelope(type_, {}))


def test_a_newer_version_of_a_known_name_stops_the_reader() -> None:
    with pytest.raises(NewerVersion):
        READER.read(envelope("dropship.product.archived.v2", {"product_id": "p"}))


def test_a_reader_reads_only_what_it_was_made_for() -> None:
    with pytest.raises(UnknownType):
        Reader([StockChanged]).read(envelope("dropship.product.archived.v1", {"product_id": "p"}))


def test_a_field_that_an_event_grew_later_is_ignored() -> None:
    read = READER.read(
        envelope("dropship.product.archived.v1", {"product_id": "p", "because": "sold"})
    )

    assert read == ProductArchived(product_id="p")


def test_a_field_with_a_default_may_be_missing() -> None:
    data = {"product_id": "p", "old": None, "old_quantity": None, "new": "low", "new_quantity": 2}
    read = READER.read(envelope("dropship.stock.changed.v1", data | {"observed_at": AT}))

    assert isinstance(read, StockChanged)
    assert read.new is Availability.low
    assert read.ships_in_days is None


@pytest.mark.parametrize("type_", [AmendWatch, ProductDetails])
def test_a_request_with_a_field_we_do_not_know_is_refused(type_: type[Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `tenant`"):
        msgspec.json.decode(b'{"product_id":"p","tenant":"mine"}', type=type_)


def test_a_command_with_a_field_we_do_not_know_is_refused() -> None:
    data = {"product_id": "p", "source": "amazon-de", "external_id": "B0", "also": 1}

    with pytest.raises(msgspec.ValidationError, match="unknown field `also`"):
        Reader([ScrapeProduct]).read(envelope("dropship.product.scrape.v1", data))


@pytest.mark.parametrize(
    "data", [{}, {"product_id": 7}, {"product_id": "a b"}, {"product_id": "a\n"}, [], None]
)
def test_a_known_message_that_is_malformed_is_refused(data: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        READER.read(envelope("dropship.product.archived.v1", data))


def test_a_time_without_its_offset_is_refused() -> None:
    data = {"product_id": "p", "looks": 3, "since": "2026-08-21T14:00:00"}

    with pytest.raises(msgspec.ValidationError):
        READER.read(envelope("dropship.product.vanished.v1", data))


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (1, {"millilitres": 1500, "at": "2026-08-21T14:00:00Z"}),
        (2, {"litres": 1.5, "at": "2026-08-21T14:00:00Z"}),
        (3, {"litres": 1.5, "boiled_at": "2026-08-21T14:00:00Z"}),
    ],
)
def test_every_older_version_is_brought_up_step_by_step(
    kettle: Reader, version: int, data: dict[str, Any]
) -> None:
    read = kettle.read(envelope(f"dropship.kettle.boiled.v{version}", data))

    assert read == KettleBoiled(litres=1.5, boiled_at=AT)


def test_what_is_left_out_of_an_amendment_stays_apart_from_what_is_cleared() -> None:
    left_out = msgspec.json.decode(b'{"product_id":"p"}', type=AmendWatch)
    cleared = msgspec.json.decode(b'{"product_id":"p","label":null}', type=AmendWatch)

    assert left_out.label is UNSET
    assert cleared.label is None


@pytest.mark.parametrize("text", ["", "dropship.price.changed", "v1", ".v1", "a.v", "a.vx", "a.v²"])
def test_a_type_without_a_version_cannot_be_split(text: str) -> None:
    with pytest.raises(ValueError, match="v"):
        split_type(text)


def test_a_message_that_is_no_envelope_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        open_envelope(b'{"id":"1"}')
