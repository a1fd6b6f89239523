"""At most one outstanding command per listing, and each decides on the newest state."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingPaused,
    ListingRejected,
    ListingStatus,
    SyncState,
)
from dropship.syncer.domain.bringing import begin, settle
from dropship.syncer.domain.listing import decide, end, hold, lift
from dropship.syncer.domain.steps import Create, Look, SetPrice, SetQuantity


def test_a_first_decision_orders_one_command_and_a_second_none(make: Any) -> None:
    first = make.decided(make.listing(), make.decision())
    assert first.order is not None
    assert (first.order.lane, first.listing.brings, first.listing.sync) == (
        "soon",
        1,
        SyncState.pending,
    )
    second = make.decided(first.listing, make.decision(number=2, price=27))
    assert second.order is None
    begun = begin(second.listing, str(first.order.command_id), make.scene(), make.noon)
    assert begun.step == Create(make.usd(27), 5), "the newest state, whoever ordered"


def test_a_pause_overtakes_a_price_and_the_overtaken_command_sends_nothing(make: Any) -> None:
    price = make.decided(make.active(), make.decision(number=2, price=30))
    paused = make.decided(price.listing, make.decision(number=3, holds=(Hold.out_of_stock,)))
    assert price.order is not None
    assert paused.order is not None
    assert (price.order.lane, paused.order.lane) == ("soon", "now")
    slow = begin(paused.listing, str(price.order.command_id), make.scene(), make.noon)
    assert (slow.step, slow.change.listing) == (None, paused.listing)
    fast = begin(paused.listing, str(paused.order.command_id), make.scene(), make.noon)
    assert fast.step == SetQuantity(0, make.usd(26.33))


def test_a_command_of_another_time_or_listing_is_harmless(make: Any) -> None:
    for listing in (make.active(), make.decided(make.listing(), make.decision()).listing):
        begun = begin(listing, "somebody-else", make.scene(), make.noon)
        assert (begun.step, begun.change.listing, begun.change.facts) == (None, listing, ())


def test_a_command_that_finds_nothing_to_do_ends_the_bringing(make: Any) -> None:
    wanted = make.decided(make.active(), make.decision(number=2, price=30))
    back = decide(wanted.listing, make.decision(number=3))
    begun = begin(back, str(wanted.order.command_id), make.scene(), make.noon)
    assert begun.step is None
    assert (begun.change.listing.bringing, begun.change.listing.sync) == (None, SyncState.in_sync)


def test_what_was_put_off_waits_but_a_pause_does_not(make: Any) -> None:
    later = make.noon + timedelta(seconds=60)
    put_off = make.active(decided=make.decision(price=30), bring_again_at=later)
    assert settle(put_off, make.live, make.noon).order is None
    assert settle(put_off, make.live, later).order is not None
    assert settle(hold(put_off, Hold.stale), make.live, make.noon).order is not None


def test_a_refusal_of_the_gate_becomes_the_pause_in_the_same_command(make: Any) -> None:
    dearer = make.product(29)
    listing = make.active(decided=make.decision(price=27))
    begun = make.begun(listing, make.scene(dearer))
    assert begun.step == SetQuantity(0, make.usd(26.33))
    assert begun.change.listing.own_holds == {Hold.below_floor}
    (said,) = begun.change.facts
    assert isinstance(said, ListingRejected)
    assert said.reason == "below_floor"


def test_a_refusal_before_it_was_ever_there_leaves_it_pending(make: Any) -> None:
    begun = make.begun(make.listing(decided=make.decision(floor=None), fresh_until=make.at(99)))
    listing = begun.change.listing
    assert begun.step is None
    assert (listing.status, listing.holds, listing.bringing) == (
        ListingStatus.Pending,
        (Hold.no_floor,),
        None,
    )
    assert begun.change.order is None, "it is not asked again and again"


def test_what_waits_only_for_a_look_complains_to_nobody(make: Any) -> None:
    begun = make.begun(make.listing(decided=make.decision()))
    assert (begun.step, begun.change.facts) == (None, ())
    assert begun.change.listing.holds == (Hold.stale,)
    seen = lift(begun.change.listing, {Hold.stale})
    assert make.begun(replace(seen, fresh_until=make.at(9))).step == Create(make.usd(26.33), 5)


def test_one_that_is_sold_out_and_then_held_is_paused_without_a_call(make: Any) -> None:
    sold_out = make.active(there=make.there(quantity=0), decided=make.decision(quantity=0))
    change = settle(hold(sold_out, Hold.out_of_stock), make.live, make.noon)
    assert change.order is None
    assert change.listing.status is ListingStatus.Paused
    (said,) = change.facts
    assert isinstance(said, ListingPaused)
    assert said.holds == (Hold.out_of_stock,)


def test_one_that_was_never_there_is_taken_back_at_once(make: Any) -> None:
    change = settle(end(make.listing(), "user"), make.live, make.noon)
    assert change.listing.status is ListingStatus.Delisted
    assert isinstance(change.facts[0], ListingDelisted)


def test_but_not_while_a_call_may_be_making_it(make: Any) -> None:
    begun = make.begun(make.listing(decided=make.decision(), fresh_until=make.at(99)))
    ended = settle(end(begun.change.listing, "user"), make.live, make.noon)
    assert ended.listing.status is ListingStatus.Pending
    answered = make.answered(begun, make.there(shown="draft"))
    assert answered.order is not None
    doubtful = replace(end(make.listing(), "user"), sync=SyncState.unknown)
    change = settle(doubtful, make.live, make.noon)
    assert change.listing.status is ListingStatus.Pending
    assert make.begun(doubtful).step == Look()


def test_a_dry_run_shows_what_is_wanted_and_orders_nothing(make: Any) -> None:
    listing = decide(make.listing(), make.decision())
    change = settle(listing, make.dry_run, make.noon)
    assert (change.order, change.listing.sync) == (None, SyncState.rehearsed)
    live = settle(change.listing, make.live, make.noon)
    assert live.order is not None


def test_a_look_waits_until_it_can_show_what_we_did_last(make: Any) -> None:
    """Or our own last price would look like somebody else's."""
    doubtful = make.active(sync=SyncState.unknown, sent_at=make.at(-1))
    early = make.begun(doubtful, make.scene(read_lag_s=2.0))
    assert (early.step, early.change.order) == (None, None)
    assert early.change.listing.bring_again_at == make.at(1)
    later = replace(early.change.listing, bring_again_at=None)
    assert make.begun(later, make.scene(read_lag_s=2.0), seconds=1).step == Look()


def test_a_price_move_is_large_from_a_quarter_on(make: Any) -> None:
    near = make.begun(make.active(price=100, decided=make.decision(price=125)))
    far = make.begun(make.active(price=100, decided=make.decision(price=125.01)))
    assert (near.step, near.moved_bp) == (SetPrice(make.usd(125)), None)
    assert far.moved_bp == 2501
