"""What the syncer does by itself, by the clock."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dropship.contracts.listings import CheckListing, ListingResumed
from dropship.contracts.stores import ConnectStore, OpenStore, PollOrders, StoreMode
from dropship.syncer.handlers import minding_listings
from dropship.syncer.handlers.keeping_stores import Stores
from dropship.syncer.handlers.minding_listings import expire_leases, order_due_brings
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


async def test_a_store_that_goes_live_is_worked_through_bit_by_bit(
    story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many listings it has, whoever switches it waits for none of them."""
    monkeypatch.setattr(minding_listings, "AT_ONCE", 2)
    await story.connects(live=False)
    await story.a_product()
    listings = []
    for number in range(5):
        await story.watches(product=str(UUID(int=number)))
        listings.append(await story.requests(product_id=str(UUID(int=number))))
    await story.amends_store(mode=StoreMode.live)
    assert {await story.row(one, "sync") for one in listings} == {"rehearsed"}
    await order_due_brings(story.database)
    assert {await story.row(one, "sync") for one in listings} == {"pending"}
    assert await story.database.fetch_all("SELECT bring_after FROM store_accounts") == [(None,)]


async def test_a_store_whose_try_got_lost_on_its_way_is_tried_again(story: Any) -> None:
    """Nobody else could help: one that is being tried can be neither connected nor resumed."""
    connect = Stores(story.sealer, story.marketplaces).connect_store
    wish = {"marketplace": "bazaar", "name": "Anna's", "client_id": "id", "client_secret": "s"}
    await story.obeys(connect, ConnectStore(account="demo", **wish))
    for again in range(2):
        assert len(await ordered(story, OpenStore)) == 1, again
        story.clock.advance(119)
        await reopen_stores(story.database)
        assert await ordered(story, OpenStore) == []
        story.clock.advance(1)
        await reopen_stores(story.database)
    await story.works()
    (store,) = await story.database.fetch_all("SELECT status, open_again_at FROM store_accounts")
    assert store == ("connected", None)


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


async def test_what_sells_is_held_when_its_lease_ends_whatever_it_is_called(story: Any) -> None:
    """Held as stale and paused; a cancelled order puts five back, and a look agrees before they are
    taken down again. Then nobody looks any more.
    """
    listing = await story.lists()
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    await story.works()
    assert await story.row(listing) == "Paused"
    story.market.loses(listing, -5)
    story.clock.advance(2)
    await story.releasing.release_checks(story.database)
    await story.said()
    (check,) = [one for one in story.queue if isinstance(one.task.command, CheckListing)]
    story.queue.remove(check)
    await story.delivers(check)
    await story.said()
    await story.looks()
    (said,) = await story.said()
    assert isinstance(said, ListingResumed)
    assert (said.quantity, await story.row(listing)) == (5, "Active")
    await story.works()
    assert story.stands(listing) == ("live", 2633, 5)
    story.clock.advance(story.lease_s + 1)
    await expire_leases(story.database)
    await story.works()
    assert story.stands(listing) == ("live", 2633, 0)


async def test_the_lease_of_a_paused_listing_that_may_sell_runs_out_as_well(story: Any) -> None:
    """Somebody else had put it up again, and then nobody could look what stands there."""
    listing = await story.lists()
    await story.database.fetch_one(
        "UPDATE listings SET status = 'Paused', sync = 'unknown' WHERE id = %s RETURNING 1",
        (UUID(listing),),
    )
    story.clock.advance(story.lease_s)
    await expire_leases(story.database)
    assert await story.row(listing, "own_holds, bringing_lane") == (["stale"], "now")


async def test_comparisons_that_were_due_at_once_are_spread_over_the_hour_again(
    story: Any,
) -> None:
    """The service was away for two hours: a thousand listings are late together."""
    listing = await story.lists()
    async with story.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO listings SELECT (jsonb_populate_record(l, jsonb_build_object('id',"
            " gen_random_uuid(), 'product_id', gen_random_uuid(), 'sku', sku || n))).*"
            " FROM listings l, generate_series(2, 1000) n WHERE id = %s",
            (UUID(listing),),
        )
    story.clock.advance(7200)
    for _ in range(3):
        await story.releasing.release_checks(story.database)
    assert len(await ordered(story, CheckListing)) >= 1000
    within = "count(*) FILTER (WHERE check_at <= %s)"
    quarters = [story.clock.now() + timedelta(minutes=15 * n) for n in range(1, 5)]
    counts = await story.database.fetch_one(
        f"SELECT {', '.join([within] * 4)} FROM listings",  # noqa: S608
        quarters,
    )
    assert [round(count, -2) for count in counts] == pytest.approx([200, 500, 800, 1000], abs=100)
