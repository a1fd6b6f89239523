"""What reconciliation finds in a shop, and what comes of it, on a real database."""

from typing import Any

from dropship.contracts.listings import ListingDrifted, ListingPaused, ResumeListing
from dropship.syncer.adapters.errors import Invalid, Unavailable
from dropship.syncer.adapters.port import UNLIMITED
from dropship.syncer.handlers.amending_listings import resume_listing

SETTLED_S = 6.5


async def test_what_would_sell_on_at_0_is_told_and_stopped(story: Any) -> None:
    listing = await story.lists()
    seen = story.market.there[listing]
    story.market.there[listing] = type(seen)(**{**vars(seen), "quantity": UNLIMITED})
    story.clock.advance(3601)
    await story.releasing.release_checks(story.database)
    await story.works()
    assert [type(e) for e in await story.said()] == [ListingDrifted, ListingPaused]
    assert story.stands(listing) == ("live", 2633, 0)
    await story.looks()
    await story.obeys(resume_listing, ResumeListing(listing_id=listing))
    await story.works()
    assert story.stands(listing) == ("live", 2633, 5)


async def test_what_stands_there_is_looked_for_by_what_was_seen_of_it(story: Any) -> None:
    listing = await story.lists()
    story.clock.advance(3601)
    await story.releasing.release_checks(story.database)
    await story.works()
    assert story.market.looked_by == [{"v": "1"}]
    story.market.faults = ["lost after"]
    await story.decides(listing, 2, "30.00")
    await story.works()
    await story.goes_on(SETTLED_S)
    assert story.market.looked_by == [{"v": "1"}] * 2


async def checks(story: Any) -> None:
    """An hour later, and still looked at."""
    story.clock.advance(3601)
    await story.looks()
    await story.releasing.release_checks(story.database)
    await story.works()


async def test_what_is_not_in_our_words_any_more_is_told_once_and_not_sold(story: Any) -> None:
    """The seller has changed the store's currency: who knows what 26.33 is now?"""
    listing = await story.lists()
    story.market.blind = Invalid("the store sells in another currency now")
    for _ in range(3):
        await checks(story)
    drifted, paused = await story.said()
    assert isinstance(drifted, ListingDrifted)
    assert (drifted.what, drifted.theirs) == ("unreadable", story.market.blind.detail)
    assert isinstance(paused, ListingPaused)
    assert story.stands(listing)[2] == 0
    row = await story.row(listing, "sync, own_holds")
    assert row == ("drifted", ["drifted"])


async def test_a_marketplace_that_is_down_tells_nothing_of_a_listing(story: Any) -> None:
    listing = await story.lists()
    story.market.blind = Unavailable("down")
    await checks(story)
    assert (await story.said(), await story.row(listing, "sync")) == ([], "in_sync")
