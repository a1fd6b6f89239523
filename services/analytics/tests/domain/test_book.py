"""Every cent of an order stands on an account, once, whatever else is told in between."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.analytics.domain.book import Book, Sums, UnknownOrder
from dropship.analytics.domain.sales import spread_refund
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderCancelled, OrderReceived, OrderRefunded
from dropship.pricing.money import from_wire

IDS = UUID("00000000-0000-5000-8000-00000000a1a1")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def told(book: Book, *events: Any, tenant: str = "anna") -> Book:
    """Tell the book these; ids follow from what is said."""
    for event in events:
        id_ = uuid5(IDS, repr(event))
        match event:
            case OrderReceived():
                book.receive(event, event_id=id_, tenant_id=tenant)
            case OrderRefunded():
                book.refund(
                    event.order_id, from_wire(event.amount), event.refunded_at, event_id=id_
                )
            case OrderCancelled():
                book.cancel(event.order_id, event.cancelled_at)
    return book


def the_sums(book: Book) -> Sums:
    (sums,) = book.days.values()
    return sums


def accounts(book: Book) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for entry in book.entries:
        sums[entry.account] += entry.minor
    return dict(sums)


def test_a_sale_is_revenue_fees_and_cost_and_what_is_left_is_profit(words: Any) -> None:
    book = told(Book({}), words.order("o1"))
    assert the_sums(book) == Sums(sales=1, orders=1, revenue=2633, fees=106, cost=2000)
    assert the_sums(book).profit == 527
    assert accounts(book) == {
        "cash": 2527,
        "fees": 106,
        "revenue": -2633,
        "cost": 2000,
        "payable": -2000,
    }


def test_fees_are_spread_over_the_lines_to_the_cent(words: Any) -> None:
    line = words.line
    three = [line("10.00", listing_id=f"l{n}", cost=None) for n in range(3)]
    book = told(Book({}), words.order("o1", *three, fees="1.00"))
    assert [line.fees for line in book.orders["o1"].lines] == [34, 33, 33]


def test_a_cost_nobody_knows_is_counted_and_not_guessed(words: Any) -> None:
    lines = (
        words.line("10.00", cost=None, quantity=3),
        words.line("10.00", unit_cost=Money("5.00", "EUR"), quantity=2),
        words.line("10.00", cost="4.00"),
    )
    sums = the_sums(told(Book({}), words.order("o1", *lines)))
    assert (sums.cost, sums.cost_unknown, sums.sales, sums.orders) == (400, 5, 6, 1)


def test_an_order_of_two_listings_counts_once_for_each(words: Any) -> None:
    lines = [words.line(listing_id=listing) for listing in ("l1", "l1", "l2")]
    book = told(Book({}), words.order("o1", *lines))
    counted = {key.listing_id: (sums.orders, sums.sales) for key, sums in book.days.items()}
    assert counted == {"l1": (1, 2), "l2": (1, 1)}


def test_the_day_is_that_of_greenwich(words: Any) -> None:
    tokyo = timezone(timedelta(hours=9))
    early = datetime(2026, 3, 2, 8, 59, tzinfo=tokyo)
    book = told(Book({}), words.order("o1", ordered_at=early))
    told(book, words.refund("o1", "1.00", datetime(2026, 3, 2, 9, 0, tzinfo=tokyo)))
    assert [key.day for key in book.days] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_a_whole_refund_takes_back_all_of_every_line_and_no_fee(words: Any) -> None:
    lines = [words.line(price, listing_id=price) for price in ("10.01", "20.02", "0.05")]
    book = told(Book({}), words.order("o1", *lines))
    told(book, words.refund("o1", "0.03"), words.refund("o1", "17.00"))
    told(book, words.refund("o1", "13.05"))
    assert [line.refunds for line in book.orders["o1"].lines] == [1001, 2002, 5]
    assert sum(sums.profit for sums in book.days.values()) == -106 - 6000


def test_a_refund_beyond_the_total_follows_the_revenue(words: Any) -> None:
    lines = [words.line("10.00"), words.line("30.00")]
    book = told(Book({}), words.order("o1", *lines), words.refund("o1", "40.00"))
    assert spread_refund(book.orders["o1"].lines, 8) == [2, 6]


def test_a_cancelled_order_gives_its_money_back_only_by_a_refund(words: Any) -> None:
    book = told(Book({}), words.order("o1"))
    before = the_sums(book).profit
    told(book, OrderCancelled(order_id="o1", store_id="store-1", cancelled_at=NOON))
    assert the_sums(book).profit == before
    assert book.orders["o1"].cancelled_on == NOON.date()


def test_an_order_without_lines_keeps_its_money(words: Any) -> None:
    bare = replace(words.order("o1", total="5.00"), lines=())
    assert the_sums(told(Book({}), bare)) == Sums(orders=1, revenue=500, fees=106)


@pytest.mark.parametrize(
    ("field", "amount", "why"),
    [
        ("fees", Money("1.00", "EUR"), "fees in EUR, total in USD"),
        ("total", Money("26.33", "EUR"), "a line in USD, total in EUR"),
        ("total", Money("26.333", "USD"), "2 fraction digits"),
    ],
)
def test_an_order_that_cannot_be_summed_is_refused_and_leaves_no_trace(
    words: Any, field: str, amount: Money, why: str
) -> None:
    book, order = Book({}), replace(words.order("o1"), **{field: amount})
    with pytest.raises(ValueError, match=why):
        told(book, order)
    assert (book.orders, book.entries, book.days, book.received) == ({}, [], {}, [])


def test_facts_about_an_order_nobody_received_are_faults(words: Any) -> None:
    with pytest.raises(UnknownOrder):
        told(Book({}), words.refund("o1", "1.00"))
    with pytest.raises(ValueError, match="received before"):
        told(Book({}), words.order("o1"), words.order("o1"))
    with pytest.raises(ValueError, match="refund in EUR"):
        told(Book({}), words.order("o1"), words.refund("o1", "1.00", currency="EUR"))


@given(seed=st.integers(0, 10**6), order=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_ledger_balances_and_no_interleaving_changes_the_book(
    words: Any, seed: int, order: int
) -> None:
    year = [one for one in words.year(seed, 12) if one.key.startswith("order")]
    one, other = Book({}), Book({})
    for told_one in year:
        told(one, told_one.event, tenant=told_one.tenant or "")
    for told_one in words.interleaved(year, order):
        told(other, told_one.event, tenant=told_one.tenant or "")
    assert other.days == one.days
    assert other.orders == one.orders
    assert sorted(map(repr, other.entries)) == sorted(map(repr, one.entries))
    by_event: dict[UUID, int] = defaultdict(int)
    for entry in one.entries:
        by_event[entry.event_id] += entry.minor
    assert set(by_event.values()) <= {0}
    earned = -sum(e.minor for e in one.entries if e.account not in {"cash", "payable"})
    assert earned == sum(sums.profit for sums in one.days.values())
