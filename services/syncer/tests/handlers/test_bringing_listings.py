"""A listing's whole life on a real database, and every way in which a call can go wrong."""

from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.listings import (
    EndListing,
    Hold,
    ListingDrifted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRejected,
    ListingRepriced,
    ListingRequested,
    ListingResumed,
    PauseListing,
    ResumeListing,
)
from dropship.contracts.stores import StoreMode, StoreSuspended
from dropship.syncer.adapters.errors import AuthRevoked, Invalid, Throttled, Unavailable
from dropship.syncer.handlers.amending_listings import (
    end_listing,
    pause_listing,
    resume_listing,
)
from dropship.syncer.handlers.minding_listings import expire_leases

SETTLED_S = 6.5


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_from_wish_to_sale(story: Any, wire: Any) -> None:
    await story.connects()
    await story.a_product()
    await story.said()
    listing = await story.requests(min_price=wire("21.00", "USD"))
    await story.works()
    assert story.market.made() == [], "nothing is sent before there is a decision"
    await story.decides(listing, 1, "26.33")
    await story.works()
    assert story.market.made() == [("create", (2633, 5)), ("publish", None)]
    assert story.stands(listing) == ("live", 2633, 5)
    requested, published = await story.said()
    assert isinstance(requested, ListingRequested)
    assert isinstance(published, ListingPublished)
    assert (published.price, published.quantity, published.decision_no) == (
        wire("26.33", "USD"),
        5,
        1,
    )
    assert await story.row(listing, "status, sync, bringing") == ("Active", "in_sync", None)


async def test_every_fact_of_a_listing_has_the_next_version_and_its_tenant(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "30.00")
    await story.works()
    envelopes = await story.database.fetch_all(
        "SELECT version, convert_from(payload, 'UTF8') FROM journal WHERE aggregate = %s"
        " ORDER BY position",
        (f"listing:{listing}",),
    )
    assert [version for version, _ in envelopes] == [1, 2, 3]
    assert all('"tenant":"anna"' in text for _, text in envelopes)
    assert all(f'"partitionkey":"{story.kettle}"' in text for _, text in envelopes)


@pytest.mark.parametrize("fault", ["lost after", "lost before"])
@pytest.mark.parametrize("call", [0, 1])
async def test_an_answer_that_got_lost_makes_no_second_listing(
    story: Any, fault: str, call: int
) -> None:
    await story.connects()
    await story.a_product()
    listing = await story.requests()
    story.market.faults = [None] * call + [fault]
    await story.decides(listing, 1, "26.33")
    await story.works()
    await story.said()
    sent = len(story.market.made())
    assert sent == call + 1
    await story.works()
    assert story.market.calls == [], "not before it can be known"
    await story.goes_on(SETTLED_S)
    assert story.market.calls[0] == ("find", listing)
    assert story.stands(listing) == ("live", 2633, 5)
    assert kinds(await story.said()) == ["ListingPublished"]
    creations = await story.database.fetch_all("SELECT step FROM intents")
    assert len(creations) == (3 if fault == "lost before" else 2)


async def test_a_price_whose_answer_got_lost_is_told_once(story: Any) -> None:
    listing = await story.lists()
    story.market.faults = ["lost after"]
    await story.decides(listing, 2, "30.00")
    await story.works()
    await story.goes_on(SETTLED_S)
    (said,) = await story.said()
    assert isinstance(said, ListingRepriced)
    assert (said.new.amount, said.decision_no) == ("30.00", 2)
    assert story.market.made() == [("price", 3000)]


async def test_while_nobody_can_look_nothing_else_is_sent(story: Any) -> None:
    listing = await story.lists()
    story.market.faults = ["lost after"]
    story.market.blind = Unavailable("down")
    await story.decides(listing, 2, "30.00")
    await story.works()
    await story.goes_on(SETTLED_S)
    assert await story.row(listing, "sync") == "unknown"
    for _ in range(5):
        await story.goes_on(10)
    assert story.market.made() == [("price", 3000)]
    story.market.blind = None
    await story.goes_on(60)
    assert kinds(await story.said()) == ["ListingRepriced"]
    assert await story.row(listing, "sync") == "in_sync"


async def test_decisions_that_come_late_or_twice_change_nothing(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 5, "30.00")
    for number, price in ((4, "10.00"), (5, "29.00"), (1, "26.33")):
        await story.decides(listing, number, price)
    await story.works()
    assert story.market.made() == [("price", 3000)]
    assert story.stands(listing) == ("live", 3000, 5)


async def test_one_command_at_most_waits_and_it_sends_the_newest_price(story: Any) -> None:
    listing = await story.lists()
    for number in range(2, 12):
        await story.decides(listing, number, f"{25 + number}.00")
    await story.works()
    assert story.market.made() == [("price", 3600)]


async def test_a_pause_overtakes_a_price_that_waits(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "30.00")
    await story.stocks(Availability.out_of_stock)
    await story.works()
    assert story.market.made() == [("quantity", 0)]
    (said,) = await story.said()
    assert isinstance(said, ListingPaused)
    assert said.holds == (Hold.out_of_stock,), "by what the syncer heard itself"


async def test_a_hold_that_comes_during_a_call_is_obeyed_right_after_it(story: Any) -> None:
    listing = await story.lists()
    story.market.meanwhile = lambda: story.decides(listing, 3, None, holds=(Hold.no_price,))
    await story.decides(listing, 2, "30.00")
    await story.works()
    assert story.market.made() == [("price", 3000), ("quantity", 0)]
    assert await story.row(listing) == "Paused"


async def test_work_that_was_swapped_or_comes_again_is_harmless(story: Any) -> None:
    listing = await story.lists()
    await story.decides(listing, 2, "30.00")
    await story.said()
    (waiting,) = story.queue
    await story.works()
    assert story.market.made() == [("price", 3000)]
    await story.decides(listing, 3, "31.00")
    await story.said()
    await story.delivers(waiting)
    assert story.market.made() == [], "done is done"
    later = story.queue[0]
    await story.stocks(Availability.out_of_stock)
    await story.said()
    assert await story.delivers(later)
    assert story.market.made() == [], "it was overtaken by the pause"
    await story.works()
    assert story.stands(listing) == ("live", 3000, 0)


async def test_a_cost_that_rises_holds_the_old_price_at_once_and_the_new_one_comes_first(
    story: Any, wire: Any
) -> None:
    listing = await story.lists()
    await story.costs("29.00")
    await story.works()
    assert story.stands(listing) == ("live", 2633, 0), "policy has not said a word yet"
    assert await story.row(listing, "own_holds") == ["below_floor"]
    story.clock.advance(1)
    await story.looks("29.00")
    dearer = {"cost": wire("29.00", "USD"), "floor": wire("31.00", "USD")}
    await story.decides(listing, 2, "38.01", **dearer)
    await story.works()
    assert story.market.made() == [("quantity", 0), ("price", 3801), ("quantity", 5)]
    said = await story.said()
    assert kinds(said) == ["ListingPaused", "ListingRepriced", "ListingResumed"]


async def test_a_listing_whose_lease_runs_out_is_held_and_returns_price_first(story: Any) -> None:
    listing = await story.lists()
    story.clock.advance(story.lease_s - 1)
    await expire_leases(story.database)
    await story.works()
    assert story.market.made() == []
    story.clock.advance(1)
    await expire_leases(story.database)
    await story.works()
    assert story.market.made() == [("quantity", 0)]
    (said,) = await story.said()
    assert said.holds == (Hold.stale,)
    await story.decides(listing, 2, "27.00")
    await story.works()
    assert story.market.made() == [], "a decision is no look"
    await story.looks()
    await story.works()
    assert story.market.made() == [("price", 2700), ("quantity", 5)]
    assert isinstance((await story.said())[-1], ListingResumed)


async def test_a_dry_run_sends_nothing_and_shows_everything(story: Any) -> None:
    await story.connects(live=False)
    await story.a_product()
    listing = await story.requests()
    await story.decides(listing, 1, "26.33")
    await story.goes_on(60)
    assert (story.market.calls, story.queue) == ([], [])
    assert await story.row(listing, "sync, wanted_price_minor") == ("rehearsed", 2633)
    await story.amends_store(mode=StoreMode.live)
    await story.goes_on(1)
    assert story.stands(listing) == ("live", 2633, 5)


@pytest.mark.parametrize("error", [Throttled("busy", after_s=20), Unavailable("down")])
async def test_an_ill_marketplace_is_tried_again_by_the_round(story: Any, error: Any) -> None:
    listing = await story.lists()
    story.market.faults = [error]
    await story.decides(listing, 2, "30.00")
    await story.works()
    assert await story.row(listing, "bringing, sync_detail") == (None, error.detail)
    story.market.made()
    await story.goes_on(max(error.after_s, 1) - 0.5)
    assert story.market.made() == []
    await story.goes_on(0.5)
    assert story.market.made() == [("price", 3000)]


async def test_what_the_marketplace_refuses_waits_for_a_person(story: Any) -> None:
    listing = await story.lists()
    story.market.faults = [Invalid("no such word")]
    await story.decides(listing, 2, "30.00")
    await story.works()
    assert story.market.made() == [("price", 3000), ("quantity", 0)]
    rejected, paused = await story.said()
    assert isinstance(rejected, ListingRejected)
    assert (rejected.reason, paused.holds) == ("marketplace", (Hold.rejected,))
    await story.obeys(resume_listing, ResumeListing(listing_id=listing))
    await story.works()
    assert story.market.made() == [("price", 3000), ("quantity", 5)]


async def test_a_store_that_refuses_us_is_left_alone_until_a_person_has_acted(story: Any) -> None:
    listing = await story.lists()
    story.market.faults = [AuthRevoked("uninstalled")]
    await story.decides(listing, 2, "30.00")
    await story.works()
    (said,) = await story.said()
    assert isinstance(said, StoreSuspended)
    story.market.made()
    await story.decides(listing, 3, "31.00")
    await story.goes_on(600)
    assert story.market.calls == []
    await story.amends_store(resume=True)
    await story.works()
    await story.goes_on(1)
    assert story.market.made() == [("price", 3100)]


async def test_somebody_who_bought_one_meanwhile_is_not_oversold(story: Any) -> None:
    listing = await story.lists()
    story.market.loses(listing, 2)
    await story.decides(listing, 2, "26.33", quantity=4)
    await story.works()
    assert story.market.calls == [], "a look might still show what was there before"
    await story.goes_on(1.5)
    assert story.stands(listing) == ("live", 2633, 3), "the 4 was decided before anybody knew"
    (said,) = await story.said()
    assert (said.old, said.new) == (5, 3)


async def test_a_price_changed_by_somebody_else_is_found_and_held(story: Any) -> None:
    listing = await story.lists()
    seen = story.market.there[listing]
    cheap = type(seen.price)(1, "USD")
    story.market.there[listing] = type(seen)(**{**vars(seen), "price": cheap})
    story.clock.advance(3601)
    await story.releasing.release_checks(story.database)
    await story.works()
    said = await story.said()
    assert isinstance(said[0], ListingDrifted)
    assert isinstance(said[-1], ListingPaused)
    assert story.stands(listing) == ("live", 1, 0)
    await story.looks()
    await story.obeys(resume_listing, ResumeListing(listing_id=listing))
    await story.works()
    assert story.stands(listing) == ("live", 2633, 5)


async def test_a_listing_taken_down_there_is_over_here(story: Any) -> None:
    listing = await story.lists()
    del story.market.there[listing]
    story.clock.advance(3601)
    await story.releasing.release_checks(story.database)
    await story.works()
    assert await story.said() == [], "one look that finds nothing may be mistaken"
    await story.goes_on(61)
    (said,) = await story.said()
    assert isinstance(said, ListingEnded)
    assert said.reason == "gone"
    assert await story.requests() != listing


async def test_a_listing_that_lost_its_key_there_is_looked_for_by_what_it_was(
    story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not found by key: it is not over while its parts can be found by their own names."""
    listing = await story.lists()
    seen = story.market.there[listing]

    async def by_its_parts(access: Any, key: str, refs: Any = None) -> Any:
        return seen if refs == seen.refs else None

    monkeypatch.setattr(story.market, "find", by_its_parts)
    story.clock.advance(3601)
    await story.releasing.release_checks(story.database)
    story.market.faults = ["lost before"]
    await story.works()
    await story.decides(listing, 2, "30.00")
    await story.works()
    await story.goes_on(SETTLED_S)
    assert await story.row(listing) == "Active"


async def test_held_by_hand_until_a_hand_resumes_it_and_ended_by_hand(story: Any) -> None:
    listing = await story.lists()
    answer = await story.obeys(pause_listing, PauseListing(listing_id=listing))
    assert (answer["status"], answer["status_reason"]) == ("Active", "manual")
    await story.works()
    await story.decides(listing, 2, "30.00")
    await story.looks()
    await story.works()
    assert story.market.made() == [("quantity", 0)]
    await story.obeys(resume_listing, ResumeListing(listing_id=listing))
    await story.works()
    assert story.market.made() == [("price", 3000), ("quantity", 5)]
    await story.obeys(end_listing, EndListing(listing_id=listing))
    await story.works()
    assert story.stands(listing)[0] == "ended"
    assert isinstance((await story.said())[-1], ListingEnded)


async def test_what_holds_it_besides_is_told_while_it_stays_paused(story: Any) -> None:
    listing = await story.lists()
    await story.obeys(pause_listing, PauseListing(listing_id=listing))
    await story.works()
    (said,) = await story.said()
    assert said.holds == (Hold.manual,)
    await story.decides(listing, 2, "26.33", holds=(Hold.low_margin,))
    await story.decides(listing, 3, "26.40", holds=(Hold.low_margin,))
    await story.obeys(resume_listing, ResumeListing(listing_id=listing))
    said = await story.said()
    assert [(type(one), one.holds, one.decision_no) for one in said] == [
        (ListingPaused, (Hold.low_margin, Hold.manual), 2),
        (ListingPaused, (Hold.low_margin,), 3),
    ]
    await story.decides(listing, 4, "26.33")
    await story.works()
    assert kinds(await story.said()) == ["ListingResumed"]


async def test_one_that_is_ended_while_it_is_being_made_leaves_nothing_behind(story: Any) -> None:
    await story.connects()
    await story.a_product()
    listing = await story.requests()
    story.market.meanwhile = lambda: story.obeys(end_listing, EndListing(listing_id=listing))
    await story.decides(listing, 1, "26.33")
    await story.works()
    assert story.market.made() == [("create", (2633, 5)), ("end", None)]
    assert await story.row(listing) == "Delisted"
