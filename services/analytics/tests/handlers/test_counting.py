"""What was sold is counted to the cent, whoever adds it up."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from dropship.analytics.domain.book import UnknownOrder
from dropship.contracts.listings import ListingPaused, ListingPublished, ListingRequested
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderReceived, OrderRefunded
from dropship.contracts.products import ProductDescribed
from dropship.runtime.errors import Unreadable

HUNDRED = {"USD": 100, "EUR": 100, "JPY": 1}


def minor(money: Money) -> int:
    exact = Decimal(money.amount) * HUNDRED[money.currency]
    assert exact == int(exact)
    return int(exact)


def added_up(told: list[Any]) -> dict[tuple[str, str, str], Counter[str]]:
    """A second opinion: sums per tenant, currency and day, from the events alone."""
    sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for one in told:
        event = one.event
        if isinstance(event, OrderReceived):
            day = sums[one.tenant, event.total.currency, event.ordered_at.date().isoformat()]
            day["revenue"] += minor(event.total)
            day["fees"] += minor(event.fees)
            for line in event.lines:
                day["sales"] += line.quantity
                if line.unit_cost is None:
                    day["cost_unknown"] += line.quantity
                else:
                    day["cost"] += minor(line.unit_cost) * line.quantity
        elif isinstance(event, OrderRefunded):
            at = event.refunded_at.date().isoformat()
            sums[one.tenant, event.amount.currency, at]["refunds"] += minor(event.amount)
    return sums


_BY_DAY = """
SELECT tenant_id, currency, date::text, sum(revenue_minor)::bigint, sum(fees_minor)::bigint,
       sum(cost_minor)::bigint, sum(refunds_minor)::bigint, sum(sales)::bigint,
       sum(cost_unknown)::bigint, sum(profit_minor)::bigint
  FROM marketplace_data GROUP BY 1, 2, 3
"""
_LEDGER_BY_DAY = """
SELECT tenant_id, currency, day::text, account, sum(amount_minor)::bigint
  FROM ledger GROUP BY 1, 2, 3, 4
"""
_UNBALANCED = "SELECT event_id FROM ledger GROUP BY 1 HAVING sum(amount_minor) <> 0"


async def test_every_day_is_to_the_cent_what_the_orders_add_up_to(story: Any, words: Any) -> None:
    year = words.year(7, 150)
    await story.hears_all(year)
    expected = added_up(year)
    names = ("revenue", "fees", "cost", "refunds", "sales", "cost_unknown")
    for *key, revenue, fees, cost, refunds, sales, unknown, profit in await story.rows(
        f"({_BY_DAY}) AS days"
    ):
        day = expected.pop(tuple(key))
        figures = (revenue, fees, cost, refunds, sales, unknown)
        assert figures == tuple(day[name] for name in names)
        assert profit == day["revenue"] - day["refunds"] - day["fees"] - day["cost"]
    assert not expected


async def test_the_ledger_balances_and_tells_the_same(story: Any, words: Any) -> None:
    year = words.year(8, 150)
    await story.hears_all(year)
    assert await story.database.fetch_all(_UNBALANCED) == []
    expected = added_up(year)
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for tenant, currency, day, account, amount in await story.rows(f"({_LEDGER_BY_DAY}) AS days"):
        found[tenant, currency, day][account] = amount
    for key, accounts in found.items():
        assert accounts["revenue"] == -expected[key]["revenue"]
        for account in ("fees", "cost", "refunds"):
            assert accounts[account] == expected[key][account]
        assert accounts["payable"] == -accounts["cost"]
        assert accounts["cash"] == -accounts["revenue"] - accounts["fees"] - accounts["refunds"]
    assert set(found) == set(expected)


async def test_every_order_has_its_own_profit_and_loss(story: Any, words: Any) -> None:
    lines = [words.line("10.00", cost="4.00", listing_id=f"l{n}") for n in range(3)]
    await story.hears(words.order("o1", *lines, fees="1.00"))
    await story.hears(words.refund("o1", "10.01"))
    columns = "line, units, revenue_minor, fees_minor, cost_minor, cost_unknown, refunds_minor"
    assert await story.rows("order_lines", columns) == [
        (0, 1, 1000, 34, 400, 0, 334),
        (1, 1, 1000, 33, 400, 0, 334),
        (2, 1, 1000, 33, 400, 0, 333),
    ]


async def test_where_a_listing_stands_is_its_last_word(story: Any) -> None:
    ids: dict[str, Any] = {"listing_id": "l1", "product_id": "p1", "store_id": "s1"}
    shop: dict[str, Any] = {
        "marketplace": "shopify",
        "currency": "USD",
        "fee_schedule": "shopify-basic",
    }
    await story.hears(ListingRequested(**ids, **shop))
    assert await story.rows("listing_states") == [("l1", "anna", "s1", "p1", "Pending")]
    published = ListingPublished(
        **ids, external_id="gid", price=Money("9.99", "USD"), quantity=1, decision_no=1
    )
    await story.hears(published, ListingPaused(**ids, holds=(), decision_no=2))
    assert await story.rows("listing_states") == [("l1", "anna", "s1", "p1", "Paused")]


async def test_a_product_is_called_what_it_was_called_last(story: Any) -> None:
    for titles in (("A kettle", "The kettle"), ("A red kettle",)):
        named = [ProductDescribed(product_id="p1", title=title) for title in titles]
        await story.hears(*named, tenant=None)
    assert await story.rows("product_titles", "product_id, title, 1") == [("p1", "A red kettle", 1)]


async def test_what_cannot_be_counted_fails_and_leaves_no_trace(story: Any, words: Any) -> None:
    with pytest.raises(Unreadable):
        await story.hears(words.order("o1"), tenant=None)
    with pytest.raises(UnknownOrder):
        await story.hears(words.order("o1"), words.refund("o2", "1.00"))
    assert not any((await story.remembers()).values())
    await story.hears(words.order("o1"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await story.hears(words.order("o1"))
