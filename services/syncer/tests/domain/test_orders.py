"""What an order means: whose it is, what it brought, what changed since."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts import money as wire
from dropship.contracts.orders import OrderCancelled, OrderRefunded
from dropship.pricing.fees import UnknownSchedule
from dropship.pricing.money import CurrencyMismatch, Money, from_wire
from dropship.syncer.domain.orders import (
    Ours,
    Remembered,
    Shop,
    Sold,
    SoldLine,
    changes,
    estimated_fees,
    is_business_of_ours,
    received,
    untold,
)

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SHOP = Shop("a-store", "shopify", "shopify-basic")
KETTLE = Ours("a-listing", "a-product", Money(2000, "USD"))
SOLD = Sold(
    external_id="1001",
    name="#1",
    lines=(SoldLine("a-listing", "DC-1", 2, Money(2633, "USD")),),
    total=Money(5266, "USD"),
    fees=None,
    refunded=Money(0, "USD"),
    paid=True,
    cancelled_at=None,
    ordered_at=AT,
    updated_at=AT,
)


def told(sold: Sold, before: Remembered) -> list[Any]:
    return list(changes(sold, "an-order", "a-store", before))


def test_only_paid_orders_with_something_of_ours_count() -> None:
    assert is_business_of_ours(SOLD, [KETTLE])
    assert is_business_of_ours(SOLD, [None, KETTLE])
    assert not is_business_of_ours(SOLD, [None])
    assert not is_business_of_ours(replace(SOLD, paid=False), [KETTLE])


def test_the_total_is_the_sum_of_the_lines_whatever_the_marketplace_sums() -> None:
    fact = received(replace(SOLD, total=Money(1, "USD")), "an-order", SHOP, [KETTLE])
    assert fact.total == wire.Money(amount="52.66", currency="USD")


def test_fees_in_another_currency_are_none_that_we_could_book() -> None:
    euro = replace(SOLD, fees=Money(100, "EUR"))
    fact = received(euro, "an-order", SHOP, [KETTLE])
    assert fact.fees_kind == "estimated"
    assert fact.fees.currency == "USD"


def test_estimated_fees_are_those_of_the_day_of_the_order() -> None:
    assert estimated_fees(Money(10_000, "USD"), "shopify-basic", AT.date()) == Money(320, "USD")
    with pytest.raises(UnknownSchedule):
        estimated_fees(Money(10_000, "USD"), "shopify-basic", AT.date() - timedelta(days=9000))
    with pytest.raises(CurrencyMismatch):
        estimated_fees(Money(10_000, "EUR"), "shopify-basic", AT.date())


def test_a_refund_without_a_moment_of_its_own_takes_that_of_the_change() -> None:
    later = AT + timedelta(hours=1)
    changed = replace(SOLD, refunded=Money(100, "USD"), updated_at=later)
    (fact,) = told(changed, untold(SOLD))
    assert isinstance(fact, OrderRefunded)
    assert fact.refunded_at == later


def test_an_older_reading_takes_nothing_back() -> None:
    assert told(SOLD, Remembered(3, Money(500, "USD"), AT)) == []


@given(st.lists(st.integers(0, 5266), max_size=8), st.integers(0, 7))
def test_however_often_it_is_read_the_refunds_add_up_and_it_is_called_off_once(
    refunds: list[int], cancelled_from: int
) -> None:
    before, facts = untold(SOLD), []
    for number, refunded in enumerate(refunds):
        at = AT if number >= cancelled_from else None
        reading = replace(SOLD, refunded=Money(refunded, "USD"), cancelled_at=at)
        new = told(reading, before)
        facts += new
        before = Remembered(
            before.version + len(new),
            Money(max(before.refunded.minor, refunded), "USD"),
            before.cancelled_at or at,
        )
    amounts = [from_wire(fact.amount).minor for fact in facts if isinstance(fact, OrderRefunded)]
    assert sum(amounts) == max(refunds, default=0)
    calls_off = [fact for fact in facts if isinstance(fact, OrderCancelled)]
    assert len(calls_off) == (1 if len(refunds) > cancelled_from else 0)
