"""An account that is connected again is the same store, with the same listings, and is tried."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.listings import (
    AmendListing,
    EndListing,
    ListingDetails,
    ListingDrifted,
    ListingEnded,
    ListingPaused,
    PauseListing,
    ResumeListing,
)
from dropship.contracts.money import Money
from dropship.contracts.stores import (
    ConnectStore,
    DisconnectStore,
    StoreConnected,
    StoreMode,
    StoreRejected,
    StoreResumed,
    StoreSuspended,
    SuspendReason,
)
from dropship.contracts.tenants import QUOTAS, Tier
from dropship.runtime.errors import Refused
from dropship.syncer.domain.bringing import Suspension
from dropship.syncer.handlers import amending_listings
from dropship.syncer.handlers.keeping_stores import Stores, disconnect_store
from dropship.syncer.handlers.releasing_work import reopen_stores
from dropship.syncer.handlers.voice import suspend_store
from dropship.syncer.projections import stores
from dropship.syncer.queries.listings import listing_details


async def connects(story: Any, *secret: str, **more: Any) -> Any:
    """Connect the account again; nobody has tried it yet."""
    (given,) = secret or ("rotated",)
    values = {"account": "demo", "name": "New", "client_id": "an-id", **more}
    wish = ConnectStore(marketplace="bazaar", client_secret=given, **values)
    obeyer = Stores(story.sealer, story.marketplaces).connect_store
    return await story.obeys(obeyer, wish)


async def refused(story: Any, obeyer: Any, wish: Any) -> Refused:
    with pytest.raises(Refused) as told:
        await story.obeys(obeyer, wish)
    return told.value


async def refused_connection(story: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as told:
        await connects(story, **more)
    return told.value


async def disconnects(story: Any) -> Any:
    return await story.obeys(disconnect_store, DisconnectStore(store_id=story.store_id))


async def suspends(story: Any, *reasons: SuspendReason) -> None:
    id_ = UUID(story.store_id)
    async with story.database.transaction() as tx:
        await stores.lock(tx, id_)
        for reason in reasons:
            await suspend_store(tx, id_, Suspension(reason, "told"))
    await story.said()


async def shown(story: Any, listing: str) -> Any:
    asked = story.asked(ListingDetails(listing_id=listing))
    return msgspec.json.decode(await listing_details(asked, story.database))


async def test_an_account_taken_away_and_connected_again_is_one_store_with_its_listings(
    story: Any,
) -> None:
    listing = await story.lists()
    await disconnects(story)
    answer = await connects(story)
    assert (answer["id"], answer["status"], answer["mode"], answer["name"]) == (
        story.store_id,
        "connecting",
        "live",
        "New",
    )
    await story.works()
    await story.goes_on(1)
    assert await story.database.fetch_all("SELECT status FROM store_accounts") == [("connected",)]
    with pytest.raises(Refused) as told:
        await story.requests()
    assert listing in told.value.detail
    assert len(story.market.there) == 1, "no buyer finds it twice"
    await story.decides(listing, 2, "30.00")
    await story.works()
    assert story.stands(listing) == ("live", 3000, 5)


async def test_what_sold_out_while_the_store_was_away_is_paused_when_it_is_back(story: Any) -> None:
    listing = await story.lists()
    await disconnects(story)
    await story.stocks(Availability.out_of_stock)
    await story.goes_on(60)
    assert story.market.calls == []
    await connects(story)
    await story.works()
    await story.goes_on(1)
    assert story.market.calls == [("find", listing), ("quantity", 0)]
    said = await story.said()
    assert isinstance(said[-1], ListingPaused)


async def test_a_price_changed_there_while_nobody_watched_is_found_before_anything_is_sent(
    story: Any,
) -> None:
    listing = await story.lists()
    await suspends(story, SuspendReason.auth_revoked)
    seen = story.market.there[listing]
    price = type(seen.price)(1999, "USD")
    story.market.there[listing] = type(seen)(**{**vars(seen), "price": price})
    await story.decides(listing, 2, "30.00")
    await connects(story)
    await story.works()
    await story.goes_on(1)
    assert any(isinstance(fact, ListingDrifted) for fact in await story.said())
    assert story.market.made() == [("quantity", 0)], "held, until a person has looked"


async def test_nothing_is_written_before_the_new_credentials_are_tried(story: Any) -> None:
    listing = await story.lists()
    await suspends(story, SuspendReason.auth_revoked)
    answer = await connects(story)
    assert (answer["id"], answer["status"], answer["status_reason"], answer["mode"]) == (
        story.store_id,
        "connecting",
        None,
        "live",
    )
    await story.decides(listing, 2, "30.00")
    await story.said()
    opening, story.queue = story.queue, []
    await story.goes_on(60)
    assert story.market.calls == []
    assert (await shown(story, listing))["sync_detail"] == "the store is connecting"
    story.queue = opening
    await story.works()
    facts = [type(fact) for fact in await story.said()]
    assert facts == [StoreConnected, StoreResumed]
    await story.goes_on(1)
    assert story.market.calls == [("find", listing), ("price", 3000)], "put off, not lost"


async def test_a_wrong_secret_is_never_believed(story: Any) -> None:
    listing = await story.lists()
    await suspends(story, SuspendReason.scope_missing)
    story.market.wrong = {"mistyped"}
    await story.decides(listing, 2, "30.00")
    await connects(story, "mistyped")
    await story.works()
    (said,) = await story.said()
    assert isinstance(said, StoreSuspended)
    assert (said.reason, said.detail) == (SuspendReason.auth_revoked, "unknown client")
    store = await story.amends_store(resume=True)
    assert store.status == "connecting", "a person's word is tried as well"
    await story.works()
    await story.goes_on(60)
    assert story.market.calls == []
    store = await story.amends_store()
    assert (store.status, store.status_reason, store.mode) == ("suspended", "auth_revoked", "live")
    await connects(story, "right")
    await story.works()
    await story.goes_on(1)
    assert story.stands(listing) == ("live", 3000, 5)


async def test_a_wrong_secret_given_again_and_again_leaves_one_row(story: Any) -> None:
    story.market.wrong = {"mistyped"}
    ids = set()
    for _ in range(4):
        ids.add((await connects(story, "mistyped"))["id"])
        await story.works()
    said = await story.said()
    assert [type(fact) for fact in said] == [StoreRejected] * 4
    right = await connects(story)
    await story.works()
    assert {right["id"]} == ids
    rows = await story.database.fetch_all("SELECT status, mode, opens FROM store_accounts")
    assert rows == [("connected", "dry_run", 5)]


async def test_a_wrong_secret_for_a_store_that_was_away_says_so_at_its_listings(story: Any) -> None:
    listing = await story.lists()
    await disconnects(story)
    assert (await shown(story, listing))["sync_detail"] == "the store is disconnected"
    story.market.wrong = {"mistyped"}
    await connects(story, "mistyped")
    await story.works()
    assert (await shown(story, listing))["sync_detail"] == (
        "the store is rejected: credentials_refused: unknown client"
    )
    assert (await connects(story))["mode"] == "live", "it still has something to pause there"
    await story.works()
    await story.goes_on(1)
    assert (await shown(story, listing))["sync_detail"] is None


async def test_a_store_with_nothing_left_there_begins_as_a_dry_run_again(story: Any) -> None:
    listing = await story.lists()
    await story.obeys(amending_listings.end_listing, EndListing(listing_id=listing))
    await story.works()
    waiting = await story.requests()
    await disconnects(story)
    answer = await connects(story)
    assert (answer["id"], answer["mode"]) == (story.store_id, "dry_run")
    await story.works()
    await story.decides(waiting, 1, "26.33")
    await story.goes_on(1)
    assert (await shown(story, waiting))["sync"] == "rehearsed"
    assert [call for call in story.market.made() if call[0] != "end"] == []


async def test_a_create_that_may_have_happened_counts_as_standing_there(story: Any) -> None:
    await story.connects()
    await story.a_product()
    listing = await story.requests()
    story.market.faults = ["lost after"]
    await story.decides(listing, 1, "26.33")
    await story.works()
    assert (await disconnects(story))["status_reason"] is not None
    assert (await connects(story))["mode"] == "live"


async def test_what_was_taken_off_the_books_meanwhile_is_taken_off_the_marketplace(
    story: Any,
) -> None:
    """Or it would go on selling beside the next listing of the same product."""
    listing = await story.lists()
    await disconnects(story)
    await story.obeys(amending_listings.end_listing, EndListing(listing_id=listing))
    assert await story.row(listing) == "Delisted"
    await story.said()
    assert (await connects(story))["mode"] == "live"
    await story.works()
    with pytest.raises(Refused):
        await story.requests()
    await story.goes_on(1)
    assert story.market.made() == [("end", None)]
    assert isinstance((await story.said())[-1], ListingEnded)
    assert await story.requests() != listing


@pytest.mark.parametrize("shut", ["disconnected", "rejected"])
async def test_a_listing_of_a_store_that_is_gone_is_neither_paused_nor_changed(
    story: Any, shut: str
) -> None:
    listing = await story.lists()
    await disconnects(story)
    if shut == "rejected":
        story.market.wrong = {"rotated"}
        await connects(story)
        await story.works()
    for obeyer, wish in (
        (amending_listings.pause_listing, PauseListing(listing_id=listing)),
        (amending_listings.resume_listing, ResumeListing(listing_id=listing)),
        (
            amending_listings.amend_listing,
            AmendListing(listing_id=listing, price=Money("30.00", "USD")),
        ),
    ):
        told = await refused(story, obeyer, wish)
        assert (told.kind, told.reason) == ("conflict", "store_not_connected")
        assert told.detail == f"its store is {shut}; connect the store again first"


async def test_a_store_that_is_in_order_is_not_connected_twice(story: Any) -> None:
    await story.connects()
    told = await refused_connection(story)
    assert (told.kind, told.reason, told.field) == ("conflict", "already_connected", "account")
    assert told.detail == (
        f"store {story.store_id} is this one already: it is connected, and there is nothing to do"
    )
    await suspends(story, SuspendReason.breaker)
    assert "resume it instead" in (await refused_connection(story)).detail
    await disconnects(story)
    await connects(story)
    assert "wait for what comes of it" in (await refused_connection(story)).detail


async def test_a_marketplace_that_refuses_us_outweighs_the_breaker(story: Any) -> None:
    await story.connects()
    await suspends(story, SuspendReason.breaker, SuspendReason.auth_revoked, SuspendReason.breaker)
    store = await story.amends_store()
    assert (store.status, store.status_reason) == ("suspended", "auth_revoked")
    assert (await connects(story))["status"] == "connecting"


async def test_a_new_connection_does_not_lift_the_breaker(story: Any) -> None:
    """Too many prices moved; then the secret was renewed. Only a person who has looked lifts it."""
    listing = await story.lists()
    await suspends(story, SuspendReason.breaker, SuspendReason.auth_revoked)
    await story.decides(listing, 2, "30.00")
    await connects(story)
    await story.works()
    connected, resumed, suspended = await story.said()
    assert (type(connected), type(resumed)) == (StoreConnected, StoreResumed)
    assert isinstance(suspended, StoreSuspended)
    assert (suspended.reason, suspended.detail) == (SuspendReason.breaker, "told")
    await story.goes_on(1)
    assert story.market.made() == [], "no price, until a person has looked"
    await story.obeys(amending_listings.pause_listing, PauseListing(listing_id=listing))
    await story.works()
    assert story.market.made() == [("quantity", 0)]
    await story.amends_store(resume=True)
    await story.obeys(amending_listings.resume_listing, ResumeListing(listing_id=listing))
    await story.works()
    assert story.stands(listing) == ("live", 3000, 5)


async def test_nor_does_a_resume_of_what_the_marketplace_had_refused(story: Any) -> None:
    await story.lists()
    await suspends(story, SuspendReason.breaker, SuspendReason.frozen)
    for status, reason in (("suspended", "breaker"), ("connected", None)):
        await story.amends_store(resume=True)
        await story.works()
        store = await story.amends_store()
        assert (store.status, store.status_reason) == (status, reason)


async def test_nor_taking_the_store_away_while_it_has_something_on_sale(story: Any) -> None:
    listing = await story.lists()
    await suspends(story, SuspendReason.breaker)
    await disconnects(story)
    await connects(story)
    await story.works()
    assert (await story.amends_store()).status_reason == "breaker"
    await story.obeys(amending_listings.end_listing, EndListing(listing_id=listing))
    await story.goes_on(2)
    await disconnects(story)
    await connects(story)
    await story.works()
    assert (await story.amends_store()).status == "connected", "nothing is left to guard"


async def test_fees_change_with_a_new_connection_only_where_nothing_is_priced_by_them(
    story: Any,
) -> None:
    story.market.fee_schedules = ("shopify-basic", "shopify-grow")
    listing = await story.lists()
    await disconnects(story)
    told = await refused_connection(story, fee_schedule="shopify-grow")
    assert (told.kind, told.field) == ("conflict", "fee_schedule")
    assert (await connects(story))["fee_schedule"] == "shopify-basic"
    await disconnects(story)
    await story.obeys(amending_listings.end_listing, EndListing(listing_id=listing))
    answer = await connects(story, fee_schedule="shopify-grow")
    assert answer["fee_schedule"] == "shopify-grow"


async def test_a_store_that_was_away_needs_room_in_the_tier_again(story: Any) -> None:
    await story.connects()
    await disconnects(story)
    for number in range(QUOTAS[Tier.free].stores):
        await connects(story, account=f"shop-{number}")
    assert (await refused_connection(story)).reason == "too_many_stores"


async def test_an_ill_marketplace_puts_the_try_off_and_the_store_waits(story: Any) -> None:
    listing = await story.lists()
    await suspends(story, SuspendReason.frozen)
    await connects(story)
    await story.said()
    story.queue = []
    await story.database.fetch_one(
        "UPDATE store_accounts SET open_again_at = %s RETURNING 1",
        (story.clock.now() + timedelta(minutes=5),),
    )
    story.clock.advance(301)
    await reopen_stores(story.database)
    await story.works()
    said = await story.said()
    assert [type(fact) for fact in said] == [StoreConnected, StoreResumed]
    assert said[0].mode is StoreMode.live
    await story.goes_on(1)
    assert story.market.calls == [("find", listing)]
