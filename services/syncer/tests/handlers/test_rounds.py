"""What the syncer does by itself, by the clock."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.listings import CheckListing
from dropship.contracts.stores import OpenStore, PollOrders, StoreMode, StoreSuspended
from dropship.syncer.handlers import minding_listings
from dropship.syncer.handlers.minding_listings import expire_leases
from dropship.syncer.handlers.releasing_work import KEPT_DAYS, reopen_stores, tidy


async def ordered(story: Any, kind: type) -> list[Any]:
    """The commands of a kind in the queue, which is emptied."""
    await story.said()
    waiting = [one.task for one in story.queue if isinstance(one.task.command, kind)]
    story.queue.clear()
    return waiting


async def test_a_live_store_is_polled_every_so_often_and_a_dry_run_never(story: Any) -> None:
    await story.connects(live=False)
    await story.releasing.release_polls(story.database)
    assert await ordered(story, PollOrders) == []
    await story.amends_store(mode=StoreMode.live)
    for seconds, polls in ((0, 1), (59, 0), (1, 1)):
        story.clock.advance(seconds)
        await story.releasing.release_polls(story.database)
        found = await ordered(story, PollOrders)
        assert len(found) == polls
    assert found[0].envelope.tenant == "anna"


async def test_a_listing_is_compared_every_so_often_while_it_is_there(story: Any) -> None:
    listing = await story.lists()
    for seconds, checks in ((3599, 0), (1, 1), (3599, 0), (1, 1)):
        story.clock.advance(seconds)
        await story.releasing.release_checks(story.database)
        found = await ordered(story, CheckListing)
        assert len(found) == checks
    await story.database.fetch_one(
        "UPDATE listings SET status = 'Ended' WHERE id = %s RETURNING 1", (UUID(listing),)
    )
    story.clock.advance(9999)
    await story.releasing.release_checks(story.database)
    assert await ordered(story, CheckListing) == []


async def test_a_comparison_that_comes_too_late_or_meets_a_call_concludes_nothing(
    story: Any,
) -> None:
    listing = await story.lists()
    story.clock.advance(3600)
    await story.releasing.release_checks(story.database)
    await story.said()
    story.clock.advance(121)
    await story.works()
    assert story.market.calls == []
    story.clock.advance(3600)
    await story.releasing.release_checks(story.database)
    await story.decides(listing, 2, "30.00")
    (check,) = await ordered(story, CheckListing)
    await story._does(check)
    assert story.market.calls == [], "the call will tell more"


async def test_a_store_whose_marketplace_was_ill_is_tried_again(story: Any) -> None:
    await story.connects(live=False)
    await story.database.fetch_one(
        "UPDATE store_accounts SET status = 'connecting', open_again_at = %s RETURNING 1",
        (story.clock.now(),),
    )
    await reopen_stores(story.database)
    await reopen_stores(story.database)
    (again,) = await ordered(story, OpenStore)
    assert again.command.store_id == story.store_id


async def test_old_calls_and_moves_are_forgotten(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "34.00")
    await story.works()
    story.clock.advance(KEPT_DAYS * 86_400 - 1)
    await tidy(story.database)
    assert await story.database.fetch_all("SELECT 1 FROM moves") == [(1,)]
    story.clock.advance(2)
    await tidy(story.database)
    for table in ("moves", "intents"):
        assert await story.database.fetch_all(f"SELECT 1 FROM {table}") == []  # noqa: S608


async def test_too_many_prices_that_move_too_far_stop_the_store_and_pauses_pass(
    story: Any,
) -> None:
    """Seven listings of one store; the seventh that would move by a quarter is one too many."""
    first = await story.lists()
    listings = [first]
    for number in range(2, 8):
        await story.database.fetch_one(
            "INSERT INTO listings SELECT (jsonb_populate_record(l, jsonb_build_object("
            " 'id', gen_random_uuid(), 'product_id', gen_random_uuid(), 'sku', sku || %s::text))).*"
            " FROM listings l WHERE id = %s RETURNING 1",
            (str(number), UUID(first)),
        )
    rows = await story.database.fetch_all("SELECT id FROM listings WHERE id <> %s", (UUID(first),))
    listings += [str(row[0]) for row in rows]
    for listing in listings[1:]:
        await story.database.fetch_one(
            "INSERT INTO moves (store_id, listing_id, at, share_bp) VALUES (%s, %s, %s, 2600)"
            " RETURNING 1",
            (UUID(story.store_id), UUID(listing), story.clock.now()),
        )
    await story.decides(first, 2, "34.00")
    await story.works()
    assert story.market.made() == []
    (said,) = await story.said()
    assert isinstance(said, StoreSuspended)
    assert said.reason == "breaker"
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    await story.works()
    assert ("quantity", 0) in story.market.made()
    await story.amends_store(resume=True)
    await story.looks()
    await story.goes_on(1)
    assert story.stands(first) == ("live", 3400, 5)


async def test_what_has_sold_out_keeps_no_lease_of_others_from_running_out(
    story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a store that is gone nobody fills it up again, so it would be found for ever."""
    listing = await story.lists()
    await story.database.fetch_one(
        "INSERT INTO listings SELECT (jsonb_populate_record(l, jsonb_build_object("
        " 'id', gen_random_uuid(), 'product_id', gen_random_uuid(), 'sku', 'sold out',"
        " 'quantity', 0, 'fresh_until', l.fresh_until - interval '1 hour'))).*"
        " FROM listings l WHERE id = %s RETURNING 1",
        (UUID(listing),),
    )
    monkeypatch.setattr(minding_listings, "AT_ONCE", 1)
    story.clock.advance(story.lease_s)
    async with asyncio.timeout(10):
        await expire_leases(story.database)
    assert await story.row(listing, "own_holds") == ["stale"]
