"""What the syncer takes in: in batches, in any mixture, and for many listings at once."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold
from dropship.contracts.products import (
    ProductDescribed,
    ProductUnwatched,
    ProductVanished,
    ProductWatched,
    StockChanged,
)
from dropship.runtime.errors import Retry, Unreadable
from dropship.runtime.testing import eventually
from dropship.syncer.handlers.hearing_products import Products
from dropship.syncer.handlers.minding_listings import expire_leases
from dropship.syncer.projections import stores


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
        ProductDescribed(product_id=story.kettle, title="A better kettle"),
        ProductWatched(product_id=story.kettle, tenant_id="bert"),
        gone,
    ]
    heard = [story.scene.heard(event, key=story.kettle) for event in events]
    await story.scene.hears_many(Products(story.lease_s).hear, *heard)
    await story.works()
    assert await story.row(listing, "status, own_holds") == ("Paused", ["out_of_stock"])
    (known,) = await story.database.fetch_all("SELECT title, availability FROM products_known")
    assert known == ("A better kettle", "out_of_stock")


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


async def test_the_vat_of_the_newest_decision_counts_when_only_the_cost_is_heard(
    story: Any,
) -> None:
    """Its floor does not know of the VAT, nor does a later decision that tells none."""
    listing = await story.lists()
    await story.decides(listing, 2, "26.33", vat="0.19", buyer_tax="0", policy_version=1)
    await story.decides(listing, 3, "26.33")
    await story.works()
    assert await story.row(listing, "status, decision_no, own_holds") == ("Active", 3, [])
    await story.costs("22.00")
    await story.works()
    assert await story.row(listing, "status, own_holds") == ("Paused", ["below_floor"])


async def test_a_decision_from_before_taxes_were_told_is_brought_as_it_was(story: Any) -> None:
    listing = await story.lists()
    await story.costs("22.00")
    await story.works()
    assert await story.row(listing, "status, decided_taxes") == ("Active", None)


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


async def test_who_watches_is_who_was_told_of_last(story: Any) -> None:
    await story.connects()
    watching = ProductWatched(product_id=story.kettle, tenant_id="anna")
    forsaken = ProductUnwatched(product_id=story.kettle, tenant_id="anna")
    bert = ProductWatched(product_id=story.kettle, tenant_id="bert")
    for batch, watchers in (
        ([forsaken, watching, bert], ["anna", "bert"]),
        ([watching, forsaken], ["bert"]),
        ([bert, watching], ["anna", "bert"]),
    ):
        heard = [story.scene.heard(event, key=story.kettle) for event in batch]
        await story.scene.hears_many(Products(story.lease_s).hear, *heard)
        rows = await story.database.fetch_all("SELECT tenant_id FROM watches_known ORDER BY 1")
        assert [row[0] for row in rows] == watchers


async def test_nobody_else_s_user_is_named_in_what_is_told_to_a_seller(story: Any) -> None:
    """Bert's import made the supplier be asked, and so Anna's listing be paused."""
    listing = await story.lists()
    gone = StockChanged(
        product_id=story.kettle,
        old=None,
        old_quantity=None,
        new=Availability.out_of_stock,
        new_quantity=0,
        observed_at=story.clock.now(),
    )
    heard = story.scene.heard(gone, key=story.kettle, tenant=None, at=story.clock.now())
    envelope = msgspec.structs.replace(heard.envelope, actor="a-user-of-bert")
    heard = msgspec.structs.replace(heard, envelope=envelope)
    await story.scene.hears_many(Products(story.lease_s).hear, heard)
    await story.works()
    assert story.stands(listing)[2] == 0
    rows = await story.database.fetch_all("SELECT convert_from(payload, 'UTF8') FROM journal")
    assert [text for (text,) in rows if "a-user-of-bert" in text] == []


async def test_a_pause_heard_while_its_store_is_being_connected_again_is_made(story: Any) -> None:
    """It waits for the listing, and must then know the store as it has become meanwhile."""
    listing, store = await story.lists(), UUID(story.store_id)
    suspend = (
        "UPDATE store_accounts SET status = 'suspended', status_reason = 'frozen' WHERE id = %s"
    )
    connect = "UPDATE store_accounts SET status = 'connected', status_reason = NULL WHERE id = %s"
    async with story.database.transaction() as tx:
        await tx.execute(suspend, (store,))
    async with story.database.transaction() as tx:
        await stores.lock(tx, store)
        await tx.execute(connect, (store,))
        await stores.read_back_all(tx, store)
        hearing = asyncio.create_task(story.stocks(Availability.out_of_stock))
        await eventually(lambda: _is_waited_for(story))
    await hearing
    await story.works()
    await story.goes_on(1)
    assert story.stands(listing)[2] == 0


async def _is_waited_for(story: Any) -> bool:
    (waiting,) = await story.database.fetch_one(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database() AND query LIKE '%%FROM listings%%FOR UPDATE%%'"
    )
    return bool(waiting)
