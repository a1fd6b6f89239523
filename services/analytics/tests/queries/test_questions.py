"""What a tenant may know of their money, and that nobody else may."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from dropship.analytics.queries.best_products import best_products
from dropship.analytics.queries.dashboard import dashboard
from dropship.analytics.queries.trends import sales_trend
from dropship.contracts.listings import ListingPublished, ListingRequested
from dropship.contracts.messages import Query
from dropship.contracts.money import Money
from dropship.contracts.products import ProductDescribed
from dropship.contracts.reports import (
    BestProducts,
    Dashboard,
    DashboardReport,
    Figures,
    ListingCounts,
    SalesTrend,
    TopProducts,
    Trend,
)
from dropship.runtime.errors import Refused

ANSWERS: dict[type[Query], Callable[..., Awaitable[bytes]]] = {
    Dashboard: dashboard,
    SalesTrend: sales_trend,
    BestProducts: best_products,
}


async def answer(story: Any, question: Any, tenant: str = "anna") -> Any:
    asked = story.asked(question, tenant=tenant)
    ready = await ANSWERS[type(question)](asked, story.database)
    return msgspec.json.decode(ready, type=question.answer)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


async def test_the_dashboard_shows_all_that_was_earned_in_each_currency(
    story: Any, words: Any
) -> None:
    two = [words.line(listing_id="l1"), words.line(listing_id="l2", cost=None)]
    euros = words.line("1.00", cost="2.00", currency="EUR")
    await story.hears(
        words.order("o1", *two, fees="1.83"),
        words.order("o2", euros, fees="0.33", currency="EUR"),
        words.refund("o1", "26.33"),
    )
    report: DashboardReport = await answer(story, Dashboard())
    assert (report.since, report.until) == ("2026-01-31", "2026-03-01")
    assert report.figures[1] == Figures(
        currency="USD",
        orders=1,
        units=2,
        revenue=usd("52.66"),
        refunds=usd("26.33"),
        fees=usd("1.83"),
        cost=usd("20.00"),
        cost_unknown=1,
        profit=usd("4.50"),
        margin="0.1709",
    )
    assert report.figures[0].profit == Money("-1.33", "EUR")
    assert report.figures[0].margin == "-1.3300"


async def test_listings_are_counted_where_they_stand(story: Any) -> None:
    shop: dict[str, Any] = {
        "marketplace": "shopify",
        "currency": "USD",
        "fee_schedule": "shopify-basic",
    }
    for number, store in enumerate(("s1", "s1", "s2")):
        ids: dict[str, Any] = {"listing_id": f"l{number}", "product_id": "p1", "store_id": store}
        await story.hears(ListingRequested(**ids, **shop))
    ids = {"listing_id": "l0", "product_id": "p1", "store_id": "s1"}
    await story.hears(
        ListingPublished(**ids, external_id="g", price=usd("1.00"), quantity=1, decision_no=1)
    )
    nothing = {"paused": 0, "ended": 0, "delisted": 0}
    counts = (await answer(story, Dashboard())).listings
    assert counts == ListingCounts(pending=2, active=1, **nothing)
    counts = (await answer(story, Dashboard(store_id="s2"))).listings
    assert counts == ListingCounts(pending=1, active=0, **nothing)


async def test_a_store_and_days_can_be_picked(story: Any, words: Any) -> None:
    now = story.clock.now()
    for day, store in ((0, "s1"), (1, "s2"), (2, "s1"), (40, "s1")):
        at = now - timedelta(days=day)
        await story.hears(words.order(f"o{day}", store_id=store, ordered_at=at))

    async def orders(**picked: Any) -> int:
        report = await answer(story, Dashboard(**picked))
        return sum(figures.orders for figures in report.figures)

    assert await orders() == 3
    assert await orders(since="2026-01-01") == 4
    assert await orders(store_id="s1") == 2
    assert await orders(since="2026-02-28", until="2026-02-28") == 1
    assert await orders(until="2026-02-01") == 1
    with pytest.raises(Refused) as refused:
        await orders(since="2026-02-30")
    assert (refused.value.kind, refused.value.field) == ("invalid", "since")


async def test_a_trend_has_a_point_for_every_day(story: Any, words: Any) -> None:
    now = story.clock.now()
    await story.hears(
        words.order("o1", ordered_at=now - timedelta(days=2)),
        words.order("o2", ordered_at=now - timedelta(days=2)),
        words.refund("o1", "26.33", at=now),
    )
    trend: Trend = await answer(story, SalesTrend(days=4))
    assert [point.day for point in trend.points] == [
        "2026-02-26",
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
    ]
    told = [[(f.orders, f.profit) for f in point.figures] for point in trend.points]
    assert told == [[], [(2, usd("10.54"))], [], [(0, usd("-26.33"))]]


async def test_the_best_products_are_those_that_earned_most(story: Any, words: Any) -> None:
    named = ProductDescribed(product_id="p2", title="A kettle")
    await story.hears(named, tenant=None)
    for number, price in enumerate(("21.00", "25.00", "23.00")):
        line = words.line(price, product_id=f"p{number + 1}", listing_id=f"l{number}")
        await story.hears(words.order(f"o{number}", line, line, fees="0.00"))
    euro = words.line("9.00", cost="1.00", product_id="p1", currency="EUR")
    await story.hears(words.order("oe", euro, currency="EUR", fees="0.00"))
    await story.hears(words.order("ox", words.line(product_id=None, listing_id=None)))
    top: TopProducts = await answer(story, BestProducts(limit=2, currency="USD"))
    assert [(item.product_id, item.title) for item in top.items] == [
        ("p2", "A kettle"),
        ("p3", None),
    ]
    assert top.items[0].figures.profit == usd("10.00")
    assert (top.items[0].figures.orders, top.items[0].figures.units) == (1, 2)
    top = await answer(story, BestProducts(limit=1))
    assert [(i.product_id, i.figures.currency) for i in top.items] == [("p1", "EUR"), ("p2", "USD")]


async def test_the_dashboard_is_the_sum_of_its_orders_and_of_its_trend(
    story: Any, words: Any
) -> None:
    await story.hears_all(words.year(11, 120))
    by_order = """
        SELECT o.currency, sum(l.revenue_minor - l.refunds_minor - l.fees_minor - l.cost_minor)
          FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.tenant_id = 'anna'
         GROUP BY 1 ORDER BY 1"""
    expected = await story.database.fetch_all(by_order)
    whole = await answer(story, Dashboard(since="2025-01-01", until="2027-01-01"))
    digits = {"USD": 2, "EUR": 2, "JPY": 0}
    profits = [
        (f.currency, int(Decimal(f.profit.amount) * 10 ** digits[f.currency]))
        for f in whole.figures
    ]
    assert profits == [(currency, int(minor)) for currency, minor in expected]
    trend = await answer(story, SalesTrend(days=400))
    trending = [f for point in trend.points for f in point.figures if f.currency == "JPY"]
    until_today = await answer(story, Dashboard(since="2025-02-01"))
    (yen,) = (f for f in until_today.figures if f.currency == "JPY")
    assert sum(int(f.profit.amount) for f in trending) == int(yen.profit.amount)
    assert sum(f.orders for f in trending) == yen.orders


async def test_nobody_sees_anything_of_another_tenant(story: Any, words: Any) -> None:
    await story.hears_all(words.year(12, 40, ("anna",)))
    alone = [await answer(story, question()) for question in ANSWERS]
    await story.hears_all(words.year(13, 40, ("bert",)))
    assert [await answer(story, question()) for question in ANSWERS] == alone
    stranger = await answer(story, Dashboard(store_id="anna-store"), tenant="bert")
    assert (stranger.figures, stranger.listings.active) == ([], 0)
    nobody = [await answer(story, question(), tenant="carl") for question in ANSWERS]
    assert (nobody[0].figures, nobody[2].items) == ([], [])
    assert all(point.figures == [] for point in nobody[1].points)
