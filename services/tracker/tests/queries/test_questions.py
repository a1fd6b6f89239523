"""What a tenant may read, page by page, and what it may not."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.ids import product_id
from dropship.contracts.money import Money
from dropship.contracts.offers import Flag, OfferObserved
from dropship.contracts.products import (
    PriceHistory,
    PricePage,
    Product,
    ProductDetails,
    ProductPage,
    StockHistory,
    StockPage,
    WatchedProducts,
)
from dropship.runtime.errors import Refused
from dropship.tracker.queries.histories import price_history, stock_history
from dropship.tracker.queries.products import product_details, watched_products

KETTLE = product_id("amazon-com", "B1")
UNKNOWN = str(uuid5(UUID(int=0), "unknown"))
Offer = Callable[..., OfferObserved]


async def test_a_watched_product_is_shown_with_all_that_is_known(
    story: Any, offer: Offer, minute: Any
) -> None:
    await story.hears(story.requested("job-1"))
    look = offer(
        list_price=Money("14.90", "USD"),
        quantity=3,
        flags=(Flag.third_party,),
        seller="Somebody",
        rating="4.7",
        review_count=12,
        images=("https://img/1",),
        url="https://shop/B1",
    )
    await story.hears(story.looked(look))
    asked = story.asked(ProductDetails(product_id=KETTLE))
    product = msgspec.json.decode(await product_details(asked, story.database), type=Product)
    assert product == Product(
        id=KETTLE,
        supplier="amazon-com",
        external_id="B1",
        variant="",
        title="A kettle",
        price=Money("10.00", "USD"),
        list_price=Money("14.90", "USD"),
        availability=Availability.in_stock,
        quantity=3,
        quantity_kind=None,
        ships_in_days=None,
        flags=[Flag.third_party],
        seller="Somebody",
        rating="4.7",
        review_count=12,
        images=["https://img/1"],
        url="https://shop/B1",
        label=None,
        check_every_s=60,
        imported_at=minute(0),
        last_seen_at=minute(0),
        last_changed_at=minute(0),
        last_failure=None,
        last_failed_at=None,
    )


async def test_a_product_without_price_and_stock_says_so(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    await story.hears(story.looked(offer(price=None, availability=Availability.unknown)))
    asked = story.asked(ProductDetails(product_id=KETTLE))
    product = msgspec.json.decode(await product_details(asked, story.database), type=Product)
    assert (product.price, product.availability) == (None, Availability.unknown)
    asked = story.asked(PriceHistory(product_id=KETTLE))
    page = msgspec.json.decode(await price_history(asked, story.database), type=PricePage)
    assert page == PricePage(items=[], next_cursor=None)


async def test_a_foreign_product_does_not_exist_and_neither_do_its_histories(
    story: Any, offer: Offer
) -> None:
    await story.hears(story.requested("job-1"))
    await story.hears(story.looked(offer()))
    await story.hears(story.requested("job-2", item="unseen"))
    unseen = product_id("amazon-com", "unseen")
    for tenant, id_ in (("bert", KETTLE), ("anna", UNKNOWN), ("anna", "no-uuid"), ("anna", unseen)):
        for question, answer in (
            (ProductDetails(product_id=id_), product_details),
            (PriceHistory(product_id=id_), price_history),
            (StockHistory(product_id=id_), stock_history),
        ):
            with pytest.raises(Refused) as refused:
                await answer(story.asked(question, tenant=tenant), story.database)
            assert refused.value.kind == "not_found"
            assert refused.value.detail == f"you watch no product {id_}"


async def test_the_list_shows_each_own_product_once_newest_first(story: Any, offer: Offer) -> None:
    for n in range(7):
        await story.hears(story.requested(f"job-{n}", item=f"B{n}"))
        await story.hears(story.looked(offer(item=f"B{n}")))
        story.clock.advance(1)
    await story.hears(story.requested("job-b", tenant="bert", item="B1"))
    await story.hears(story.requested("job-w", item="unseen"))
    listed: list[str] = []
    cursor: str | None = None
    while True:
        asked = story.asked(WatchedProducts(cursor=cursor, limit=3))
        page = msgspec.json.decode(await watched_products(asked, story.database), type=ProductPage)
        listed += [product.external_id for product in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert listed == ["B6", "B5", "B4", "B3", "B2", "B1", "B0"]


async def test_products_watched_in_the_same_instant_are_all_listed(
    story: Any, offer: Offer
) -> None:
    await story.hears(*(story.requested(f"job-{n}", item=f"B{n}") for n in range(5)))
    await story.hears(*(story.looked(offer(item=f"B{n}")) for n in range(5)))
    first = story.asked(WatchedProducts(limit=2))
    page = msgspec.json.decode(await watched_products(first, story.database), type=ProductPage)
    rest = story.asked(WatchedProducts(cursor=page.next_cursor, limit=200))
    more = msgspec.json.decode(await watched_products(rest, story.database), type=ProductPage)
    assert len({product.id for product in [*page.items, *more.items]}) == 5


async def test_histories_are_read_page_by_page_newest_first(story: Any, offer: Offer) -> None:
    await story.hears(story.requested("job-1"))
    for n in range(5):
        await story.hears(story.looked(offer(n, price=f"{10 + n}.00", quantity=n)))
    asked = story.asked(PriceHistory(product_id=KETTLE, limit=3))
    page = msgspec.json.decode(await price_history(asked, story.database), type=PricePage)
    assert [p.price.amount for p in page.items if p.price] == ["14.00", "13.00", "12.00"]
    asked = story.asked(PriceHistory(product_id=KETTLE, limit=3, cursor=page.next_cursor))
    page = msgspec.json.decode(await price_history(asked, story.database), type=PricePage)
    assert [p.price.amount for p in page.items if p.price] == ["11.00", "10.00"]
    assert page.next_cursor is None
    asked = story.asked(StockHistory(product_id=KETTLE))
    stock = msgspec.json.decode(await stock_history(asked, story.database), type=StockPage)
    assert [point.quantity for point in stock.items] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("cursor", ["!", "AAAA", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ", "ü"])
async def test_a_cursor_that_is_not_ours_is_refused_by_name(story: Any, cursor: str) -> None:
    for question, answer in (
        (WatchedProducts(cursor=cursor), watched_products),
        (PriceHistory(product_id=KETTLE, cursor=cursor), price_history),
    ):
        with pytest.raises(Refused) as refused:
            await answer(story.asked(question), story.database)
        assert (refused.value.kind, refused.value.field) == ("invalid", "cursor")
