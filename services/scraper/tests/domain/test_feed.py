"""Feeds as suppliers write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.money import Money
from dropship.scraper.domain.feed import FeedBroken, price_of, read_row, rows_by_id
from dropship.scraper.domain.reading import NoReading, Reading

BASE = {"id": "A1", "title": "A thing", "price": "10.00", "currency": "EUR"}


def reading_of(**row: str) -> Reading:
    reading = read_row({**BASE, **row})
    assert isinstance(reading, Reading)
    return reading


@pytest.mark.parametrize(
    ("stock", "availability", "quantity", "kind"),
    [
        ("0", Availability.out_of_stock, 0, QuantityKind.exact),
        ("3", Availability.low, 3, QuantityKind.exact),
        ("12", Availability.in_stock, 12, QuantityKind.exact),
        ("12.0", Availability.in_stock, 12, QuantityKind.exact),
        ("10+", Availability.in_stock, 10, QuantityKind.at_least),
        ("in stock", Availability.in_stock, None, None),
        ("sold out", Availability.out_of_stock, 0, QuantityKind.exact),
        ("-4", Availability.unknown, None, None),
        ("plenty", Availability.unknown, None, None),
        ("", Availability.unknown, None, None),
    ],
)
def test_a_stock_column_says_what_it_says_and_no_more(
    stock: str, availability: Availability, quantity: int | None, kind: QuantityKind | None
) -> None:
    reading = reading_of(stock=stock)
    assert (reading.availability, reading.quantity) == (availability, quantity)
    assert reading.quantity_kind is kind


def test_bad_news_wins_where_two_columns_disagree() -> None:
    reading = reading_of(stock="7", availability="out of stock")
    assert (reading.availability, reading.quantity) == (Availability.out_of_stock, 0)


@pytest.mark.parametrize(
    ("text", "currency", "money"),
    [
        ("348.99", "USD", Money("348.99", "USD")),
        ("348,99", "EUR", Money("348.99", "EUR")),
        ("348.99 USD", "", Money("348.99", "USD")),
        ("1299", "JPY", Money("1299", "JPY")),
        ("348.99 USD", "EUR", None),
        ("348.99", "", None),
        ("348.99", "XXX", None),
        ("1.299", "EUR", None),
        ("1,299.00", "EUR", None),
        ("0.00", "EUR", None),
        ("-5", "EUR", None),
        ("1e3", "EUR", None),
        ("ask us", "EUR", None),
    ],
)
def test_a_price_column_is_read_strictly(text: str, currency: str, money: Money | None) -> None:
    assert price_of(text, currency) == money


def test_other_names_for_the_usual_columns_are_understood() -> None:
    text = "Product ID\tproduct_name\tCost\tCurrency Code\tQty\nA1\tA thing\t9.50\tUSD\t4\n"
    (row,) = rows_by_id(text.encode()).values()
    assert read_row(row) == Reading(
        external_id="A1",
        title="A thing",
        availability=Availability.in_stock,
        price=Money("9.50", "USD"),
        quantity=4,
        quantity_kind=QuantityKind.exact,
        method="row",
    )


def test_variants_are_rows_of_their_own() -> None:
    rows = rows_by_id(b"id,variant,title,price,currency\nA,red,T,1,EUR\nA,blue,T,2,EUR\n")
    assert {key[1] for key in rows} == {"red", "blue"}


def test_the_same_row_twice_is_no_contradiction() -> None:
    rows = rows_by_id(b"id,title,price,currency\nA,T,1,EUR\nA,T,1,EUR\nB,T,1,EUR\nB,T,2,EUR\n")
    assert isinstance(read_row(rows["A", ""]), Reading)
    assert isinstance(read_row(rows["B", ""]), NoReading)


@pytest.mark.parametrize(
    "body", [b"", b"name,price\nA,1\n", b"{", b'{"products": 5}', b'"text"', b"[1, 2", b"\xff\0"]
)
def test_a_feed_that_cannot_be_read_is_broken_as_a_whole(body: bytes) -> None:
    with pytest.raises(FeedBroken):
        rows_by_id(body)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=8))
def test_no_row_makes_reading_fail(row: dict[str, str]) -> None:
    read_row({**BASE, **row})
    for found in rows_by_id(json.dumps([{**BASE, **row}]).encode(), "json").values():
        read_row(found)


@given(st.binary(max_size=300))
def test_no_bytes_make_a_feed_fail_in_another_way(body: bytes) -> None:
    for form in ("", "csv", "json"):
        try:
            rows_by_id(body, form)
        except FeedBroken:
            continue
