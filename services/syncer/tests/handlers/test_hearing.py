"""What the syncer takes in: in batches, in any mixture, and for many listings at once."""

from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.contracts.products import (
    ProductImported,
    ProductVanished,
    ProductWatched,
    StockChanged,
)
from dropship.runtime.errors import Retry, Unreadable
from dropship.syncer.handlers.hearing_products import Products
from dropship.syncer.handlers.minding_listings import expire_leases


async def test_one_product_in_two_stores_is_held_in_both(story: Any) -> None:
    first = await story.lists()
    await story.connects("second")
    second = await story.lists()
    await story.stocks(Availability.out_of_stock)
    await story.works()
    for listing in (first, second):
        assert story.stands(listing)[2] == 0


async def test_a_batch_is_taken_in_its_order(story: Any) -> None:
    listing = await story.lists()
    gone = StockChanged(
        product_id=story.kettle,
        old=None,
        old_quantity=None,
        new=Availability.out_of_stock,
        new_quantity=0,
        observed_at=story.clock.now(),
    )
    events = [
        ProductImported(product_id=story.kettle, source="amazon-com", external_id="B1"),
        ProductWatched(product_id=story.kettle, tenant_id="bert"),
        gone,
    ]
    heard = [story.scene.heard(event, key=story.kettle) for event in events]
    await story.scene.hears_many(Products(story.lease_s).hear, *heard)
    await story.works()
    assert await story.row(listing, "status, own_holds") == ("Paused", ["out_of_stock"])
    (known,) = await story.database.fetch_all("SELECT source, availability FROM products_known")
    assert known == ("amazon-com", "out_of_stock")


async def test_a_page_that_vanished_holds_and_a_look_at_it_and_a_decision_free(story: Any) -> None:
    listing = await story.lists()
    await story.hears(ProductVanished(product_id=story.kettle, looks=3, since=story.clock.now()))
    await story.works()
    assert (await story.said())[0].holds == (Hold.vanished,)
    story.clock.advance(5)
    await story.looks()
    await story.works()
    assert story.stands(listing)[2] == 5


async def test_a_decision_about_a_listing_nobody_asked_for_is_a_fault(story: Any) -> None:
    await story.connects()
    with pytest.raises(Retry):
        await story.decides(str(UUID(int=7)), 1, "26.33")


async def test_a_decision_about_one_that_is_over_is_none(story: Any) -> None:
    listing = await story.lists()
    await story.database.fetch_one(
        "UPDATE listings SET status = 'Ended' WHERE id = %s RETURNING 1", (UUID(listing),)
    )
    await story.decides(listing, 2, "30.00")
    assert await story.row(listing, "decision_no") == 1


async def test_an_amount_that_is_no_money_is_parked_and_not_rounded(story: Any, wire: Any) -> None:
    listing = await story.lists()
    with pytest.raises(Unreadable):
        await story.decides(listing, 2, "26.335")
    with pytest.raises(Unreadable):
        await story.decides(listing, 2, "26.33", floor=wire("21.005", "USD"))


async def test_a_look_that_cannot_be_read_renews_nothing(story: Any) -> None:
    listing = await story.lists()
    before = await story.row(listing, "fresh_until")
    story.clock.advance(60)
    await story.looks("20.005")
    await story.looks("20.01")
    await story.looks(availability=Availability.unknown)
    assert await story.row(listing, "fresh_until") == before
    await story.looks()
    assert (await story.row(listing, "fresh_until") - before).total_seconds() == 60


async def test_a_look_at_what_nobody_lists_is_kept_for_whoever_will(story: Any) -> None:
    await story.connects()
    await story.a_product()
    story.clock.advance(3600)
    listing = await story.requests()
    await story.decides(listing, 1, "26.33")
    await story.works()
    assert await story.row(listing) == "Active"
    story.clock.advance(story.lease_s - 3600)
    await expire_leases(story.database)
    await story.works()
    assert await story.row(listing) == "Paused", "the lease counts from the look"


async def test_what_was_looked_at_too_long_ago_is_not_even_made(story: Any) -> None:
    await story.connects()
    await story.a_product()
    story.clock.advance(story.lease_s)
    listing = await story.requests()
    await story.decides(listing, 1, "26.33")
    await story.works()
    assert story.market.made() == []
    assert await story.row(listing, "status, own_holds") == ("Pending", ["stale"])
    await story.looks()
    await story.works()
    assert await story.row(listing) == "Active"
